"""``jupyter frevagpt check``: what works and what does not, each line with what to do."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys

from ..domain.errors import FrevaGPTError


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    about = "Look whether everything is in place: models, folders, prompts, helper processes, the kernel's packages."
    parser = commands.add_parser("check", help=about, description=f"{about} The exit code is 1 where something fails.")
    parser.add_argument("--ask", action="store_true", help="ask each model a short question (costs a few tokens)")
    parser.add_argument("--kernel", default="", metavar="NAME", help="kernel spec to look at; default: the server's")
    parser.add_argument("--no-kernel", action="store_true", help="start no kernel")
    parser.add_argument("--data-dir", default="", metavar="DIR", help="folder of the chats; default: as configured")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Look at everything; what fails keeps nothing else from being looked at."""
    from .checks import examine
    from .settings import settings

    logging.disable(logging.CRITICAL)  # what matters is said in the lines, and logs may hold addresses
    try:
        found = settings(options.data_dir)
    except FrevaGPTError as error:
        sys.stdout.write(f"FAIL  settings: {error}\n")
        return 1
    failed = 0
    kernel = None if options.no_kernel else options.kernel

    async def tell() -> None:
        nonlocal failed
        async for finding in examine(found, ask=options.ask, kernel=kernel):
            failed += finding.level == "FAIL"
            sys.stdout.write(f"{finding}\n")
            sys.stdout.flush()

    asyncio.run(tell())
    sys.stdout.write("Everything that was looked at can be used.\n" if not failed else f"{failed} of these fail.\n")
    return 1 if failed else 0
