"""The documents of this server, as the protocol ``Retriever``: what is asked here is done by a helper process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec

from ..domain.errors import BadRequest, ModelFailed, StoreUnavailable
from ..domain.passages import Corpus, Found, Means, Passage, Progress, Resource
from ..domain.protocols import Embedder
from ..workers.host import Worker
from . import embedding
from .corpora import corpora_at
from .orders import Count, Index, Order, Remove, Search, Variant, Vectors
from .own import OwnFolders

MODULE = "jupyter_frevagpt.retrieval._worker"

_log = logging.getLogger("jupyter_frevagpt.retrieval")
_LONGEST_QUESTION = 2000
_CANDIDATES = 50
_NO_VECTORS = "The embedding model does not answer, so only the words of the question were looked for."

FindEmbedder = Callable[[], Awaitable[Embedder | None]]


async def no_embedder() -> Embedder | None:
    """Return none: the helper's own model counts where it is installed."""
    return None


class Library:
    """Implements ``Retriever`` with corpora at places of the package's, of the site's, and the user's own folders.

    ``chosen`` are the names of those that are offered, all where it is empty; the user's own always are. ``embedder``
    returns a model of the catalogue's; without one the helper's is used where ``local`` and installed. ``index`` is
    the folder of the indexes, made with mode 0700.
    """

    def __init__(
        self,
        index: Path,
        shipped: Sequence[Path],
        site: Sequence[str] = (),
        *,
        chosen: Sequence[str] = (),
        embedder: FindEmbedder = no_embedder,
        local: bool = True,
        idle_seconds: float = 300.0,
    ) -> None:
        self._index = index
        self._shipped = tuple(shipped)
        self._site = tuple(site)
        self._chosen = frozenset(chosen)
        self._embedder = embedder
        self._local = local
        self._own = OwnFolders(index)
        self._worker = Worker(MODULE, idle_seconds=idle_seconds)

    @property
    def worker(self) -> Worker:
        """The helper."""
        return self._worker

    async def search(self, question: str, *, limit: int, sources: Sequence[str] = (), own: bool = True) -> Found:
        """Return the best passages; see :class:`~..domain.protocols.Retriever`."""
        corpora = await self._named(sources, own=own)
        embedder = await self._embedder()
        note = ""
        vector: list[float] | None = None
        asked = question[:_LONGEST_QUESTION]
        if embedder is not None:
            try:
                vector = (await embedder.embed([asked]))[0]
            except (ModelFailed, IndexError):
                embedder, note = None, _NO_VECTORS
        variant = await self._variant(embedder, vectors=not note)
        order = Search(variant, corpora, asked, max(1, min(limit, _CANDIDATES)), vector)
        try:
            told = await self._last(order, embedder)
        except ModelFailed:
            variant, note = await self._variant(None, vectors=False), _NO_VECTORS
            told = await self._last(msgspec.structs.replace(order, variant=variant, vector=None), None)
        by_name = {corpus.name: corpus for corpus in corpora}
        passages = [_passage(row, by_name[row["corpus"]]) for row in told["rows"]]
        return Found(passages, "vectors and full text" if variant.model else "full text", _note(note, told))

    async def resources(self, *, own: bool = True, counted: bool = False) -> list[Resource]:
        """Return what can be searched, the shipped ones first."""
        corpora = await self._named((), own=own)
        counts: dict[str, int] | None = None
        if counted:
            counts = {}
            if await asyncio.to_thread(self._index.is_dir):
                variant = await self._variant(await self._embedder())
                counts = (await self._last(Count(variant), None))["counts"]
        return [
            Resource(
                one.name,
                one.title,
                one.standing,
                one.licence,
                one.source,
                None if counts is None else counts.get(one.name, 0),
            )
            for one in corpora
        ]

    async def means(self) -> Means:
        """Return what passages are found with, as it is configured."""
        embedder = await self._embedder()
        if embedder is not None:
            return Means("vectors and full text", embedder.name, embedder.host)
        variant = await self._variant(None)
        return Means("vectors and full text", variant.model) if variant.model else Means()

    async def index(self, folder: str) -> AsyncGenerator[Progress, None]:
        """Index a folder of the user's; see :class:`~..domain.protocols.Retriever`."""
        path = await asyncio.to_thread(_folder, folder)
        taken = [corpus.name for corpus in await self._named((), own=False)]
        corpus = await asyncio.to_thread(self._own.add, path, taken)
        embedder = await self._embedder()
        async with aclosing(self._pieces(Index(await self._variant(embedder), corpus), embedder)) as pieces:
            async for piece in pieces:
                if told := piece.get("progress"):
                    yield msgspec.convert(told, Progress)

    async def remove(self, name: str) -> None:
        """Forget a folder of the user's."""
        corpus = await asyncio.to_thread(self._own.remove, name)
        await self._worker.ask(Remove(str(self._index), corpus.name))

    async def remove_own(self) -> None:
        """Forget all folders of the user's."""
        for corpus in await asyncio.to_thread(self._own.list):
            await self.remove(corpus.name)

    async def aclose(self) -> None:
        """End the helper."""
        await self._worker.close()

    async def _named(self, names: Sequence[str], *, own: bool) -> list[Corpus]:
        corpora = await asyncio.to_thread(self._corpora, own=own)
        if not names:
            return corpora
        wanted = {name.strip().lower() for name in names}
        found = [corpus for corpus in corpora if corpus.name in wanted]
        if missing := wanted - {corpus.name for corpus in found}:
            there = ", ".join(corpus.name for corpus in corpora) or "none"
            unknown = ", ".join(sorted(one[:80] for one in missing))
            raise BadRequest(f"There are no resources named {unknown}. There are: {there}.")
        return found

    def _corpora(self, *, own: bool) -> list[Corpus]:
        found: dict[str, Corpus] = {}
        for corpus in (*corpora_at(self._shipped, "shipped"), *corpora_at(self._site, "site")):
            if not self._chosen or corpus.name in self._chosen:
                # What a site calls as we do takes the place of ours.
                found[corpus.name] = corpus
        for corpus in self._own.list() if own else ():
            found.setdefault(corpus.name, corpus)
        return list(found.values())

    async def _variant(self, embedder: Embedder | None, *, vectors: bool = True) -> Variant:
        if embedder is not None:
            return Variant(str(self._index), f"{embedder.name}@{embedder.host}")
        local = vectors and self._local and await asyncio.to_thread(embedding.is_installed)
        return Variant(str(self._index), embedding.MODEL if local else "", local)

    async def _last(self, order: Order, embedder: Embedder | None) -> dict[str, Any]:
        last: dict[str, Any] = {}
        async with aclosing(self._pieces(order, embedder)) as pieces:
            async for piece in pieces:
                last = piece
        return last

    async def _pieces(self, order: Order, embedder: Embedder | None) -> AsyncGenerator[dict[str, Any], None]:
        """Yield what the helper tells; the vectors that it asks for on the way are made and sent."""
        await asyncio.to_thread(self._prepare)
        making: set[asyncio.Task[None]] = set()
        try:
            async with aclosing(self._worker.stream(order)) as pieces:
                async for piece in pieces:
                    if (wanted := piece.get("embed")) and embedder is not None:
                        task = asyncio.create_task(self._embed(embedder, **wanted), name="frevagpt vectors")
                        making.add(task)
                        task.add_done_callback(making.discard)
                    else:
                        yield piece
        finally:
            for task in making:
                task.cancel()

    async def _embed(self, embedder: Embedder, ticket: int, texts: list[str]) -> None:
        try:
            vectors: list[list[float]] | None = await embedder.embed(texts)
        except ModelFailed as error:
            _log.warning("Documents get no vectors: %s", error)
            vectors = None
        await self._worker.ask(Vectors(ticket, vectors))

    def _prepare(self) -> None:
        try:
            self._index.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._index.chmod(0o700)
        except OSError as error:
            raise StoreUnavailable(
                f"The folder of the index cannot be used ({error.strerror}). Check Jupyter's data directory and disk."
            ) from error


def _folder(folder: str) -> Path:
    """Return a folder's real path; raises BadRequest where it is none, or all of a home or disk."""
    path = Path(os.path.realpath(os.path.expanduser(folder)))
    home = Path(os.path.realpath(os.path.expanduser("~")))
    with contextlib.suppress(OSError):
        if path == Path(path.anchor) or path == home or path in home.parents:
            raise BadRequest("That is all of a home folder or disk. Choose a folder of documents inside of it.")
        below = path.relative_to(home) if path.is_relative_to(home) else path
        if any(part.startswith(".") for part in below.parts):
            raise BadRequest("Hidden folders are not indexed: they hold keys and settings. Choose another one.")
        if path.is_dir() and os.access(path, os.R_OK | os.X_OK):
            return path
    raise BadRequest("There is no folder of that name that can be read. Give the path of one that is there.")


def _passage(row: dict[str, Any], corpus: Corpus) -> Passage:
    place = (row["text"], corpus.name, corpus.title, row["source"], row["heading"], row["line"])
    return Passage(*place, round(row["score"], 4), corpus.standing)


def _note(note: str, told: dict[str, Any]) -> str:
    parts = [note]
    if missing := told.get("missing"):
        parts.append(f"Not there any more: {', '.join(missing)}.")
    if unread := told.get("unread"):
        parts.append(f"Not indexed in this way yet, index them again: {', '.join(unread)}.")
    return " ".join(part for part in parts if part)
