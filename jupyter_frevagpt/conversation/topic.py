"""The topic of a thread, from its first question."""

from __future__ import annotations

_LENGTH = 80


def topic_of(question: str) -> str:
    """Return the question with its white space folded, at most 80 characters and an ellipsis."""
    folded = " ".join(question.split())
    return folded if len(folded) <= _LENGTH else folded[:_LENGTH].rstrip() + "…"
