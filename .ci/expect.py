"""What automation tools wait for at a terminal: the prompt right behind the result, and nothing behind the prompt."""

import re
import sys
import tempfile

import pexpect

SUCCESS = r"Command Result : 0 \(Success\)\s+\[.*?\] lunash:>"
PROMPT = "lunash:>"


def start(home, term, **options):
    env = {"HOME": home, "PATH": "/usr/bin:/bin"}
    if term:
        env["TERM"] = term
    return pexpect.spawn(sys.argv[1], ["-q"], env=env, encoding="utf-8", timeout=30, **options)


def automation(home, term):
    """A tool that sends a line and waits for its result and the next prompt."""
    shell = start(home, term, dimensions=(40, 80))
    shell.expect(PROMPT)
    shell.sendline("hsm init -label h -domain d -password so-Password1 -force")
    shell.expect(SUCCESS)
    shell.sendline("hsm login")
    shell.expect("> ")
    shell.sendline("so-Password1")
    shell.expect(SUCCESS)
    assert "so-Password1" not in shell.before, shell.before
    shell.sendline("")
    shell.expect(PROMPT)
    assert re.fullmatch(r"\s+\[.*\] ", shell.before), shell.before
    # Longer than a row, it comes back as it was sent.
    line = "client register -client a_rather_long_name_of_a_client -hostname an_even_longer_name_of_its_host"
    shell.sendline(line)
    shell.expect_exact(line)
    shell.expect(PROMPT)
    shell.sendline("hsm zeroize")
    shell.expect("(?i)proceed")
    shell.expect("> ")
    shell.sendline("quit")
    shell.expect(PROMPT)
    shell.send("client list\rstatus date\rclient list\r")
    for _ in range(3):
        shell.expect(SUCCESS)
    shell.sendline("exit")
    shell.expect(pexpect.EOF)


def silent(home):
    """A tool that asks for a terminal without echo and reads until the output ends in the prompt."""
    shell = start(home, "xterm", echo=False)

    def read():
        output = ""
        while not output.endswith(PROMPT):
            output += shell.read_nonblocking(4096, 30)
        return output

    read()
    shell.send("client list\n")
    lines = [line for line in read().splitlines() if line]
    assert lines == ["No clients are registered.", "Command Result : 0 (Success)", "[local_host] lunash:>"], lines


for term in ["xterm", "dumb", None]:
    with tempfile.TemporaryDirectory() as home:
        automation(home, term)
with tempfile.TemporaryDirectory() as home:
    silent(home)
