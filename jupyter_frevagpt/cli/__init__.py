"""The command line: ``jupyter frevagpt ...``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from . import local_model


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="jupyter frevagpt", description="Commands for the administrator of jupyter-frevagpt."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    local_model.add_to(commands)
    options = parser.parse_args(arguments)
    code: int = options.run(options)
    return code
