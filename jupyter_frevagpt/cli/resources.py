"""``jupyter frevagpt resources``: the documents that the assistant looks questions up in."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..domain.errors import FrevaGPTError

if TYPE_CHECKING:
    from ..domain.passages import Progress
    from ..domain.protocols import Embedder
    from ..retrieval.library import Library

_WIDTH = 30
_INTERRUPTED = 130


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command and its three verbs to the command line."""
    about = "The documents that the assistant looks questions up in."
    verbs = commands.add_parser("resources", help=about, description=about).add_subparsers(
        required=True, metavar="verb"
    )
    text = "Index a folder of documents of yours; of one that is indexed only what changed is read. Ctrl-C ends it."
    index = verbs.add_parser("index", help=text, description=text)
    index.add_argument("folder")
    index.set_defaults(run=_index)
    text = "List what is searched, and what with."
    verbs.add_parser("list", help=text, description=text).set_defaults(run=_list)
    text = "Forget an indexed folder; its documents stay as they are."
    remove = verbs.add_parser("remove", help=text, description=text)
    remove.add_argument("name", help="its name, as `list` gives it")
    remove.set_defaults(run=_remove)


def _index(options: argparse.Namespace) -> int:
    return _carried_out(_indexed(options.folder))


def _list(_: argparse.Namespace) -> int:
    return _carried_out(_listed())


def _remove(options: argparse.Namespace) -> int:
    return _carried_out(_removed(options.name))


def _carried_out(work: Coroutine[None, None, None]) -> int:
    try:
        asyncio.run(work)
    except KeyboardInterrupt:
        sys.stderr.write("\nEnded. What is indexed by now stays; the same command goes on.\n")
        return _INTERRUPTED
    except FrevaGPTError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _indexed(folder: str) -> None:
    async with _library() as library:
        means = await library.means()
        if means.host:
            _say(f"Vectors are made by {means.model} at {means.host}: the documents' text is sent there.")
        last: Progress | None = None
        async with aclosing(library.index(folder)) as steps:
            async for step in steps:
                last = step
                _show(step)
        if last is None:
            return
        unread = f" {last.unread} could not be read." if last.unread else ""
        _say(f"Indexed as {last.name}: {last.total} documents, {last.passages} new passages.{unread}")


async def _listed() -> None:
    async with _library() as library:
        means = await library.means()
        resources = await library.resources(counted=True)
        width = max((len(one.name) for one in resources), default=0)
        for one in resources:
            read = f"{one.passages:>7} passages" if one.passages else "not read yet".rjust(16)
            _say(f"{one.name:{width}}  {one.standing:7}  {read}  {one.title}")
        _say(f"Found by {means.way}{f', {means.model}' if means.model else ''}.")


async def _removed(name: str) -> None:
    async with _library() as library:
        await library.remove(name)
        _say(f"{name} is out of the index. Its documents are as they were.")


@asynccontextmanager
async def _library() -> AsyncIterator[Library]:
    """Open the documents as the configured server would."""
    from .settings import settings  # the extension takes seconds to import

    app = settings()
    if not app.own_resources:
        raise FrevaGPTError("Folders of your own are not indexed here: the administrator decides which documents are.")
    from .._paths import shipped
    from ..models.router import CatalogueModels
    from ..models.secret import Secret
    from ..retrieval.library import Library

    environment = dict(os.environ)
    models = CatalogueModels(
        path=app.catalogue_path,
        required=bool(app.catalogue),
        proxy_address=app.proxy_address,
        proxy_key=Secret(environment.get("FREVAGPT_OPENAI_API_KEY", "")),
        environment=environment,
    )

    async def embedder() -> Embedder | None:
        return None if app.embedding_model == "-" else await models.embedder(app.embedding_model)

    library = Library(
        Path(app.index_dir),
        [shipped("resources")],
        app.resource_folders,
        chosen=app.libraries,
        embedder=embedder,
        local=app.local_embeddings,
    )
    try:
        yield library
    finally:
        await library.aclose()
        await models.aclose()


def _show(step: Progress) -> None:
    if not sys.stderr.isatty():
        return
    done = _WIDTH * step.done // max(1, step.total)
    end = "\n" if step.finished else ""
    sys.stderr.write(f"\r[{'#' * done}{' ' * (_WIDTH - done)}] {step.done}/{step.total}{end}")
    sys.stderr.flush()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
