"""The passages of one index in LanceDB: written under a lock, read as they are now. Only in the helper process."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from ..domain.errors import StoreUnavailable
from .orders import Variant
from .split import CAPACITY, Chunk

FORMAT = 1
_TABLE = "passages"
_ABOUT = "about.json"
_WAIT = 120.0
_STALE = 1800.0  # a lock of another machine's that is older was left by a process that died
_KEPT = timedelta(hours=1)  # other processes may still be reading older versions
_LIMIT = 500

Vector = Sequence[float]


class Written(msgspec.Struct, frozen=True):
    """A document as it is to be in the index."""

    source: str
    digest: str
    chunks: list[Chunk]
    vectors: list[Vector] | None = None


class Row(msgspec.Struct, frozen=True):
    """A passage that was found."""

    corpus: str
    source: str
    heading: str
    line: int
    text: str
    score: float


class _About(msgspec.Struct, frozen=True):
    """What an index was made with."""

    format: int
    capacity: int
    model: str
    dimension: int


def folder_of(variant: Variant) -> Path:
    """Return where an index is: one made in another way lies beside it."""
    key = f"{FORMAT}\0{CAPACITY}\0{variant.model}".encode()
    name = "".join(c if c.isalnum() else "-" for c in variant.model.lower())[:32] or "text"
    return Path(variant.folder) / f"{name}-{hashlib.sha256(key).hexdigest()[:12]}"


class Table:
    """The passages of one index.

    Blocks; each method is for a thread. Every process that writes holds the lock and looks at the newest version first:
    LanceDB itself would let two of them write the same passage twice.
    """

    def __init__(self, folder: Path, model: str) -> None:
        self._folder = folder
        self._model = model
        self._database: Any = None
        self._table: Any = None

    def digests(self, corpus: str) -> dict[str, str]:
        """Return the digest of each document of a corpus that is in the index."""
        table = self._opened()
        if table is None:
            return {}
        rows = table.search().where(_is(corpus)).select(["source", "digest"]).limit(None).to_arrow()
        return dict(zip(rows["source"].to_pylist(), rows["digest"].to_pylist(), strict=True))

    def counts(self) -> dict[str, int]:
        """Return how many passages each corpus has."""
        table = self._opened()
        if table is None:
            return {}
        corpora = table.search().select(["corpus"]).limit(None).to_arrow()["corpus"]
        return {str(one["values"]): int(one["counts"]) for one in corpora.value_counts().to_pylist()}

    @property
    def life(self) -> int:
        """Tell one table from the one that took its place; 0 where there is none."""
        try:
            return (self._folder / _ABOUT).stat().st_mtime_ns
        except OSError:
            return 0

    def fit(self, dimension: int) -> None:
        """Begin anew where the vectors are of another length: the model has changed behind its name."""
        with self._locked():
            about = self._about()
            if about is not None and about.dimension != dimension:
                self._create(dimension)

    def write(self, corpus: str, documents: Sequence[Written]) -> int:
        """Put documents in the place of what the index has of them, at once; returns how many passages were written.

        What another process wrote in the same state meanwhile is left as it is.
        """
        with self._locked():
            dimension = next((len(one.vectors[0]) for one in documents if one.vectors), 0)
            table = self._opened() or self._create(dimension)
            known = self.digests(corpus)
            fresh = [one for one in documents if known.get(one.source) != one.digest]
            rows = [row for one in fresh for row in _rows(corpus, one)]
            replaced = [one.source for one in fresh if one.source in known]
            if replaced:
                merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
                merge.when_not_matched_by_source_delete(_among(corpus, replaced)).execute(self._arrow(table, rows))
            elif rows:
                table.add(self._arrow(table, rows))
            return len(rows)

    def forget(self, corpus: str, sources: Sequence[str] | None = None) -> None:
        """Take documents out, or all of a corpus."""
        with self._locked():
            table = self._opened()
            if table is None:
                return
            if sources is None:
                table.delete(_is(corpus))
            for start in range(0, len(sources or ()), _LIMIT):
                table.delete(_among(corpus, (sources or ())[start : start + _LIMIT]))

    def settle(self) -> None:
        """Make what was written quick to search, and let go of what is old."""
        from lancedb.index import FTS

        with self._locked():
            table = self._opened()
            if table is None:
                return
            if not table.list_indices():
                table.create_index("search", config=FTS(with_position=False, ascii_folding=True))
            table.optimize(cleanup_older_than=_KEPT)

    def search(self, corpora: Sequence[str], question: str, vector: Vector | None, limit: int) -> list[Row]:
        """Return the best passages of some corpora: by full text, and by the question's vector where it has one.

        With both, LanceDB fuses the two orders by their reciprocal ranks.
        """
        from lancedb.query import MatchQuery
        from lancedb.rerankers import RRFReranker

        table = self._opened()
        if table is None or not corpora:
            return []
        if not table.list_indices():  # its maker died before it had settled
            self.settle()
        text = MatchQuery(question, "search")
        score = "_score"
        if vector is not None and self._model and len(vector) == self._dimension():
            query = table.search(query_type="hybrid").vector(list(vector)).text(text).rerank(RRFReranker())
            score = "_relevance_score"
        else:
            query = table.search(text, query_type="fts")
        found = query.where(_any_of(corpora)).limit(limit).to_list()
        fields = ("corpus", "source", "heading", "line", "text")
        return [Row(**{name: row[name] for name in fields}, score=float(row[score])) for row in found]

    def _opened(self) -> Any:
        """Return the table as it is now, None where nothing has been indexed yet."""
        if self._table is None:
            if not (self._folder / f"{_TABLE}.lance").is_dir() or self._about() is None:
                return None
            self._table = self._connected().open_table(_TABLE)
        self._table.checkout_latest()
        return self._table

    def _connected(self) -> Any:
        if self._database is None:
            import lancedb

            # 0 seconds: what another process has written counts from the next search on.
            self._database = lancedb.connect(str(self._folder), read_consistency_interval=timedelta(0))
        return self._database

    def _create(self, dimension: int) -> Any:
        import pyarrow

        fields = [
            (name, pyarrow.string()) for name in ("id", "corpus", "source", "digest", "heading", "text", "search")
        ]
        fields.append(("line", pyarrow.int32()))
        if self._model:
            fields.append(("vector", pyarrow.list_(pyarrow.float32(), dimension)))
        self._table = self._connected().create_table(_TABLE, schema=pyarrow.schema(fields), mode="overwrite")
        about = _About(FORMAT, CAPACITY, self._model, dimension)
        temporary = self._folder / f"{_ABOUT}.{os.getpid()}"
        temporary.write_bytes(msgspec.json.encode(about))
        temporary.replace(self._folder / _ABOUT)
        return self._table

    def _arrow(self, table: Any, rows: Sequence[Mapping[str, Any]]) -> Any:
        import pyarrow

        return pyarrow.Table.from_pylist(list(rows), schema=table.schema)

    def _about(self) -> _About | None:
        try:
            return msgspec.json.decode((self._folder / _ABOUT).read_bytes(), type=_About)
        except (OSError, msgspec.DecodeError):
            return None

    def _dimension(self) -> int:
        about = self._about()
        return about.dimension if about else 0

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        from filelock import SoftFileLock, Timeout

        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # A file that only one can make: home folders on NFS and Lustre know no better lock. That of a process of
            # this machine that died is taken away at once.
            lock = SoftFileLock(self._folder / "lock", timeout=_WAIT, lifetime=_STALE)
            with lock:
                yield
        except Timeout:
            raise StoreUnavailable(
                "Another process has been writing the index of documents for minutes. Try again when it has finished."
            ) from None
        except OSError as error:
            raise StoreUnavailable(
                f"The index of documents cannot be written ({error.strerror}). Check Jupyter's data directory and disk."
            ) from None


def _rows(corpus: str, document: Written) -> Iterator[dict[str, Any]]:
    for number, chunk in enumerate(document.chunks):
        key = f"{corpus}\0{document.source}\0{number}".encode()
        row = {
            "id": hashlib.blake2b(key, digest_size=16).hexdigest(),
            "corpus": corpus,
            "source": document.source,
            "digest": document.digest,
            "heading": chunk.heading,
            "text": chunk.text,
            "search": f"{chunk.heading}\n{chunk.text}",
            "line": chunk.line,
        }
        yield row if document.vectors is None else {**row, "vector": document.vectors[number]}


def _is(corpus: str) -> str:
    return f"corpus = {_quoted(corpus)}"


def _any_of(corpora: Sequence[str]) -> str:
    return f"corpus IN ({', '.join(map(_quoted, corpora))})"


def _among(corpus: str, sources: Sequence[str]) -> str:
    return f"{_is(corpus)} AND source IN ({', '.join(map(_quoted, sources))})"


def _quoted(text: str) -> str:
    """Return text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
