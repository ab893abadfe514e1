"""How the clients that we cannot change read a stream: a small model of their rules (decisions on the wire).

They decode each network chunk on its own, split it into lines, join neighbouring lines of one variant whatever their
ids, and one of them takes every string that looks like JSON for JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

LONGEST_LINE = 8192
SEPARATED = ("Image", "Code")


class PlainClient:
    """Reads chunks of bytes, cut anywhere; complains where a rule is broken."""

    def __init__(self) -> None:
        self._rest = b""
        self.lines: list[dict[str, Any]] = []

    def feed(self, chunk: bytes) -> None:
        chunk.decode("utf-8")  # a cut inside a character would raise here
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for line in whole:
            assert line.isascii()
            assert len(line) <= LONGEST_LINE, len(line)
            value = json.loads(line)
            assert isinstance(value.get("content"), str | dict)
            self.check_hint(value)
            self.lines.append(value)

    @staticmethod
    def check_hint(value: dict[str, Any]) -> None:
        if value["variant"] == "ServerHint":
            assert all(isinstance(inner, str | int | float | bool | dict) for inner in value["content"].values())

    def check_strings(self) -> None:
        """No string both begins with ``{`` and ends with ``}``; only the last Code fragment ends with ``"}``."""
        for line in self.lines:
            for text in strings(line):
                assert not (text.startswith("{") and text.endswith("}")), text
        for run in runs(self.lines):
            if run[0]["variant"] == "Code":
                assert run[0]["content"] == '{"code":"'
                assert not any(line["content"].endswith('"}') for line in run[:-1])

    def conversation(self) -> list[dict[str, Any]]:
        """Return what the client shows: runs of one variant joined, ids ignored, hints left out."""
        assert not self._rest
        assert self.lines[0]["variant"] == "ServerHint"
        assert "thread_id" in self.lines[0]["content"]
        assert self.lines[-1]["variant"] == "StreamEnd"
        shown = []
        for run in runs(self.lines):
            variant = run[0]["variant"]
            if variant == "ServerHint":
                continue
            if variant in SEPARATED:
                assert len({line["id"] for line in run}) == 1, "two items of one variant stand side by side"
            content = "".join(line["content"] for line in run)
            if variant == "Code":
                assert isinstance(json.loads(content)["code"], str)
            shown.append({"variant": variant, "content": content, **({"id": run[0]["id"]} if "id" in run[0] else {})})
        return [item for item in shown if item["content"] or item["variant"] == "CodeOutput"]


def runs(lines: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return neighbouring lines of one variant together."""
    out: list[list[dict[str, Any]]] = []
    for line in lines:
        if out and out[-1][0]["variant"] == line["variant"] != "ServerHint":
            out[-1].append(line)
        else:
            out.append([line])
    return out


def strings(value: Any) -> Iterable[str]:
    """Yield every string value inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
