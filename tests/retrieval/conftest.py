"""A library of documents with a real helper, in folders of the test's own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_frevagpt.retrieval.library import Library

MakeLibrary = Callable[..., Library]


@pytest.fixture
def library(tmp_path: Path, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[MakeLibrary]:
    """Return what makes libraries over the same index; without a local embedding unless a test asks for it."""
    all_made: list[Library] = []

    def make(*site: Path | str, **given: Any) -> Library:
        index = given.pop("index", tmp_path / "index")
        made = Library(index, given.pop("shipped", ()), [str(one) for one in site], **{"local": False, **given})
        all_made.append(made)
        return made

    yield make
    for made in all_made:
        jp_asyncio_loop.run_until_complete(made.aclose())


@pytest.fixture
def corpus(tmp_path: Path) -> Callable[..., Path]:
    """Return what writes a corpus: files by their names, with a manifest."""

    def write(name: str = "garden", **files: str) -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "manifest.json").write_text(json.dumps({"name": name, "title": f"The {name}", "licence": "own"}))
        for stem, text in files.items():
            (folder / f"{stem}.md").write_text(text)
        return folder

    return write
