"""The helper process that holds LanceDB, the readers of documents and the local embedding; asked by :mod:`.library`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from ..domain.errors import BadRequest, FrevaGPTError, ModelFailed
from ..domain.passages import Corpus
from ..workers.child import serve
from .embedding import embed as embed_locally
from .indexing import Embed, bring_up_to_date
from .orders import Count, Index, Order, Remove, Search, Variant, Vectors
from .table import Table, Vector, folder_of

_FRESH_SECONDS = 30.0
_UNUSED_SECONDS = 30 * 86400.0
_log = logging.getLogger(__name__)


class _Indexes:
    """The indexes of this helper's life, and what it has seen of corpora."""

    def __init__(self) -> None:
        self._tables: dict[Path, Table] = {}
        self._seen: dict[tuple[Path, Corpus], tuple[float, int]] = {}
        self._busy: dict[tuple[Path, str], asyncio.Lock] = {}
        self._tickets = count(1)
        self._awaited: dict[int, asyncio.Future[list[Vector] | None]] = {}

    async def answer(self, body: Any) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the pieces of an answer to one order."""
        os.umask(0o077)
        match msgspec.convert(body, Order):
            case Search() as search:
                async with aclosing(self._search(search)) as pieces:
                    async for piece in pieces:
                        yield piece
            case Index(variant=variant, corpus=corpus):
                async with aclosing(self._bring_up_to_date(variant, corpus)) as pieces:
                    async for piece in pieces:
                        yield piece
            case Vectors(ticket=ticket, vectors=vectors):
                if (future := self._awaited.pop(ticket, None)) and not future.done():
                    future.set_result(list(vectors) if vectors is not None else None)
            case Remove(folder=folder, name=name):
                await asyncio.to_thread(_remove, Path(folder), name)
            case Count(variant=variant):
                counts = await asyncio.to_thread(self._table(variant).counts)
                yield {"counts": counts}

    def _table(self, variant: Variant) -> Table:
        folder = folder_of(variant)
        return self._tables.setdefault(folder, Table(folder, variant.model))

    async def _search(self, order: Search) -> AsyncGenerator[dict[str, Any], None]:
        table = self._table(order.variant)
        missing: list[str] = []
        for corpus in order.corpora:
            if corpus.standing == "own":
                continue  # read when the user says so: there may be much of it
            try:
                async with aclosing(self._if_due(order.variant, corpus)) as pieces:
                    async for piece in pieces:
                        yield piece
            except BadRequest:
                missing.append(corpus.title)
        vector: Vector | None = order.vector
        if order.variant.local:
            vector = (await asyncio.to_thread(embed_locally, [order.question]))[0]
        names = [corpus.name for corpus in order.corpora]
        rows = await asyncio.to_thread(table.search, names, order.question, vector, order.limit)
        own = [corpus for corpus in order.corpora if corpus.standing == "own"]
        counts = await asyncio.to_thread(table.counts) if own else {}
        unread = [corpus.title for corpus in own if not counts.get(corpus.name)]
        yield {"rows": [msgspec.to_builtins(row) for row in rows], "missing": missing, "unread": unread}

    async def _if_due(self, variant: Variant, corpus: Corpus) -> AsyncGenerator[dict[str, Any], None]:
        """Bring a corpus up to date unless nothing can have changed since that was done last."""
        from .documents import documents_of

        key = (folder_of(variant), corpus)
        then, before = self._seen.get(key, (0.0, 0))
        if before and time.monotonic() - then < _FRESH_SECONDS:
            return
        documents = await asyncio.to_thread(documents_of, corpus)
        seen = [(one.source, one.size, one.changed) for one in documents]
        if hash((self._table(variant).life, *seen)) != before:
            async with aclosing(self._bring_up_to_date(variant, corpus)) as pieces:
                async for piece in pieces:
                    yield piece
        self._seen[key] = (time.monotonic(), hash((self._table(variant).life, *seen)))

    async def _bring_up_to_date(self, variant: Variant, corpus: Corpus) -> AsyncGenerator[dict[str, Any], None]:
        """Yield progress, and what the server is to make vectors of."""
        lock = self._busy.setdefault((folder_of(variant), corpus.name), asyncio.Lock())
        async with lock:
            outgoing: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
            embed = self._embed(variant, outgoing)

            async def work() -> None:
                try:
                    async with aclosing(bring_up_to_date(self._table(variant), corpus, embed)) as steps:
                        async for step in steps:
                            outgoing.put_nowait({"progress": msgspec.to_builtins(step)})
                finally:
                    outgoing.put_nowait(None)

            task = asyncio.create_task(work(), name=f"index {corpus.name}")
            try:
                while (piece := await outgoing.get()) is not None:
                    yield piece
                await task
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, FrevaGPTError):
                    await task
            await asyncio.to_thread(_tidy, folder_of(variant))

    def _embed(self, variant: Variant, outgoing: asyncio.Queue[dict[str, Any] | None]) -> Embed | None:
        if not variant.model:
            return None

        async def locally(texts: Sequence[str]) -> list[Vector]:
            return list(await asyncio.to_thread(embed_locally, texts))

        async def by_the_server(texts: Sequence[str]) -> list[Vector]:
            ticket = next(self._tickets)
            future = self._awaited[ticket] = asyncio.get_running_loop().create_future()
            outgoing.put_nowait({"embed": {"ticket": ticket, "texts": list(texts)}})
            try:
                vectors = await future
            finally:
                self._awaited.pop(ticket, None)
            if vectors is None or len(vectors) != len(texts):
                raise ModelFailed("The embedding model did not answer. Try again later.")
            return [*vectors]

        return locally if variant.local else by_the_server


def _remove(root: Path, name: str) -> None:
    for about in root.glob("*/about.json"):
        model = msgspec.json.decode(about.read_bytes(), type=dict[str, Any]).get("model", "")
        table = Table(about.parent, str(model))
        if name in table.counts():
            table.forget(name)
            table.settle()


def _tidy(folder: Path) -> None:
    """Note that an index is used, and remove those that nobody has used for a month: of models that were changed."""
    with contextlib.suppress(OSError):
        (folder / "used").touch(mode=0o600)
        for used in folder.parent.glob("*/used"):
            if time.time() - used.stat().st_mtime > _UNUSED_SECONDS:
                shutil.rmtree(used.parent, ignore_errors=True)


if __name__ == "__main__":
    os.umask(0o077)
    serve(_Indexes().answer)
