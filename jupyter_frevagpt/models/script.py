"""The script of the scripted model service: which question gets which answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec


class When(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a request must hold; a text is found as it is or as a regular expression, None asks nothing."""

    user: str | None = None
    system: str | None = None
    tool: str | None = None
    model: str | None = None
    after_tool: bool | None = None


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tool call; ``fragments`` is the number of pieces its arguments come in, an ``id`` of null goes out as null."""

    name: str
    arguments: dict[str, Any] | str = ""
    fragments: int = 1
    id: str | msgspec.UnsetType | None = msgspec.UNSET

    def pieces(self) -> list[str]:
        """Return the argument text in pieces; an object is written as compact JSON."""
        text = self.arguments
        if not isinstance(text, str):
            text = json.dumps(text, separators=(",", ":"), ensure_ascii=False)
        size = max(1, -(-len(text) // max(1, self.fragments)))
        return [text[at : at + size] for at in range(0, len(text), size)] or [""]


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One step of an answer: exactly one of text, call, calls, status, cut, stall, raw, usage and finish."""

    text: str | None = None
    chunk: int | str = 0
    delay: float = 0.0
    call: Call | None = None
    calls: list[Call] | None = None
    status: int | None = None
    headers: dict[str, str] = {}
    body: Any = None
    cut: bool = False
    stall: float | None = None
    raw: str | None = None
    usage: dict[str, int] | None = None
    finish: str | None = None

    def __post_init__(self) -> None:
        kinds = (self.text, self.call, self.calls, self.status, self.cut or None, self.stall, self.raw, self.usage)
        if sum(kind is not None for kind in (*kinds, self.finish)) != 1:
            raise ValueError("a step is exactly one of text, call, calls, status, cut, stall, raw, usage and finish")

    def texts(self) -> list[str]:
        """Return the text in pieces: of ``chunk`` characters, of one word (``"word"``), or in one (0)."""
        text = self.text or ""
        if self.chunk == "word":
            return re.findall(r"\s*\S+\s*$|\s*\S+", text) or [text]
        size = int(self.chunk) or len(text) or 1
        return [text[at : at + size] for at in range(0, len(text), size)] or [""]


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An answer and when it is given; a rule that counts ``once`` is used up by its first match."""

    reply: list[Step]
    when: When = When()
    once: bool = False


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules, tried in order, the names that ``/v1/models`` lists, and the length of vectors."""

    rules: list[Rule]
    models: tuple[str, ...] = ("scripted",)
    dimension: int = 64


class Question(msgspec.Struct, frozen=True):
    """What the rules look at in a request; both protocols are brought to this.

    ``turns`` are (role, text, sees an image), with the role ``tool`` for a tool's output.
    """

    model: str
    system: str
    turns: list[tuple[str, str, bool]]

    @property
    def last(self) -> int:
        """The place of the user's last question; an image that follows a tool's output is not one."""
        for at in range(len(self.turns) - 1, -1, -1):
            role, _, image = self.turns[at]
            behind = next((turn for turn in reversed(self.turns[:at]) if not (turn[0] == "user" and turn[2])), None)
            if role == "user" and not (image and behind and behind[0] == "tool"):
                return at
        return -1

    @property
    def user(self) -> str:
        """The user's last question."""
        return self.turns[self.last][1] if self.last >= 0 else ""

    @property
    def tool(self) -> str | None:
        """The last tool output behind that question, None without one."""
        return next((text for role, text, _ in reversed(self.turns[self.last + 1 :]) if role == "tool"), None)

    def matches(self, when: When) -> bool:
        """Tell whether a rule's condition holds."""
        if when.after_tool is not None and when.after_tool != (self.tool is not None):
            return False
        if when.tool is not None and self.tool is None:
            return False
        pairs = ((when.user, self.user), (when.system, self.system), (when.tool, self.tool), (when.model, self.model))
        return all(wanted is None or found(wanted, text or "") for wanted, text in pairs)


class Stage:
    """The script, what of it is used up, and what was asked."""

    def __init__(self, script: Script) -> None:
        self.play(script)

    def play(self, script: Script) -> None:
        """Begin a script anew."""
        self.script = script
        self.asked: list[dict[str, Any]] = []
        self._used: set[int] = set()

    def answer(self, question: Question) -> tuple[int, list[Step]] | None:
        """Return the number and reply of the first rule that matches, None without one."""
        for number, rule in enumerate(self.script.rules):
            if number not in self._used and question.matches(rule.when):
                if rule.once:
                    self._used.add(number)
                return number, rule.reply
        return None


def found(wanted: str, text: str) -> bool:
    """Tell whether a text holds a string, taken as it is or as a regular expression."""
    if wanted in text:
        return True
    try:
        return re.search(wanted, text) is not None
    except re.error:
        return False


def read_script(data: bytes) -> Script:
    """Return the script in a JSON document, a list of rules or an object; raises ``msgspec.ValidationError``."""
    if data.lstrip().startswith(b"["):
        return Script(msgspec.json.decode(data, type=list[Rule]))
    return msgspec.json.decode(data, type=Script)


def openai_question(request: dict[str, Any]) -> Question:
    """Return what a request of the OpenAI protocol asks."""
    turns = [(m.get("role", ""), text_of(m.get("content")), _image(m.get("content"))) for m in request["messages"]]
    system = "\n".join(text for role, text, _ in turns if role in ("system", "developer"))
    return Question(
        request.get("model", ""), system, [turn for turn in turns if turn[0] not in ("system", "developer")]
    )


def anthropic_question(request: dict[str, Any]) -> Question:
    """Return what a request of Anthropic's protocol asks."""
    turns: list[tuple[str, str, bool]] = []
    for message in request["messages"]:
        content = message.get("content")
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
        outputs = [part for part in parts if part.get("type") == "tool_result"]
        turns += [("tool", text_of(part.get("content")), False) for part in outputs]
        others = [part for part in parts if part.get("type") != "tool_result"]
        if others:
            turns.append((message.get("role", ""), text_of(others), _image(others)))
    return Question(request.get("model", ""), text_of(request.get("system")), turns)


def text_of(content: Any) -> str:
    """Return the text of a message's content, a string or a list of parts."""
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _image(content: Any) -> bool:
    return isinstance(content, list) and any(part.get("type") in ("image_url", "image") for part in content)


def call_deltas(calls: list[Call], first: int, new_id: str) -> Iterator[dict[str, Any]]:
    """Yield ``tool_calls`` deltas: each call is opened, then the fragments of all take turns.

    ``first`` is the index of the first call, ``new_id`` the beginning of the ids of calls that name none.
    """
    pieces = [call.pieces() for call in calls]
    for at, call in enumerate(calls):
        identity = f"{new_id}_{first + at}" if call.id is msgspec.UNSET else call.id
        yield {
            "index": first + at,
            "id": identity,
            "type": "function",
            "function": {"name": call.name, "arguments": ""},
        }
    for round_ in range(max(map(len, pieces), default=0)):
        for at, texts in enumerate(pieces):
            if round_ < len(texts):
                yield {"index": first + at, "function": {"arguments": texts[round_]}}
