"""How much one run may send out: head and tail of its text, and its mime bundles; the rest is counted."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

DEFAULTS = {
    "stream_chars": 1_000_000,
    "tail_chars": 20_000,
    "bundle_bytes": 10_000_000,
    "bundles_bytes": 50_000_000,
    "traceback_chars": 100_000,
}
_NAMED_BUNDLES = 20
_OURS = "<_frevagpt_guest."


class Allowance:
    """What is left of a run's budgets.

    Of printed text the first ``stream_chars`` characters are sent at once, and at the end the last ``tail_chars``, with
    a line between them that counts what lies there. A mime bundle over its budget leaves a line of text.
    """

    def __init__(self, caps: Any) -> None:
        given = caps if isinstance(caps, dict) else {}
        self.caps = {
            key: given[key] if type(given.get(key)) is int and given[key] >= 0 else default
            for key, default in DEFAULTS.items()
        }
        self.dropped_chars = 0
        self.dropped_bundles: list[dict[str, Any]] = []
        self.dropped_bundle_count = 0
        self._left = self.caps["stream_chars"]
        self._bundles_left = self.caps["bundles_bytes"]
        self._tail: deque[tuple[str, str]] = deque()
        self._tail_chars = 0
        self._closed = False
        self._lock = threading.Lock()

    def take(self, name: str, text: str) -> str:
        """Return what of a printed text may be sent now."""
        if len(text) <= self._left:  # the usual case, without the lock: a race here costs a few characters of budget
            self._left -= len(text)
            return text
        with self._lock:
            head = text[: self._left]
            self._left -= len(head)
            self._keep(name, text, len(head))
            return head

    def _keep(self, name: str, text: str, start: int) -> None:
        """Keep the end of what cannot be sent, count the rest."""
        limit = 0 if self._closed else self.caps["tail_chars"]
        kept = text[max(start, len(text) - limit) :] if limit else ""
        self.dropped_chars += len(text) - start - len(kept)
        if not kept:
            return
        self._tail.append((name, kept))
        self._tail_chars += len(kept)
        while self._tail_chars > limit:
            name, first = self._tail.popleft()
            rest = first[min(len(first), self._tail_chars - limit) :]
            self._tail_chars -= len(first) - len(rest)
            self.dropped_chars += len(first) - len(rest)
            if rest:
                self._tail.appendleft((name, rest))

    def close(self) -> list[tuple[str, str]]:
        """Return what remains to be sent, as (name of the stream, text); what comes later is only counted."""
        with self._lock:
            if self._closed:
                return []
            tail, self._tail, self._closed = list(self._tail), deque(), True
            if self.dropped_chars:
                name = tail[0][0] if tail else "stdout"
                tail.insert(0, (name, f"\n[... {self.dropped_chars:,} characters left out ...]\n"))
            return tail

    def bundle(self, content: dict[str, Any]) -> dict[str, Any]:
        """Return a display message's content, cut when it is over the budget."""
        data = content.get("data")
        if not isinstance(data, dict):
            return content
        sizes = {mime: _size(body) for mime, body in data.items()}
        total = sum(sizes.values())
        if total <= self.caps["bundle_bytes"] and total <= self._bundles_left:
            self._bundles_left -= total
            return content
        kept: dict[str, Any] = {}
        notes = []
        room = min(self.caps["bundle_bytes"], max(self._bundles_left, 0))
        for mime, size in sorted(sizes.items(), key=lambda item: item[1]):
            if size <= room:
                kept[mime] = data[mime]
                room -= size
                self._bundles_left -= size
            else:
                notes.append(f"[{mime} of {size:,} bytes left out]")
                self._count(mime, size)
        text = kept.get("text/plain", data.get("text/plain"))
        text = text[:2000] + "\n" if isinstance(text, str) and text else ""
        kept["text/plain"] = text + "\n".join(notes)
        return {**content, "data": kept}

    def _count(self, mime: str, size: int) -> None:
        self.dropped_bundle_count += 1
        if len(self.dropped_bundles) < _NAMED_BUNDLES:
            self.dropped_bundles.append({"mime": str(mime)[:100], "bytes": size})

    def error(self, content: dict[str, Any]) -> None:
        """Cut an error's texts in place, and take out the frame of ours that raised an interrupt."""
        limit = self.caps["traceback_chars"]
        for key in ("ename", "evalue"):
            content[key] = self._cut(content.get(key), limit // 10)
        lines = content.get("traceback")
        if isinstance(lines, list):
            lines[:] = [line for line in lines if not (isinstance(line, str) and _OURS in line)]
            room = limit
            for number, line in enumerate(lines):
                lines[number] = self._cut(line, room)
                room = max(0, room - len(lines[number]))

    def _cut(self, text: Any, limit: int) -> Any:
        if not isinstance(text, str) or len(text) <= limit:
            return text
        return f"{text[: limit // 2]}\n[... {len(text) - limit:,} characters left out ...]\n{text[-(limit // 2) :]}"

    def report(self) -> dict[str, Any]:
        """Return what was not sent."""
        return {
            "dropped_chars": self.dropped_chars,
            "dropped_bundles": self.dropped_bundles,
            "dropped_bundle_count": self.dropped_bundle_count,
        }


def _size(body: Any) -> int:
    if isinstance(body, (str, bytes)):
        return len(body)
    if isinstance(body, dict):
        return sum(_size(key) + _size(value) for key, value in body.items())
    if isinstance(body, (list, tuple)):
        return sum(_size(value) for value in body)
    return 8
