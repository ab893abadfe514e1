"""``jupyter frevagpt threads``: chats to a file of JSON lines and back, without a server."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from typing import TYPE_CHECKING, BinaryIO

from ..domain.errors import BadRequest, FrevaGPTError

if TYPE_CHECKING:
    from ..threads.jsonl import FileThreadStore
    from ..threads.mongo import MongoThreadStore
    from .settings import Place

_PAGE = 100
_LONGEST_LINE = 500_000_000


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command and its two verbs to the command line."""
    about = "Write your chats to a file, or take chats from one."
    verbs = commands.add_parser("threads", help=about, description=about).add_subparsers(required=True, metavar="verb")
    about = "Write chats as lines of JSON to the standard output."
    export = verbs.add_parser("export", help=about, description=about)
    which = export.add_mutually_exclusive_group(required=True)
    which.add_argument("--thread", default="", metavar="ID", help="one chat")
    which.add_argument("--all", action="store_true", help="all of them, the newest first")
    export.set_defaults(run=run, does=_export)
    about = (
        "Take chats from such a file, each as a new one of yours; their code is shown, and not offered to be run again."
    )
    taken = verbs.add_parser("import", help=about, description=about)
    taken.add_argument("file", metavar="FILE", help="the file, - for the standard input")
    taken.set_defaults(run=run, does=_import)
    for verb in (export, taken):
        verb.add_argument("--owner", default="", help="whose chats; default: yours, as the server knows you")
        verb.add_argument(
            "--data-dir", default="", metavar="DIR", help="folder of the chats; default: as configured, or a MongoDB"
        )


def run(options: argparse.Namespace) -> int:
    """Carry out one of the verbs."""
    from .settings import place

    try:
        found = place(options.data_dir, options.owner)
        code: int = asyncio.run(_with_store(found, options))
    except FrevaGPTError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except BrokenPipeError:
        # Who read the pipe has left; Python would complain when it flushes the standard output at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


async def _with_store(found: Place, options: argparse.Namespace) -> int:
    from .store import store_of

    async with store_of(found, files=bool(options.data_dir)) as store:
        code: int = await options.does(store, found.owner, options)
    return code


async def _export(store: FileThreadStore | MongoThreadStore, owner: str, options: argparse.Namespace) -> int:
    from ..conversation.archive import line_of
    from ..domain.errors import ThreadNotFound
    from ..domain.values import ThreadRef, ThreadSummary

    found: list[ThreadSummary] = []
    if options.thread:
        if (one := await store.summary(ThreadRef(owner, options.thread))) is None:
            raise ThreadNotFound
        found = [one]
    else:
        total = 1
        while len(found) < total:
            page, total = await store.list(owner, limit=_PAGE, page=len(found) // _PAGE)
            if not page:
                break
            found += page
    for summary in found:
        items = await store.read(ThreadRef(owner, summary.thread_id))
        sys.stdout.write(line_of(summary, items))
    sys.stdout.flush()
    sys.stderr.write(f"{_chats(len(found))} written.\n")
    return 0


async def _import(store: FileThreadStore | MongoThreadStore, owner: str, options: argparse.Namespace) -> int:
    from ..conversation.archive import chat_of

    taken = refused = 0
    with _opened(options.file) as file:
        for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), 1):
            if not line.strip():
                continue
            try:
                summary, items = chat_of(line, owner)
            except BadRequest as error:
                refused += 1
                sys.stderr.write(f"Line {number} is left out: {error}.\n")
                continue
            await store.put(summary, items)
            sys.stdout.write(f"{summary.thread_id}\n")
            taken += 1
    sys.stdout.flush()
    sys.stderr.write(f"{_chats(taken)} imported{f', {refused} left out' if refused else ''}.\n")
    return 1 if refused or not taken else 0


def _opened(name: str) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    try:
        return open(name, "rb")
    except OSError as error:
        raise FrevaGPTError(f"The file cannot be read ({error.strerror}). Look at its name.") from error


def _chats(number: int) -> str:
    return f"{number} chat{'' if number == 1 else 's'}"
