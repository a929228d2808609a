"""The page of `lunash evidence`: it loads nothing, fits on A4, and holds the text that its digest is of."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

from playwright.sync_api import sync_playwright

PROGRAMS, BROWSER = sys.argv[1:3]
# A4 in points, and its width in pixels of CSS.
A4, WIDTH = (595, 842), 794
SECRETS = {
    "LUNA_HSM_PASSWORD": "so-Passw0rd", "LUNA_DOMAIN": "domain-1", "LUNA_PO_PASSWORD": "po-Passw0rd",
    "LUNA_CO_PASSWORD": "co-Passw0rd",
}


def run(home, program, *words):
    environment = {"HOME": home, "PATH": "/usr/bin:/bin", **SECRETS}
    subprocess.run(
        [f"{PROGRAMS}/{program}", *words], env=environment, cwd=home, stdin=subprocess.DEVNULL, check=True,
        stdout=subprocess.DEVNULL,
    )


def page(home):
    """The evidence of a partition in use."""
    lines = (
        "hsm init -label pay -force", "hsm login", "partition create -partition payments-of-the-east -force",
        "partition init -partition payments-of-the-east -label east -force",
    )
    run(home, "lunash", "-q", "--fail-fast", *(word for line in lines for word in ("-c", line)))
    lines = (
        "role login -name po", "role init -name co -password first-Passw0rd", "role logout",
        "role login -name co -password first-Passw0rd",
        "role changepw -name co -oldpw first-Passw0rd -newpw co-Passw0rd",
    )
    run(home, "lunacm", "-q", "--yes", "--fail-fast", *(word for line in lines for word in ("-c", line)))
    run(home, "cmu", "-q", "gen", "-curvetype=3", "-sign=1", "-verify=1", "-label=web")
    words = ("--partition", "payments-of-the-east", "--sign", "web", "--format", "html", "--to", "page.html")
    run(home, "lunash", "evidence", *words)
    return f"{home}/page.html"


def requests(browser, file):
    """What a page loads, and the page."""
    opened = browser.new_page(viewport={"width": WIDTH, "height": 1123})
    seen = []
    opened.on("request", lambda request: seen.append(request.url))
    opened.goto(f"file://{file}", wait_until="networkidle")
    return seen, opened


def look(browser, file):
    seen, opened = requests(browser, file)
    assert seen == [f"file://{file}"], seen
    # What a page loads is seen: this one does.
    with open(file, encoding="utf-8") as original, open(f"{file}.control.html", "w", encoding="utf-8") as control:
        control.write(re.sub("<meta http-equiv[^>]*>", "<img src='http://127.0.0.1:9/x'>", original.read()))
    seen, _ = requests(browser, f"{file}.control.html")
    assert "http://127.0.0.1:9/x" in seen, seen

    text = opened.evaluate("document.getElementById('json').textContent")
    digest = opened.evaluate("document.querySelector('code').textContent")
    assert hashlib.sha256(text.encode()).hexdigest() == digest, digest
    assert json.loads(text)["signing"]["key"] == "web", text

    opened.emulate_media(media="print")
    assert opened.evaluate("document.documentElement.scrollWidth") <= WIDTH
    # Nothing stands out of its place, as a long word without a break would.
    wide = "[...document.querySelectorAll('body *')].filter(one => one.scrollWidth > document.body.clientWidth + 1)"
    assert opened.evaluate(f"{wide}.map(one => one.textContent)") == []
    sheets = re.findall(rb"/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]", opened.pdf(prefer_css_page_size=True))
    assert sheets, "the PDF has no page"
    for sheet in sheets:
        assert all(abs(float(side) - of_a4) <= 1 for side, of_a4 in zip(sheet, A4)), sheet
    if "SCREENSHOT" in os.environ:
        opened.screenshot(path=os.environ["SCREENSHOT"], full_page=True)


def main():
    with tempfile.TemporaryDirectory() as home:
        try:
            file = page(home)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
                look(browser, file)
                browser.close()
        finally:
            run(home, "luna-appliance", "stop")


main()
