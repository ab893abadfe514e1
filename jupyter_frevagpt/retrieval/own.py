"""The folders that the user had indexed: one small file each, so that several processes need no lock for the list."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ..domain.errors import BadRequest, StoreUnavailable
from ..domain.passages import Corpus
from .corpora import of_folder

_FULL = "The list of indexed folders cannot be written. Is the disk of Jupyter's data directory full?"


class OwnFolders:
    """The list of one user's folders, below the index's folder."""

    def __init__(self, index: Path) -> None:
        self._root = index
        self._folder = index / "own"

    def list(self) -> list[Corpus]:
        """Return them by their names."""
        found: list[Corpus] = []
        with contextlib.suppress(OSError):
            for path in sorted(self._folder.glob("*.json")):
                with contextlib.suppress(OSError, msgspec.DecodeError):
                    found.append(msgspec.json.decode(path.read_bytes(), type=Corpus))
        return [corpus for corpus in found if corpus.standing == "own"]

    def add(self, folder: Path, taken: Sequence[str]) -> Corpus:
        """Return the corpus of a folder, which is in the list from now on; a name that is taken is not used."""
        known = self.list()
        for corpus in known:
            if corpus.place == str(folder):
                return corpus
        corpus = of_folder(folder, "own", [*taken, *(one.name for one in known)])
        try:
            for made in (self._root, self._folder):
                made.mkdir(mode=0o700, parents=True, exist_ok=True)
                made.chmod(0o700)
            # A process that adds another folder of this name at the same moment loses, and says so.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(self._folder / f"{corpus.name}.json", flags, 0o600), "wb") as file:
                file.write(msgspec.json.encode(corpus))
        except FileExistsError:
            raise BadRequest("Another folder of this name is being added at this moment. Try again.") from None
        except OSError as error:
            raise StoreUnavailable(_FULL) from error
        return corpus

    def remove(self, name: str) -> Corpus:
        """Take a folder off the list and return it; raises BadRequest for a name that is not there."""
        for corpus in self.list():
            if corpus.name == name:
                with contextlib.suppress(FileNotFoundError):
                    (self._folder / f"{name}.json").unlink()
                return corpus
        raise BadRequest(f"No folder of yours is indexed as {name[:80]}. `resources` lists those that are.")
