"""A corpus brought up to date in an index: what is new or changed is read, what is gone leaves. Only in the helper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence

from ..domain.passages import Corpus, Progress
from .documents import Document, documents_of, read
from .loaders import Unreadable, sections_of
from .split import Chunk, Splitter
from .table import Table, Vector, Written

Embed = Callable[[Sequence[str]], Awaitable[list[Vector]]]

_WRITTEN_AT_ONCE = 500
_EMBEDDED_AT_ONCE = 64


async def bring_up_to_date(
    table: Table, corpus: Corpus, embed: Embed | None, documents: list[Document] | None = None
) -> AsyncGenerator[Progress, None]:
    """Yield how far it is, at the end with ``finished``; closing the generator ends it, and what is written stays.

    Documents that cannot be read are counted and left out. Each document is written whole, at once. ``documents`` are
    the corpus's where they are known.
    """
    if documents is None:
        documents = await asyncio.to_thread(documents_of, corpus)
    if embed is not None and documents:
        await asyncio.to_thread(table.fit, len((await embed([corpus.title]))[0]))
    known = await asyncio.to_thread(table.digests, corpus.name)
    total, written, unread, changed = len(documents), 0, 0, False
    yield Progress(corpus.name, 0, total)
    pending: list[Written] = []
    size = 0
    for done, document in enumerate(documents, 1):
        made = await asyncio.to_thread(_made, document, known.get(document.source))
        if isinstance(made, Unreadable):
            unread += 1  # what the index had of it leaves with the rest
        else:
            known.pop(document.source, None)
        if isinstance(made, Written):
            if embed is not None:
                vectors: list[Vector] = []
                for texts in _batches(made.chunks):
                    vectors += await embed(texts)
                    yield Progress(corpus.name, done - 1, total, written + size + len(vectors), unread)
                made = Written(made.source, made.digest, made.chunks, vectors)
            pending.append(made)
            size += len(made.chunks)
        if pending and (size >= (_EMBEDDED_AT_ONCE if embed else _WRITTEN_AT_ONCE) or done == total):
            written += await asyncio.to_thread(table.write, corpus.name, pending)
            pending, size, changed = [], 0, True
        if done % 25 == 0 or made is None or embed is not None:
            yield Progress(corpus.name, done, total, written + size, unread)
    if known:
        await asyncio.to_thread(table.forget, corpus.name, list(known))
    if changed or known:
        await asyncio.to_thread(table.settle)
    yield Progress(corpus.name, total, total, written, unread, finished=True)


def _made(document: Document, digest: str | None) -> Written | Unreadable | None:
    """Return a document's passages, None where the index has them already."""
    try:
        data, fresh = read(document)
        if fresh == digest:
            return None
        chunks = _SPLITTER.chunks(sections_of(document.source, data))
    except (Unreadable, OSError) as error:
        return error if isinstance(error, Unreadable) else Unreadable(type(error).__name__)
    return Written(document.source, fresh, chunks) if chunks else Unreadable("empty")


def _batches(chunks: Sequence[Chunk]) -> Iterator[list[str]]:
    for start in range(0, len(chunks), _EMBEDDED_AT_ONCE):
        yield [f"{chunk.heading}\n{chunk.text}" for chunk in chunks[start : start + _EMBEDDED_AT_ONCE]]


_SPLITTER = Splitter()
