"""One model round: the pieces of an answer as they come, made into the lines and items of the turn."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from ..domain.values import CallDelta, ModelChunk, ToolRequest, Usage
from ..domain.variants import Assistant, Code, StreamVariant, code_content
from .code_argument import CodeArgument
from .transcript import CODE_TOOL


class Call:
    """A tool call that the model is writing."""

    def __init__(self, call_id: str) -> None:
        self.id = call_id
        self.name = ""
        self.raw = ""
        self.problem = ""
        self._argument = CodeArgument()
        self._fed = 0

    @property
    def is_code(self) -> bool:
        """Whether it asks for code to be run."""
        return self.name == CODE_TOOL

    @property
    def request(self) -> ToolRequest:
        """The call as a tool gets it."""
        arguments = code_content(self._argument.code) if self.is_code else self.raw
        return ToolRequest(self.id, self.name, arguments)

    def new_fragments(self) -> list[StreamVariant]:
        """Return the Code lines that what was written since the last call completes."""
        if not self.is_code or self._fed == len(self.raw):
            return []
        fresh, self._fed = self.raw[self._fed :], len(self.raw)
        return [Code(piece, self.id) for piece in self._argument.feed(fresh)]

    def last_fragments(self) -> list[StreamVariant]:
        """Return the Code lines that end the call; sets ``problem`` where it cannot be run."""
        out = self.new_fragments()
        rest, self.problem = self._argument.finish()
        return out + [Code(piece, self.id) for piece in rest]

    def whole(self) -> Code:
        """Return the item that is stored."""
        return Code(code_content(self._argument.code), self.id)


class Round:
    """Collects one round of the model's.

    Clients join neighbouring lines of one variant whatever their ids, so only one thing is written at a time: the
    text, then the first call's code as it comes; further calls, and text behind a call, wait for their turn.
    """

    def __init__(
        self,
        emit: Callable[[StreamVariant], None],
        keep: Callable[[StreamVariant], None],
        ids: set[str],
        begun: str = "",
    ) -> None:
        """``emit`` writes a line, ``keep`` stores a finished item, ``ids`` are the call ids taken in this thread.

        ``begun`` is text that was written behind the calls of the round before: readers join it with this round's,
        so it is stored with it.
        """
        self._emit = emit
        self._keep = keep
        self._ids = ids
        self._text: list[str] = [begun]
        self._late: list[str] = []
        self._calls: dict[int, Call] = {}
        self._open: Call | None = None
        self.usage = Usage()

    @property
    def between(self) -> bool:
        """Whether a notice may be written now: it would split a run of text or code that is still being written."""
        return not "".join(self._text) and self._open is None

    def take(self, chunk: ModelChunk) -> None:
        """Take a piece of the answer."""
        if chunk.text:
            if self._calls:
                self._late.append(_whole_characters(chunk.text))
            else:
                self._text.append(_whole_characters(chunk.text))
                self._emit(Assistant(_whole_characters(chunk.text)))
        for delta in chunk.calls:
            self._take_call(delta)
        if chunk.usage is not None:
            self.usage = chunk.usage

    def _take_call(self, delta: CallDelta) -> None:
        call = self._calls.get(delta.index)
        if call is None:
            self._end_text()
            call = self._calls[delta.index] = Call(self._unique(delta.id))
            if self._open is None:
                self._open = call
        if delta.name and not call.name:
            call.name = delta.name
        call.raw += delta.arguments
        if call is self._open:
            self._write(call.new_fragments())

    def _unique(self, proposed: str) -> str:
        call_id = proposed if proposed and proposed not in self._ids else f"call_{secrets.token_hex(8)}"
        self._ids.add(call_id)
        return call_id

    def _write(self, lines: list[StreamVariant]) -> None:
        for line in lines:
            self._emit(line)

    def _end_text(self) -> None:
        """Store the text so far: a call follows, or the round has ended."""
        if text := "".join(self._text):
            self._keep(Assistant(text))
        self._text.clear()

    def calls(self) -> list[Call]:
        """Return the calls of the finished round in the model's order."""
        self._end_text()
        return [self._calls[index] for index in sorted(self._calls)]

    def write_whole(self, call: Call) -> None:
        """Write what of a code call has not been written yet, and store it."""
        self._write(call.last_fragments())
        self._keep(call.whole())
        if call is self._open:
            self._open = None

    def late_text(self) -> str:
        """Write the text that came behind a call, and return it: the next round stores it."""
        if text := "".join(self._late):
            self._emit(Assistant(text))
        self._late.clear()
        return text

    def settle(self) -> str:
        """End a round that broke off; returns the id of a code call that was being written, "" without one."""
        self._end_text()
        call = self._open
        written = call is not None and call.is_code and bool(call.raw)
        if call is not None and written:
            self.write_whole(call)
        if late := self.late_text():
            self._keep(Assistant(late))
        return call.id if call is not None and written else ""


def _whole_characters(text: str) -> str:
    """Return text without half surrogate pairs, which no line and no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
