"""Chats that came from a file: that they did, and which of their code ran to its end where they were written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..domain.variants import CodeOutput, ServerHint, StreamVariant

SOURCE = "an imported chat"
REASON = "It comes from an imported chat: somebody else may have written it."


def notice_of(text: str, codes: Iterable[str]) -> ServerHint:
    """Return the notice that stands in an imported chat, and in all that is forked from it."""
    return ServerHint({"notice": {"text": text, "imported": True, "codes": list(codes)}})


def is_imported(items: Iterable[StreamVariant]) -> bool:
    """Whether a chat, or one that it was forked from, came from a file."""
    return any(True for _ in _notices(items))


def codes_in(items: Iterable[StreamVariant]) -> set[str]:
    """Return the ids of the imported code that ran to its end."""
    told = (notice.get("codes") for notice in _notices(items))
    return {code for codes in told if isinstance(codes, list) for code in codes if isinstance(code, str)}


def ran(items: Sequence[StreamVariant]) -> set[str]:
    """Return the ids of the code that ran to its end, as a file tells; where it tells of no run, what raised nothing.

    Nobody vouches for it: it is enough to offer the code, and each piece is asked about.
    """
    runs = [
        run
        for item in items
        if isinstance(item, ServerHint) and isinstance(run := item.content.get("run"), dict) and "state" in run
    ]
    done = {str(run.get("id")) for run in runs if run["state"] == "done"} | codes_in(items)
    if runs or done:
        return done
    outputs = [item for item in items if isinstance(item, CodeOutput)]
    raised = {item.id for item in outputs if any(shown.get("output_type") == "error" for shown in item.display)}
    return {item.id for item in outputs} - raised


def _notices(items: Iterable[StreamVariant]) -> Iterator[dict[str, Any]]:
    for item in items:
        if isinstance(item, ServerHint) and isinstance(notice := item.content.get("notice"), dict):
            if notice.get("imported") is True:
                yield notice
