"""pip in this environment, told what it does in megabytes and seconds."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

from ..domain.errors import FrevaGPTError

EVERY = 2.0
"""Seconds between two lines of progress."""

_progress = re.compile(r"Progress (\d+) of (\d+)")
_common = ("--disable-pip-version-check", "--no-input")


def install(requirement: str, say: Callable[[str], None], *, dependencies: bool = True, again: bool = False) -> None:
    """Install one package into this environment; raises FrevaGPTError with what to do about it."""
    command = ["install", *_common, "--retries", "2", "--timeout", "20"]
    if not dependencies:
        command.append("--no-deps")
    if again:
        command += ["--force-reinstall", "--no-cache-dir"]
    if _speaks_raw():
        command += ["--progress-bar", "raw"]
    say(f"Fetching {requirement} with pip.")
    start = time.monotonic()
    code, words = _run([*command, requirement], say)
    if code:
        raise FrevaGPTError(
            f"pip could not install {requirement} (exit code {code}). Check the network, HTTPS_PROXY and the package "
            f"index that pip is set to, then try again. pip said:\n{words}"
        )
    say(f"Installed {requirement} in {time.monotonic() - start:.1f} s.")


def uninstall(name: str) -> None:
    """Remove one package; raises FrevaGPTError with what pip said."""
    code, words = _run(["uninstall", "--yes", *_common, name], lambda _: None)
    if code:
        raise FrevaGPTError(f"pip could not remove {name} (exit code {code}). pip said:\n{words}")


def _run(command: list[str], say: Callable[[str], None]) -> tuple[int, str]:
    """Run pip, tell its progress and return its exit code and last lines."""
    if importlib.util.find_spec("pip") is None:
        raise FrevaGPTError(
            "There is no pip in this environment. Add it (`python -m ensurepip`, or `conda install pip`) and try again."
        )
    lines: list[str] = []
    start = told = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "pip", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            found = _progress.search(line)
            if not found:
                lines.append(line.rstrip())
            elif time.monotonic() - told >= EVERY:
                told = time.monotonic()
                done, whole = (int(number) / 1e6 for number in found.groups())
                say(f"{done:.0f} of {whole:.0f} MB, {told - start:.0f} s")
    return process.returncode, "\n".join(lines[-6:])


def _speaks_raw() -> bool:
    major, minor, *_ = (*version("pip").split("."), "0") if importlib.util.find_spec("pip") else ("0", "0")
    return (int(major), int(re.sub(r"\D.*", "", minor) or 0)) >= (24, 1)
