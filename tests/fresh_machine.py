"""The newcomer's way, whole: a fresh clone, a PATH without Node.js, ``make lab``, a question in the browser.

``python -m tests.fresh_machine`` (make fresh) clones HEAD into an empty folder, sets it up with nothing of this one,
asks the embedded model for a power of two with an exponent drawn now, reads the number in the card's output node, and
prints the seconds and megabytes that it took.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from .ui.conftest import FLAGS, ask, open_notebook, ready, run_cell, show_panel
from .ui.lab import free_port

ROOT = Path(__file__).parents[1]
LONGEST_SETUP = 1200
NOT_FRESH = ("JUPYTER", "FREVAGPT", "LITELLM", "VIRTUAL_ENV", "MAKE", "MFLAGS")
NO_NODE = ("node", "nodejs", "npm", "npx", "corepack")


def path_without_node(folder: Path) -> str:
    """Return a PATH of links to every system command but Node.js's."""
    for source in ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"):
        for command in Path(source).glob("*"):
            link = folder / command.name
            if command.name not in NO_NODE and not link.exists():
                link.symlink_to(command)
    return str(folder)


class Clone:
    """Where ``make lab`` put a JupyterLab, as the browser fixtures want it."""

    def __init__(self, base: Path) -> None:
        self.root = base / "notebooks"
        self.root.mkdir()
        self.token = secrets.token_hex(16)
        self.url = f"http://127.0.0.1:{free_port()}"


def main() -> int:
    """Do it and print the figures; the exit status is 0 when the number was right."""
    base = Path(tempfile.mkdtemp(prefix="fresh-"))
    server: subprocess.Popen[bytes] | None = None
    try:
        checkout = base / "jupyter-frevagpt"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(checkout)], check=True)
        (base / "bin").mkdir()
        lab = Clone(base)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_FRESH)}
        environment = {
            **kept,
            "PATH": path_without_node(base / "bin"),
            "HOME": str(base),
            "JUPYTER_TOKEN": lab.token,
        }
        port = lab.url.rpartition(":")[2]
        began = time.monotonic()
        options = (
            "--no-browser",
            "--allow-root",
            f"--ServerApp.root_dir={lab.root}",
            "--LabApp.expose_app_in_browser=True",
        )
        log = base / "make.log"

        def start() -> subprocess.Popen[bytes]:
            with log.open("ab") as out:
                started = subprocess.Popen(
                    ["make", "lab", f"PORT={port}", f"LAB_ARGS={' '.join(options)}"],
                    cwd=checkout,
                    env=environment,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            wait_for(lab, started, log)
            return started

        server = start()
        setup = time.monotonic() - began
        size = sum(file.stat().st_size for file in checkout.rglob("*") if file.is_file() and not file.is_symlink())
        weights = sum(file.stat().st_size for file in checkout.rglob("*.gguf"))
        asked = answer_in_browser(lab)
        end(server)
        again = time.monotonic()
        server = start()
        second = time.monotonic() - again
        print(
            json.dumps(
                {
                    "setup_seconds": round(setup),
                    "checkout_megabytes": round(size / 1e6),
                    "of_which_weights": round(weights / 1e6),
                    "first_answer_seconds": round(asked, 1),
                    "second_start_seconds": round(second, 1),
                }
            )
        )
        print(log.read_text()[:1500])
        return 0
    finally:
        if server is not None:
            end(server)
        shutil.rmtree(base, ignore_errors=True)


def end(server: subprocess.Popen[bytes]) -> None:
    """End a server and all that it started."""
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def wait_for(lab: Clone, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server answers."""
    request = urllib.request.Request(f"{lab.url}/api/status", headers={"Authorization": f"token {lab.token}"})
    deadline = time.monotonic() + LONGEST_SETUP
    while True:
        assert server.poll() is None, log.read_text()[-4000:]
        assert time.monotonic() < deadline, log.read_text()[-4000:]
        try:
            with urllib.request.urlopen(request, timeout=2) as response:
                response.read()
        except (OSError, urllib.error.URLError):
            time.sleep(0.5)
        else:
            return


def answer_in_browser(lab: Clone) -> float:
    """Ask in a browser, check the number in the card's output node, return the seconds the answer took."""
    exponent = random.randrange(20, 60)
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        page = browser.new_context(extra_http_headers={"Authorization": f"token {lab.token}"}).new_page()
        page.goto(f"{lab.url}/lab?reset", wait_until="domcontentloaded")
        ready(page)
        show_panel(page)
        open_notebook(page, lab, "first.ipynb", "mine = 1", "mine + 1")
        run_cell(page)
        began = time.monotonic()
        ask(page, f"what is 2 to the power of {exponent}")
        output = page.locator(".jp-FrevaGPT-card .jp-FrevaGPT-card-output")
        expect(output).to_contain_text(str(2**exponent), timeout=120_000)
        seconds = time.monotonic() - began
        page.screenshot(path=ROOT / "docs" / "images" / "first-answer.png")
        browser.close()
    return seconds


if __name__ == "__main__":
    sys.exit(main())
