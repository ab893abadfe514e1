"""Documents are found by what they say, with their place, and the index follows the folder."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from jupyter_frevagpt._paths import shipped
from jupyter_frevagpt.domain.errors import BadRequest, WorkerFailed
from jupyter_frevagpt.domain.passages import Progress

from .conftest import MakeLibrary

ROSES = "# Roses\n\nRoses need much sun.\n\n## Pruning\n\nCut roses in March, above an outward bud.\n"
FERNS = "# Ferns\n\nFerns grow in the shade and like moist soil.\n"


async def indexed(library: object, folder: Path) -> list[Progress]:
    async with aclosing(library.index(str(folder))) as steps:  # type: ignore[attr-defined]
        return [step async for step in steps]


async def test_a_passage_comes_with_its_place(library: MakeLibrary, corpus: Callable[..., Path]) -> None:
    found = await library(corpus(roses=ROSES, ferns=FERNS)).search("when are roses pruned", limit=3)
    first = found.passages[0]
    assert (first.corpus, first.title, first.source) == ("garden", "The garden", "roses.md")
    assert (first.heading, first.position) == ("Roses > Pruning", 7)
    assert first.text == "Cut roses in March, above an outward bud."
    assert [one.score for one in found.passages] == sorted((one.score for one in found.passages), reverse=True)
    assert first.score > 0
    assert (found.way, found.note) == ("full text", "")


async def test_the_index_follows_the_folder(library: MakeLibrary, corpus: Callable[..., Path]) -> None:
    folder = corpus(roses=ROSES, ferns=FERNS)
    assert (await library(folder).search("shade", limit=3)).passages[0].source == "ferns.md"
    (folder / "ferns.md").unlink()
    (folder / "roses.md").write_text("# Roses\n\nRoses are watered in the evening.\n")
    corpus(moss="# Moss\n\nMoss covers stones.\n")
    later = library(folder)
    assert (await later.search("ferns in the shade", limit=3)).passages == []
    assert (await later.search("prune bud", limit=3)).passages == []
    (one,) = (await later.search("watered evening", limit=3)).passages
    assert one.text == "Roses are watered in the evening."
    assert (await later.search("stones", limit=3)).passages[0].source == "moss.md"
    (resource,) = await later.resources(counted=True)
    assert resource.passages == 2


async def test_only_the_named_corpora_are_searched(library: MakeLibrary, corpus: Callable[..., Path]) -> None:
    docs = library(corpus("garden", one=ROSES), corpus("house", one="# Roof\n\nThe roses of the roof window.\n"))
    names = {one.corpus for one in (await docs.search("roses", limit=5)).passages}
    assert names == {"garden", "house"}
    only = (await docs.search("roses", limit=5, sources=["House"])).passages
    assert {one.corpus for one in only} == {"house"}
    with pytest.raises(BadRequest, match=r"no resources named cellar\. There are: garden, house"):
        await docs.search("roses", limit=5, sources=["cellar"])


async def test_a_site_chooses_which_are_offered(library: MakeLibrary, corpus: Callable[..., Path]) -> None:
    docs = library(corpus("garden", one=ROSES), corpus("house", one=FERNS), chosen=["house"])
    assert [one.name for one in await docs.resources()] == ["house"]


@pytest.mark.parametrize(
    "question", ["", "?!*()[]{}^~\"'\\:/+-", "AND OR NOT", "x" * 100_000, "'; DROP TABLE", "the of"]
)
async def test_no_question_breaks_the_search(library: MakeLibrary, corpus: Callable[..., Path], question: str) -> None:
    await library(corpus(roses=ROSES)).search(question, limit=3)


async def test_own_folders_are_indexed_listed_and_forgotten(
    library: MakeLibrary, corpus: Callable[..., Path], tmp_path: Path
) -> None:
    notes = tmp_path / "My Notes"
    notes.mkdir()
    for number in range(3):
        (notes / f"note{number}.txt").write_text(f"The gauge number{number} stood in Bremen.")
    docs = library(corpus(roses=ROSES))
    steps = await indexed(docs, notes)
    assert steps[-1] == Progress("my-notes", 3, 3, 3, 0, finished=True)
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    again = await indexed(docs, notes)
    assert again[-1].passages == 0
    first = (await docs.search("gauge number1", limit=1)).passages[0]
    assert (first.source, first.standing) == ("note1.txt", "own")
    assert [one.name for one in await docs.resources()] == ["garden", "my-notes"]
    assert [one.name for one in await docs.resources(own=False)] == ["garden"]
    assert (await docs.search("gauge Bremen", limit=3, own=False)).passages == []
    await docs.remove("my-notes")
    assert (await docs.search("gauge Bremen", limit=3)).passages == []
    assert [one.name for one in await docs.resources(counted=True)] == ["garden"]
    with pytest.raises(BadRequest):
        await docs.remove("my-notes")
    with pytest.raises(BadRequest):
        await docs.remove("garden")


async def test_secrets_hidden_files_links_and_data_are_not_read(library: MakeLibrary, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "diary.md").write_text("zebra in the diary")
    folder = tmp_path / "folder"
    (folder / ".hidden").mkdir(parents=True)
    for name in (".env.md", ".hidden/a.md", "api_token.txt", "my-password.md", "data.csv"):
        (folder / name).write_text("zebra in a place where it must not be found")
    (folder / "link.md").symlink_to(outside / "diary.md")
    (folder / "linked").symlink_to(outside)
    os.mkfifo(folder / "pipe.md")
    (folder / "plain.md").write_text("a zebra in plain sight")
    docs = library()
    steps = await indexed(docs, folder)
    assert (steps[-1].total, steps[-1].unread) == (1, 0)
    assert [one.source for one in (await docs.search("zebra", limit=9)).passages] == ["plain.md"]


@pytest.mark.parametrize("folder", ["/", "~", "/nowhere/at/all", "~/.ssh", __file__])
async def test_not_every_folder_is_indexed(library: MakeLibrary, folder: str) -> None:
    with pytest.raises(BadRequest):
        await indexed(library(), Path(folder))
    assert await library().resources() == []


async def test_unreadable_documents_are_counted_and_left_out(library: MakeLibrary, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "good.md").write_text("a lighthouse")
    (folder / "bad.ipynb").write_text("{")
    (folder / "empty.md").write_text("")
    steps = await indexed(library(), folder)
    assert (steps[-1].total, steps[-1].passages, steps[-1].unread) == (3, 1, 2)


async def test_docstrings_of_an_installed_package(library: MakeLibrary) -> None:
    docs = library("python:msgspec")
    found = (await docs.search("convert a value to a type, validating it", limit=5)).passages
    assert found
    assert all(one.corpus == "msgspec" for one in found)
    assert await library("python:no such", "python:nothing_here").resources() != []
    gone = await library("python:nothing_here").search("x", limit=1)
    assert gone.note == "Not there any more: Docstrings of nothing_here."


async def test_the_index_is_for_this_account_alone(
    library: MakeLibrary, corpus: Callable[..., Path], tmp_path: Path
) -> None:
    before = os.umask(0)
    try:
        docs = library(corpus(roses=ROSES))
        notes = tmp_path / "notes"
        notes.mkdir()
        (notes / "a.md").write_text("a note")
        await indexed(docs, notes)
        await docs.search("roses", limit=1)
    finally:
        os.umask(before)
    index = tmp_path / "index"
    paths = [index, *index.rglob("*")]
    assert len(paths) > 10
    assert [path.name for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


async def test_a_helper_that_dies_is_one_failed_answer(library: MakeLibrary, corpus: Callable[..., Path]) -> None:
    docs = library(corpus(roses=ROSES))
    await docs.search("roses", limit=1)
    pid = docs.worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)  # so that the search is under way when the helper dies
    search = asyncio.create_task(docs.search("roses", limit=1))
    while not docs.worker._under_way:  # type: ignore[attr-defined]
        await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(WorkerFailed):
        await search
    assert (await docs.search("roses", limit=1)).passages


async def test_the_shipped_corpora_are_whole_and_answer(library: MakeLibrary) -> None:
    docs = library(shipped=[shipped("resources")])
    resources = {one.name: one for one in await docs.resources()}
    assert set(resources) == {"climate-practice", "freva-client", "hpc", "stableclimgen"}
    assert all(one.title and one.licence and one.source for one in resources.values())
    for question, source in (
        ("Which years come from ERA5 and which from NextGEMS?", "decode.md"),
        ("How do I search files of a region with bbox?", "time-and-region.md"),
        ("area weighted global mean", "area-weights.md"),
        ("my job was killed, out of memory", "jobs-and-nodes.md"),
    ):
        found = (await docs.search(question, limit=3)).passages
        assert source in [one.source for one in found], question


def test_examples_that_ship_are_code_that_compiles() -> None:
    lines = (shipped("resources") / "stableclimgen" / "examples.jsonl").read_text().splitlines()
    codes = [json.loads(json.loads(line)["content"])["code"] for line in lines if '"Code"' in line]
    assert len(codes) == 3
    for code in codes:
        compile(code, "example", "exec")
