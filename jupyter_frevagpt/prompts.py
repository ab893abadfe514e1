"""Prompts: texts that stand before a conversation, read from folders; a site's folder overrides ours file by file."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import msgspec

from .domain.variants import StreamVariant, decode

_log = logging.getLogger("jupyter_frevagpt.prompts")

BASELINE = "baseline"
_FILES = ("starting_prompt.md", "summary_prompt.md", "examples.jsonl")


class PromptFolders:
    """Reads ``starting_prompt.md``, ``summary_prompt.md`` and ``examples.jsonl``.

    Each file is looked for in ``{folder}/{model}`` and ``{folder}/baseline`` of every folder in turn, the site's
    before ours. A line of ``examples.jsonl`` is one StreamVariant. A changed file counts from the next question on.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)

    def before(self, model: str) -> tuple[str, list[StreamVariant], str]:
        """Return the starting prompt, the worked examples and the summary prompt for a model."""
        starting, summary, examples = (self._text(name, model) for name in _FILES)
        return starting, list(_examples(examples)), summary

    def _text(self, name: str, model: str) -> str:
        kinds = [BASELINE] if "/" in model or model.startswith(".") else [model, BASELINE]
        for folder in self._folders:
            for kind in kinds:
                path = folder / kind / name
                if path.is_file():
                    return path.read_text(encoding="utf-8").strip()
        return ""


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
