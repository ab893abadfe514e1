"""The corpora that there are: folders with a manifest, folders of the user's, docstrings of installed packages."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from ..domain.passages import Corpus, Standing

MANIFEST = "manifest.json"
PYTHON = "python:"

_log = logging.getLogger("jupyter_frevagpt.retrieval")
_PACKAGE = re.compile(r"[A-Za-z_]\w*")
_NAME = re.compile(r"[^a-z0-9]+")


class Manifest(msgspec.Struct, frozen=True):
    """What stands in a corpus's ``manifest.json``."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    licence: Annotated[str, msgspec.Meta(max_length=200)] = ""
    source: Annotated[str, msgspec.Meta(max_length=500)] = ""


def corpora_at(places: Sequence[str | Path], standing: Standing) -> list[Corpus]:
    """Return the corpora at these places, each name once.

    A place is a folder with a manifest, a folder of such folders, a folder without any, or ``python:<package>``. What
    cannot be used is left out with a warning.
    """
    found: dict[str, Corpus] = {}
    for place in places:
        for corpus in _at(place, standing):
            found.setdefault(corpus.name, corpus)
    return list(found.values())


def _at(place: str | Path, standing: Standing) -> Iterator[Corpus]:
    if isinstance(place, str) and place.startswith(PYTHON):
        package = place.removeprefix(PYTHON)
        if _PACKAGE.fullmatch(package):
            yield Corpus(package.lower(), f"Docstrings of {package}", place, standing, source=f"the package {package}")
        else:
            _log.warning("A resource python:... names no package that can be imported, and is left out.")
        return
    folder = Path(place).expanduser()
    if not folder.is_dir():
        _log.warning("A resource folder is not there, and is left out.")
    elif (folder / MANIFEST).is_file():
        yield from _described(folder, standing)
    elif below := [one for one in sorted(folder.iterdir()) if (one / MANIFEST).is_file()]:
        for one in below:
            yield from _described(one, standing)
    elif standing != "shipped":
        yield of_folder(folder, standing)


def _described(folder: Path, standing: Standing) -> Iterator[Corpus]:
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        _log.warning("The manifest of the resource folder %s cannot be used, so that folder is left out.", folder.name)
        return
    place = str(folder.absolute())
    yield Corpus(manifest.name, manifest.title, place, standing, manifest.licence, manifest.source)


def of_folder(folder: Path, standing: Standing, taken: Sequence[str] = ()) -> Corpus:
    """Return a corpus of a folder without a manifest, named after it, and differently from those that are taken."""
    stem = _NAME.sub("-", folder.name.lower()).strip("-")[:48] or "folder"
    name, count = stem, 1
    while name in taken:
        count += 1
        name = f"{stem}-{count}"
    return Corpus(name, folder.name, str(folder.absolute()), standing)
