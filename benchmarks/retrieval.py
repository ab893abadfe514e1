"""Retrieval: how often the right passage is found, and what the index costs.

::

    python -m benchmarks.retrieval quality [--local] [--capacity 600] [--held-out]
    python -m benchmarks.retrieval size 1000 10000 [--vectors]

``quality`` looks the questions of :mod:`.retrieval_questions` up in docstrings of xarray and pandas and in our own
resources; ``size`` makes an index of so many passages. What came out is in docs/resources.md, with its date.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from jupyter_frevagpt._paths import shipped
from jupyter_frevagpt.domain.passages import Corpus
from jupyter_frevagpt.retrieval import embedding, split, table
from jupyter_frevagpt.retrieval.corpora import corpora_at
from jupyter_frevagpt.retrieval.indexing import Embed, bring_up_to_date
from jupyter_frevagpt.retrieval.split import Chunk
from jupyter_frevagpt.retrieval.table import Table, Written

from .retrieval_questions import questions

DEEP = 10


def corpora() -> dict[str, list[Corpus]]:
    return {
        "xarray": corpora_at(["python:xarray"], "site"),
        "pandas": corpora_at(["python:pandas"], "site"),
        "ours": corpora_at([shipped("resources")], "shipped"),
    }


def ranks(index: Table, way: str, kept: bool) -> dict[str, list[int]]:
    """Return for each corpus at which place the first right passage stands, 0 where it is not among the first ten."""
    places = {name: [one.name for one in found] for name, found in corpora().items()}
    found: dict[str, list[int]] = {name: [] for name in places}
    for corpus, question, names, held_out in questions():
        if held_out != kept:
            continue
        vector = embedding.embed([question])[0] if way != "full text" else None
        if way == "vectors":
            assert vector is not None
            query = index._opened().search(vector, vector_column_name="vector").distance_type("cosine")
            rows = query.where(table._any_of(places[corpus]), prefilter=True).limit(DEEP).to_list()
            headings = [str(row["heading"]) for row in rows]
        else:
            headings = [row.heading for row in index.search(places[corpus], question, vector, DEEP)]
        found[corpus].append(next((at for at, one in enumerate(headings, 1) if right(one, names, corpus)), 0))
    return found


def right(heading: str, names: frozenset[str], corpus: str) -> bool:
    return any(heading.endswith(f" > {name}" if corpus == "ours" else f".{name}") for name in names)


def told(places: list[int]) -> str:
    count = len(places)
    first = sum(place == 1 for place in places) / count
    five = sum(0 < place <= 5 for place in places) / count
    reciprocal = sum(1 / place for place in places if place) / count
    return f"{count:3} questions  R@1 {first:.2f}  R@5 {five:.2f}  MRR {reciprocal:.2f}"


async def quality(options: argparse.Namespace) -> None:
    if options.capacity:
        from jupyter_frevagpt.retrieval import indexing

        indexing._SPLITTER = split.Splitter(options.capacity)
    folder = Path(options.index or tempfile.mkdtemp(prefix="frevagpt-retrieval-"))
    index = Table(folder, embedding.MODEL if options.local else "")

    async def local(texts: Any) -> Any:
        return await asyncio.to_thread(embedding.embed, texts)

    embed: Embed | None = local if options.local else None
    for name, found in corpora().items():
        begun, busy = time.monotonic(), time.process_time()
        passages = 0
        for one in found:
            async for step in bring_up_to_date(index, one, embed):
                passages = step.passages if step.finished else passages
        seconds = time.monotonic() - begun
        print(
            f"{name}: {passages} passages in the last corpus, {seconds:.1f} s, {time.process_time() - busy:.1f} CPU s"
        )
    for way in ("full text", *(("vectors", "hybrid") if options.local else ())):
        places = ranks(index, way, options.held_out)
        for name, some in places.items():
            print(f"{way:10} {name:7} {told(some)}")
        print(f"{way:10} all     {told([one for some in places.values() for one in some])}", flush=True)


def size(options: argparse.Namespace) -> None:
    """Measure each size in a process of its own, so that memory is that of one index."""
    for count in options.counts:
        command = [sys.executable, "-m", "benchmarks.retrieval", "one", str(count)]
        done = subprocess.run([*command, *(["--vectors"] if options.vectors else [])], capture_output=True, text=True)
        print(done.stdout.strip() or done.stderr[-2000:], flush=True)


def one(options: argparse.Namespace) -> None:
    import numpy
    import psutil

    folder = Path(tempfile.mkdtemp(prefix="frevagpt-retrieval-"))
    draw = random.Random(1)
    words = [f"{a}{b}{c}" for a in "bdgklmnprst" for b in ("a", "ei", "o", "u") for c in ("n", "rt", "lk", "mp", "st")]
    weights = [1 / (rank + 1) for rank in range(len(words))]
    index = Table(folder, "random" if options.vectors else "")
    begun, busy = time.monotonic(), time.process_time()
    for start in range(0, options.count, 500):
        documents = []
        for number in range(start, min(start + 500, options.count), 5):
            chunks = [
                Chunk(" ".join(draw.choices(words, weights, k=150)), f"Part {number} > {part}", 1) for part in range(5)
            ]
            vectors = numpy.random.rand(len(chunks), 384).tolist() if options.vectors else None
            documents.append(Written(f"{number}.md", "d", chunks, vectors))
        index.write("many", documents)
    index.settle()
    seconds, cpu = time.monotonic() - begun, time.process_time() - busy
    times = []
    for _ in range(120):
        vector = numpy.random.rand(384).tolist() if options.vectors else None
        question = " ".join(draw.choices(words, weights, k=6))
        start_of_query = time.perf_counter()
        index.search(["many"], question, vector, 6)
        times.append((time.perf_counter() - start_of_query) * 1000)
    times = sorted(times[20:])
    disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(
        json.dumps(
            {
                "passages": options.count,
                "vectors": options.vectors,
                "index_s": round(seconds, 1),
                "index_cpu_s": round(cpu, 1),
                "p50_ms": round(statistics.median(times), 1),
                "p95_ms": round(times[94], 1),
                "disk_mb": round(disk / 1e6, 1),
                "memory_mb": round(psutil.Process().memory_info().rss / 1e6),
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("quality")
    command.add_argument("--local", action="store_true")
    command.add_argument("--held-out", action="store_true")
    command.add_argument("--capacity", type=int)
    command.add_argument("--index")
    command.set_defaults(run=lambda options: asyncio.run(quality(options)))
    command = commands.add_parser("size")
    command.add_argument("counts", type=int, nargs="+")
    command.add_argument("--vectors", action="store_true")
    command.set_defaults(run=size)
    command = commands.add_parser("one")
    command.add_argument("count", type=int)
    command.add_argument("--vectors", action="store_true")
    command.set_defaults(run=one)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
