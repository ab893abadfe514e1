"""Several processes over one index, and processes that die: no duplicate, nothing torn."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Callable
from contextlib import aclosing, suppress
from pathlib import Path

import lancedb
import pytest

from jupyter_frevagpt.domain.errors import WorkerFailed
from jupyter_frevagpt.retrieval.library import Library

from .conftest import MakeLibrary

FILES = 60
KILLS = 3


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(FILES):
        parts = "\n\n".join(f"## Part {part}\n\nNote{number} part{part} " + "word " * 40 for part in range(5))
        (folder / f"note{number:03}.md").write_text(f"# Note {number}\n\n{parts}\n")
    return folder


async def index(library: Library, folder: Path) -> None:
    async with aclosing(library.index(str(folder))) as steps:
        async for _ in steps:
            pass


def rows(index: Path) -> list[tuple[str, str, int]]:
    """Return what the index holds, read by nobody of ours."""
    (folder,) = index.glob("text-*")
    table = lancedb.connect(str(folder)).open_table("passages").to_arrow()
    return sorted(zip(*(table[name].to_pylist() for name in ("source", "heading", "line")), strict=True))


def expected(folder: Path) -> list[tuple[str, str, int]]:
    found = []
    for path in folder.iterdir():
        title = path.read_text().splitlines()[0].removeprefix("# ")
        found += [
            (path.name, f"{title} > {line.removeprefix('## ')}", number + 3)
            for number, line in enumerate(path.read_text().splitlines())
            if line.startswith("## ")
        ]
    return sorted(found)


async def test_two_processes_that_index_one_folder_leave_no_duplicate(
    library: MakeLibrary, notes: Path, tmp_path: Path
) -> None:
    first, second = library(), library()
    await index(first, notes)  # both know the folder by one name
    assert rows(tmp_path / "index") == expected(notes)
    for path in list(notes.iterdir())[::2]:
        path.write_text(path.read_text().replace("word", "changed") + "\n## Part 9\n\nadded\n")
    (notes / "note001.md").unlink()
    await asyncio.gather(index(first, notes), index(second, notes))
    assert first.worker.pid != second.worker.pid
    assert rows(tmp_path / "index") == expected(notes)


async def test_two_processes_begin_one_index_together(library: MakeLibrary, notes: Path, tmp_path: Path) -> None:
    await asyncio.gather(*(index(one, notes) for one in (library(), library())), return_exceptions=True)
    await index(library(), notes)
    assert rows(tmp_path / "index") == expected(notes)


@pytest.mark.timeout(400)  # it starts eight helpers, one after the other
async def test_a_process_that_is_killed_leaves_a_table_that_can_be_used(
    library: MakeLibrary, notes: Path, tmp_path: Path
) -> None:
    # Enough for several commits, so that there is something to be killed in the middle of.
    for number in range(FILES, 5 * FILES):
        (notes / f"note{number}.md").write_text((notes / "note007.md").read_text().replace("Note 7", f"Note {number}"))
    chance = random.Random(7)
    for number in range(KILLS):
        (notes / f"more{number}.md").write_text(f"# More {number}\n\n## Part 0\n\nmore{number} " + "word " * 40)
        docs = library()
        async with aclosing(docs.index(str(notes))) as steps:
            await anext(steps)
            pid = docs.worker.pid
            assert pid is not None
            await asyncio.sleep(chance.random() * 0.6)  # any moment of the work
            os.kill(pid, signal.SIGKILL)
            with suppress(WorkerFailed):
                async for _ in steps:
                    pass
        # What there is can be searched at once, by a process that knows nothing of the other one's end.
        found = await library().search("note3", limit=5)
        assert len({(one.source, one.position) for one in found.passages}) == len(found.passages)
    await index(library(), notes)
    assert rows(tmp_path / "index") == expected(notes)
    assert (await library().search("more2", limit=1)).passages[0].source == "more2.md"


async def test_giving_up_ends_the_work_and_keeps_what_is_done(
    library: MakeLibrary, notes: Path, tmp_path: Path
) -> None:
    docs = library()
    async with aclosing(docs.index(str(notes))) as steps:
        await anext(steps)
    async with asyncio.timeout(20):
        await docs.search("note1", limit=1)  # the helper serves on
    await index(docs, notes)
    assert rows(tmp_path / "index") == expected(notes)


async def test_the_helper_ends_when_idle_and_comes_back(library: MakeLibrary, corpus: Callable[..., Path]) -> None:
    docs = library(corpus(one="# One\n\nlighthouse\n"), idle_seconds=0.1)
    assert (await docs.search("lighthouse", limit=1)).passages
    async with asyncio.timeout(20):
        while docs.worker.pid is not None:
            await asyncio.sleep(0.02)
    assert (await docs.search("lighthouse", limit=1)).passages
