"""What automation tools do at the SSH door: the rules of tools for Go, AWS, PowerShell and load balancers, and a
monitor. Then what only a library can do: a copy that is cut, links, floods of channels."""

import logging
import os
import re
import signal
import subprocess
import sys
import tempfile

import paramiko
import pexpect

PASSWORD = "NEW-Password1"
SO = "so-Password1"
DEADLINE = 30
# What is refused is checked here.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


class Appliance:
    """A fresh appliance with its door, whose admin has chosen a password."""

    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory()
        self.data = os.path.join(self.folder.name, "appliance")
        command = [sys.argv[1], "serve", "--data", self.data, "--listen", "127.0.0.1:0"]
        command += ["--ssh", "127.0.0.1:0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = ""
        while not line.lstrip().startswith("ssh -p "):
            line = self.process.stdout.readline()
            assert line, "the appliance has not started"
        self.port = int(line.split()[2])
        # The first login over SSH, at a terminal, as a person does it.
        shell = self.terminal(password="PASSWORD")
        for question in ["New password:", "Retype new password:"]:
            shell.expect(question)
            shell.sendline(PASSWORD)
        shell.expect("Password change successful.")
        shell.expect_exact("lunash:>")
        shell.sendline("exit")
        shell.expect(pexpect.EOF)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(DEADLINE) == 0
        self.folder.cleanup()

    def words(self, program, port, *options):
        known = os.path.join(self.folder.name, "known_hosts")
        # The first of two values of an option holds.
        return [program, port, str(self.port), *options, "-F", "/dev/null", "-o", f"UserKnownHostsFile={known}"]

    def terminal(self, *options, password=None, **settings):
        """OpenSSH's client at a terminal; behind the password where one is given."""
        command = self.words("ssh", "-p", *options, "admin@127.0.0.1")
        env = {"PATH": "/usr/bin:/bin", "TERM": "xterm", "HOME": self.folder.name}
        shell = pexpect.spawn(command[0], command[1:], env=env, encoding="utf-8", timeout=DEADLINE, **settings)
        if password:
            if shell.expect(["[pP]assword", r"continue connecting \("]) == 1:
                shell.sendline("yes")
                shell.expect("[pP]assword")
            shell.sendline(password)
        return shell

    def client(self):
        """A connection of paramiko."""
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        client.connect("127.0.0.1", self.port, "admin", PASSWORD, allow_agent=False, look_for_keys=False, timeout=DEADLINE)
        return client

    def certificate(self, name):
        """A client's certificate, in the folder."""
        path = os.path.join(self.folder.name, f"{name}.pem")
        request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        request += ["-subj", f"/CN={name}", "-keyout", path + ".key", "-out", path]
        subprocess.run(request, check=True, capture_output=True)
        return path


def onboarding(name):
    return [
        f"hsm init -label h -domain d -password {SO} -force",
        f"hsm login -password {SO}",
        "partition create -partition p1 -force",
        f"client register -client {name} -hostname {name}",
        f"client assignPartition -client {name} -partition p1",
        f"client show -client {name}",
    ]


def scp_sink(client, target, path):
    """Sends a file as small programs do: `scp -t`, no flags."""
    channel = client.get_transport().open_session(timeout=DEADLINE)
    channel.settimeout(DEADLINE)
    channel.exec_command(f"scp -t {target}")
    with open(path, "rb") as file:
        content = file.read()
    assert channel.recv(1) == b"\0"
    channel.sendall(f"C0644 {len(content)} {os.path.basename(path)}\n".encode())
    assert channel.recv(1) == b"\0"
    channel.sendall(content + b"\0")
    assert channel.recv(1) == b"\0"
    channel.shutdown_write()
    assert channel.recv_exit_status() == 0
    channel.close()


def scp_source(client, path):
    """Fetches a file with `scp -f`."""
    channel = client.get_transport().open_session(timeout=DEADLINE)
    channel.settimeout(DEADLINE)
    channel.exec_command(f"scp -f {path}")
    channel.sendall(b"\0")
    header = b""
    while not header.endswith(b"\n"):
        header += channel.recv(1)
    length = int(header.split()[1])
    channel.sendall(b"\0")
    content = b""
    while len(content) < length + 1:
        content += channel.recv(4096)
    channel.sendall(b"\0")
    assert channel.recv_exit_status() == 0
    channel.close()
    return content[:-1]


def go_tool():
    """A terminal xterm of 40 rows and 80 columns without echo; output ends in the prompt, its last line is the result."""
    with Appliance("--layout", "5") as appliance:
        client = appliance.client()
        scp_sink(client, "goclient.pem", appliance.certificate("goclient"))
        assert scp_source(client, "server.pem").startswith(b"-----BEGIN CERTIFICATE-----")
        client.close()
        algorithms = ["-o", "KexAlgorithms=curve25519-sha256@libssh.org", "-o", "HostKeyAlgorithms=ssh-rsa"]
        shell = appliance.terminal(*algorithms, "-o", "UserKnownHostsFile=/dev/null", password=PASSWORD, dimensions=(40, 80), echo=False)

        def read():
            output = ""
            while not output.endswith("lunash:>"):
                output += shell.read_nonblocking(4096, DEADLINE)
            return output

        assert "\x1b" not in read()
        for line in onboarding("goclient"):
            shell.send(line + "\n")
            lines = read().replace("\r", "").split("\n")
            assert lines[-2] == "Command Result : 0 (Success)" and lines[-1].endswith(" lunash:>"), lines
            assert not any(SO in line for line in lines), lines
        shell.send("exit\n")
        shell.expect(pexpect.EOF)


def aws_tool():
    """Results and prompts by regular expressions, white space squeezed; an answer to a question; an empty line."""
    success = r"Command Result : 0 \(Success\)\s+\[.*?\] lunash:>"
    with Appliance() as appliance:
        client = appliance.client()
        scp_sink(client, ".", appliance.certificate("aws"))
        client.close()
        shell = appliance.terminal(password=PASSWORD)
        shell.expect("lunash:>")
        for line in onboarding("aws"):
            shell.sendline(line)
            shell.expect(success)
        shell.sendline("")
        shell.expect("lunash:>")
        shell.sendline("hsm logout")
        shell.expect(success)
        shell.sendline("hsm login -password wrong-Password1")
        shell.expect("A00000 : LUNA_RET_UM_PIN_INCORRECT")
        shell.expect("lunash:>")
        shell.sendline("client delete -client aws")
        shell.expect("(?i)proceed")
        shell.sendline("quit")
        shell.expect("lunash:>")
        shell.sendline("exit")
        shell.expect(pexpect.EOF)


def power_shell():
    """A stream with a terminal: a line is thrown away after each write, and read on until the prompt in any case."""
    with Appliance() as appliance:
        client = appliance.client()
        stream = client.invoke_shell(term="xterm", width=80, height=24)
        stream.settimeout(DEADLINE)

        def read():
            output = ""
            while "lunash:>" not in output.lower().split("\n")[-1]:
                piece = stream.recv(4096).decode()
                assert piece, output
                output += piece
            return output

        scp_sink(client, ".", appliance.certificate("posh"))
        read()
        for line in onboarding("posh"):
            stream.sendall(line + "\n")
            echoed, rest = read().split("\n", 1)
            # Secrets of a line are not shown to the end, but the line is one.
            assert echoed.startswith(line.split(" ")[0]), echoed
            assert "Command Result : 0 (Success)" in rest, rest
        stream.sendall("client delete -client posh\n")
        output = ""
        while "proceed" not in output.lower():
            output += stream.recv(4096).decode()
        stream.sendall("proceed\n")
        assert "Command Result : 0 (Success)" in read()
        client.close()


def load_balancer():
    """`ssh user@host` in pexpect: the login before, what is registered already, a question before a deletion."""
    with Appliance("--layout", "5") as appliance:
        client = appliance.client()
        scp_sink(client, ".", appliance.certificate("lb"))
        client.close()
        shell = appliance.terminal()
        shell.expect("password:")
        shell.sendline(PASSWORD)
        shell.expect("Last login:")
        shell.expect("lunash:>")
        for line in onboarding("lb"):
            shell.sendline(line)
            shell.expect("'client register' successful" if "register" in line else "Command Result : 0")
            shell.expect("lunash:>")
        shell.sendline("client assignPartition -client lb -partition p1")
        shell.expect("client already has access")
        shell.expect("lunash:>")
        shell.sendline("client register -client lb2 -hostname lb")
        shell.expect("lunash:>")
        assert re.search("already|There was a problem", shell.before), shell.before
        shell.sendline("client delete -client lb")
        shell.expect("Are you sure you wish to delete client named")
        shell.sendline("proceed")
        shell.expect("'client delete' successful")
        shell.sendline("exit")
        shell.expect(pexpect.EOF)


def library(appliance):
    """What OpenSSH's programs never send."""
    client = appliance.client()
    sftp = client.open_sftp()
    sftp.get_channel().settimeout(DEADLINE)

    def refused(action, *arguments):
        try:
            action(*arguments)
        except (OSError, paramiko.SSHException):
            return
        raise AssertionError(f"{action.__name__}{arguments} was done")

    before = sftp.listdir()
    for path in ["../x", "/etc/x", "a/b", "..", "/", "x\ny", "x\x1b[2J", "x\x00y", "." * 5000]:
        refused(lambda path: sftp.open(path, "w").close(), path)
    for path in ["../../etc/passwd", "/etc/passwd", "/proc/self/environ"]:
        refused(sftp.open, path)
        refused(sftp.stat, path)
    refused(sftp.symlink, "/etc/passwd", "link")
    refused(sftp.readlink, "server.pem")
    refused(sftp.mkdir, "folder")
    with sftp.open("huge.pem", "w") as file:
        file.write(b"x")
        file.seek(1 << 40)
        refused(lambda: (file.write(b"x"), file.flush()))
    sftp.remove("huge.pem")
    # A file is kept when it is closed: the connection is cut before.
    half = sftp.open("half.pem", "w")
    half.write(b"x" * 100_000)
    half.flush()
    client.close()
    client = appliance.client()
    transport = client.get_transport()
    for header, content in [("C0644 100 half.pem", b"x" * 50), ("C0644 999999999999 half.pem", b""), ("C0644 1 ../half.pem", b"")]:
        channel = transport.open_session(timeout=DEADLINE)
        channel.settimeout(DEADLINE)
        channel.exec_command("scp -t .")
        assert channel.recv(1) == b"\0"
        channel.sendall(header.encode() + b"\n")
        assert channel.recv(1) == (b"\0" if content else b"\1")
        channel.sendall(content)
        channel.shutdown_write()
        assert channel.recv_exit_status() != 0, header
        channel.close()
    sftp = client.open_sftp()
    assert sftp.listdir() == before
    # Ten channels with this one, and no more.
    channels = [transport.open_session(timeout=DEADLINE) for _ in range(9)]
    refused(transport.open_session, None, None, DEADLINE)
    for channel in channels:
        channel.close()
    for kind, address in [("direct-tcpip", ("127.0.0.1", 22)), ("forwarded-tcpip", ("127.0.0.1", 22)), ("x11", ("127.0.0.1", 1))]:
        refused(transport.open_channel, kind, address, ("127.0.0.1", 1))
    refused(transport.request_port_forward, "", 0)
    # Commands that are none: not run, and the connection stays.
    for command in [b"\0", b"client list\0", b"\xff\xfe", b"x" * 20_000, b"client list\r\nclient list"]:
        channel = transport.open_session(timeout=DEADLINE)
        channel.settimeout(DEADLINE)
        try:
            channel.exec_command(command)
            assert channel.recv_exit_status() != 0, command[:20]
        except paramiko.SSHException:
            pass
        channel.close()
    channel = transport.open_session(timeout=DEADLINE)
    channel.exec_command("status date")
    assert channel.recv_exit_status() == 0
    client.close()


def monitor(appliance):
    """The result of a command in the status of the program, its output on the last line."""
    shell = appliance.terminal("-T", "-o", "MACs=hmac-sha2-256-etm@openssh.com", password=PASSWORD)
    shell.sendline("client show -client nobody")
    shell.sendeof()
    shell.expect(r"(?i)command result : (?!0).*")
    shell.expect(pexpect.EOF)


go_tool()
aws_tool()
power_shell()
load_balancer()
with Appliance() as appliance:
    library(appliance)
    monitor(appliance)
