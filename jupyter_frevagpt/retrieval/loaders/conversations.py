"""Conversations in JSON lines: each question heads the example that answers it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from ..sections import Section

_LONGEST_QUESTION = 200
_MOST_OUTPUT = 1000


def of_conversations(text: str) -> list[Section]:
    """Return a section a question.

    A line is a StreamVariant, a chat message with ``role`` and ``content``, or an object with ``messages``. Lines
    that are none of these are left out.
    """
    sections: list[Section] = []
    question, start = "", 1
    held: list[str] = []
    for number, who, said in _said(text):
        if who == "user":
            sections += _section(question, held, start)
            question, start, held = said, number, []
        else:
            held.append(said)
    return sections + _section(question, held, start)


def _section(question: str, held: list[str], start: int) -> list[Section]:
    answer = "\n\n".join(part for part in held if part.strip())
    heading = " ".join(question.split())[:_LONGEST_QUESTION]
    return [Section(heading, f"{question.strip()}\n\n{answer}".strip(), start)] if question and answer else []


def _said(text: str) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            one = msgspec.json.decode(line)
        except msgspec.DecodeError:
            continue
        many = one.get("messages") if isinstance(one, dict) else None
        for item in many if isinstance(many, list) else [one]:
            if isinstance(item, dict) and isinstance(item.get("content"), str):
                who, said = _told(item)
                if who:
                    yield number, who, said


def _told(item: dict[str, Any]) -> tuple[str, str]:
    content: str = item["content"]
    match str(item.get("variant") or item.get("role")).lower():
        case "user":
            return "user", content
        case "assistant":
            return "assistant", content
        case "code":
            return "assistant", f"```python\n{_code(content).rstrip()}\n```"
        case "codeoutput" | "tool":
            return "assistant", f"```\n{content[:_MOST_OUTPUT].rstrip()}\n```" if content.strip() else ""
        case _:
            return "", ""


def _code(content: str) -> str:
    try:
        found = msgspec.json.decode(content, type=dict[str, str])
    except msgspec.DecodeError:
        return content
    return found.get("code", content)
