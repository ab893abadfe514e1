"""The command line: ``jupyter frevagpt ...``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .chat import add_to as add_chat
from .check import add_to as add_check
from .local_model import add_to as add_local_model
from .resources import add_to as add_resources
from .threads import add_to as add_threads


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="jupyter frevagpt", description="The assistant in a terminal, and commands for its administrator."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    for add_to in (add_chat, add_threads, add_check, add_local_model, add_resources):
        add_to(commands)
    options = parser.parse_args(arguments)
    code: int = options.run(options)
    return code
