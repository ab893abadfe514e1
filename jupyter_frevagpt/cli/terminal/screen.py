"""What a turn looks like in a terminal or a pipe: text, code behind "| ", output behind "> ", notes in brackets."""

from __future__ import annotations

import os
import re
from typing import Any, TextIO

from ...domain.legible import harmless, legible, one_line
from .text import CodeText

_CODE, _OUTPUT = "| ", "> "
_DIM, _CYAN, _RED, _BOLD = "2", "36", "31", "1"
_DECISIONS = {"once": "Allowed once.", "thread": "Allowed for this chat.", "deny": "Not allowed."}
_STATES = {
    "starting": "Starting a kernel for this chat.",
    "waiting": "Waiting for the cell that runs in the kernel.",
}


class Screen:
    """Shows the objects of a stream as they come.

    ``out`` takes the conversation, ``notes`` what is told about it; on a terminal both are one screen. The marks at
    the line starts cannot be forged by what is shown: code and output never begin a line without them.
    """

    def __init__(self, out: TextIO, notes: TextIO) -> None:
        self._out = out
        self._notes = notes
        self._terminal = out.isatty()
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        self._colour = self._terminal and not plain
        self._notes_colour = notes.isatty() and not plain
        self._block: tuple[str, str] = ("", "")
        self._latest = self._block
        self._fresh = True
        self._codes: dict[str, CodeText] = {}
        self._live: dict[str, str] = {}

    def show(self, item: dict[str, Any]) -> None:
        """Show one object; what is unknown shows nothing."""
        content = item.get("content")
        call = str(item.get("id", ""))
        match item.get("variant"):
            case "Assistant":
                self._put("text", "", harmless(str(content)).replace("\r", ""))
            case "Code":
                code = self._codes.setdefault(call, CodeText())
                self._put("code", call, legible(code.feed(str(content))), _CODE, _CYAN)
            case "CodeOutput":
                self._output(call, str(content))
            case "Image":
                self.note(f"A figure ({len(str(content)) * 3 // 4000} kB, PNG): JupyterLab shows it in this chat.")
            case "ToolCall":
                self.note(f"Calls {one_line(str(item.get('tool_name', '')))}.")
            case "ServerHint" if isinstance(content, dict):
                self._hint(content)
            case "ServerError" | "OpenAIError":
                self.error(str(content))
            case "CodeError":
                self._put("output", call, harmless("\n".join(map(str, content or []))), _OUTPUT)
            case "StreamEnd":
                self.end()
                if content not in ("Finished.", "Nothing is running."):
                    self.note(str(content))

    def code(self, call: str, source: str) -> None:
        """Show code that is to be judged, unless it is what was shown last."""
        shown = self._codes.get(call)
        if self._latest == ("code", call) and shown is not None and not shown.rest() and shown.source == source:
            return
        self.end()
        self._put("code", call, legible(source), _CODE, _CYAN)
        self.end()

    def end(self) -> None:
        """End the line that is under way."""
        if not self._fresh:
            self._write("\n")
            self._fresh = True
        self._block = ("", "")

    def note(self, text: str) -> None:
        """Tell something about the conversation."""
        self._tell(f"[{one_line(text)}]", _DIM)

    def error(self, text: str) -> None:
        """Tell what went wrong."""
        self._tell(f"[Error: {one_line(text)}]", _RED)

    def say(self, text: str) -> None:
        """Tell something that the user is to read before they answer."""
        self._tell(text, _BOLD)

    def _tell(self, text: str, style: str) -> None:
        if self._terminal:
            self.end()
        self._notes.write((f"\x1b[{style}m{text}\x1b[0m" if self._notes_colour else text) + "\n")
        self._notes.flush()

    def _output(self, call: str, content: str) -> None:
        if (code := self._codes.get(call)) is not None and (rest := code.rest()):
            self._put("code", call, legible(rest), _CODE, _CYAN)
        printed = self._live.pop(call, "")
        if not content.startswith(printed):
            self.end()  # some of it was taken back or comes in another order: the whole is what counts
            printed = ""
        self._put("output", call, harmless(content[len(printed) :]), _OUTPUT)
        self.end()

    def _hint(self, content: dict[str, Any]) -> None:
        match content:
            case {"output": {"id": str(call), "text": str(text)}}:
                self._live[call] = self._live.get(call, "") + text
                self._put("output", call, harmless(text), _OUTPUT)
            case {"notice": {"text": str(text)}}:
                self.note(text)
            case {"run": {"state": str(state)}} if state in _STATES:
                self.note(_STATES[state])
            case {"changes": dict(changes)} if "undone" not in changes:
                if text := _changed(changes):
                    self.note(text)
            case {"approval": {"id": "", "decision": str(decision)}}:
                self.note(_DECISIONS.get(decision, "Decided."))

    def _put(self, block: str, name: str, text: str, mark: str = "", style: str = "") -> None:
        """Write text of a block, each line behind its mark; another block begins on a line of its own."""
        if not text:
            return
        if self._block != (block, name):
            self.end()
            self._block = self._latest = (block, name)
        pieces: list[str] = []
        # A progress bar goes back to the start of its line, and behind its mark.
        for part in re.split("(\n|\r\n|\r)", text):
            if part in ("\n", "\r\n") or (part == "\r" and not self._terminal):
                if self._fresh and mark:
                    pieces.append(mark.rstrip())
                pieces.append("\n")
                self._fresh = True
            elif part == "\r":
                pieces.append("\r")
                self._fresh = True
            elif part:
                pieces.append(mark + part if self._fresh else part)
                self._fresh = False
        written = "".join(pieces)
        if style and self._colour:
            written = "\n".join(f"\x1b[{style}m{line}\x1b[0m" if line else "" for line in written.split("\n"))
        self._write(written)

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def _changed(changes: dict[str, Any]) -> str:
    """Return what a run did to variables and files, as a sentence."""
    parts = [
        f"{word} {', '.join(map(str, names))}"
        for key, word in (("created", "new"), ("rebound", "set"), ("changed", "changed"), ("deleted", "deleted"))
        if isinstance(names := changes.get(key), list) and names
    ]
    unknown = changes.get("unknown")
    if isinstance(unknown, dict) and unknown:
        parts.append(f"perhaps changed {', '.join(map(str, unknown))}")
    files = changes.get("files")
    for file in files if isinstance(files, list) else []:
        if isinstance(file, dict):
            parts.append(f"file {file.get('change')} {file.get('path')}")
    return f"Changes: {'; '.join(parts)}." if parts else ""
