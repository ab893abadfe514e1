"""Prompts: texts that stand before a conversation, read from folders; a site's folder overrides ours file by file."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import msgspec

from .domain.variants import StreamVariant, decode

_log = logging.getLogger("jupyter_frevagpt.prompts")

BASELINE = "baseline"
SMALL = "small"
_FEW_BILLIONS = re.compile(r"(?<![\d.a-z])(\d+(?:\.\d+)?)b(?![a-z0-9])", re.IGNORECASE)
_SMALL_BELOW = 9
_FILES = ("starting_prompt.md", "summary_prompt.md", "examples.jsonl")


class PromptFolders:
    """Reads ``starting_prompt.md``, ``summary_prompt.md``, ``notebook_prompt.md`` and ``examples.jsonl``.

    Each file is looked for in the folders of a model: that of the catalogue's ``prompt_set``, those of the model's
    name and its beginnings up to a hyphen, ``small`` where the name tells of less than nine billion parameters, and
    ``baseline``; first in all of the site's, then in ours. A line of ``examples.jsonl`` is one StreamVariant. A changed
    file counts from the next question on.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)

    def before(self, model: str, prompt_set: str = "") -> tuple[str, list[StreamVariant], str]:
        """Return the starting prompt, the worked examples and the summary prompt for a model."""
        kinds = kinds_of(model, prompt_set)
        starting, summary, examples = (self._text(name, kinds) for name in _FILES)
        return starting, list(_examples(examples)), summary

    def notebook(self, model: str, prompt_set: str = "") -> str:
        """Return what a model is told that may work in the notebook which is open."""
        return self._text("notebook_prompt.md", kinds_of(model, prompt_set))

    def title(self) -> str:
        """Return what a model is told that writes a title."""
        return self._text("title_prompt.md", [BASELINE])

    def _text(self, name: str, kinds: Sequence[str]) -> str:
        for folder in self._folders:
            for kind in kinds:
                path = folder / kind / name
                if path.is_file():
                    return path.read_text(encoding="utf-8").strip()
        return ""


def kinds_of(model: str, prompt_set: str = "") -> list[str]:
    """Return the names of the folders that count for a model, the most special first."""
    folders, _, name = model.rpartition("/")
    if ".." in folders.split("/"):
        name = ""
    parts = name.split("-")
    beginnings = ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]
    size = _FEW_BILLIONS.search(name)
    small = [SMALL] if size and float(size[1]) < _SMALL_BELOW else []
    kinds = [prompt_set, *beginnings, *small, BASELINE]
    return [kind for kind in dict.fromkeys(kinds) if kind and "/" not in kind and not kind.startswith(".")]


@lru_cache(maxsize=16)
def _examples(text: str) -> tuple[StreamVariant, ...]:
    found: list[StreamVariant] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found.append(decode(line))
        except msgspec.DecodeError:
            _log.warning("line %d of examples.jsonl is not a StreamVariant and is left out", number)
    return tuple(found)
