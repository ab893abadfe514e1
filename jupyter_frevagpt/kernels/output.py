"""What a run showed: the kernel's messages collected, and made into text, images and nbformat outputs."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import msgspec

from ..domain.redaction import Redactor
from ..domain.values import KernelImage, KernelOutput, RunState

Output = dict[str, Any]

_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]+[0-~]|\x1b[0-~]?|[\x80-\x9f]"
)
# Linear in any text, a kernel may send megabytes of it: no alternative scans further than the next match may begin.
_TAG = re.compile(r"<(script|style)\b.*?(?:</\1>|\Z)|<[^<>]*>", re.IGNORECASE | re.DOTALL)
_LONGEST_PART = 1_000_000
_TAIL_CHARS = 5_000
_MOST_OUTPUTS = 1_000
_MOST_BYTES = 100_000_000
_LONGEST_TRACEBACK = 2_000_000
_LONGEST_IMAGE = 16_000_000
_TEXT_TYPES = ("text/plain", "text/markdown", "text/latex")


class OutputCollector:
    """Collects the output messages of one run in order, at most ``max_chars`` characters of printed text.

    What was printed beyond that is announced, and kept apart up to ``rest_chars``. Of a result or a figure every part
    is kept that is not larger than the event loop can bear to write; a larger one is named.
    """

    def __init__(self, max_chars: int, rest_chars: int = 0, redactor: Redactor | None = None) -> None:
        """``redactor`` takes secrets out of all that comes, across the edges of messages too."""
        self._redactor = redactor or Redactor()
        self._clean = self._redactor.stream()
        self._name = ""
        self.outputs: list[Output] = []
        self._left = max_chars
        self._rest: list[str] = []
        self._rest_left = rest_chars
        self._beyond = 0
        self._clear_next = False
        self._displays: dict[str, list[Output]] = {}
        self._outputs_left = _MOST_OUTPUTS
        self._bytes_left = _MOST_BYTES
        self._left_out = 0

    def take(self, message_type: str, content: dict[str, Any]) -> str:
        """Take one message from iopub; returns the text that it printed."""
        if message_type == "clear_output":
            self._clear_next = bool(content.get("wait"))
            if not self._clear_next:
                self.clear()
            return ""
        if message_type == "update_display_data":
            for output in self._displays.get(_display_id(content), []):
                output |= self._redacted({key: content.get(key) for key in ("data", "metadata")})
            return ""
        if message_type not in ("stream", "display_data", "execute_result", "error"):
            return ""
        if self._clear_next:
            self.clear()
        if message_type == "stream":
            name = "stderr" if content.get("name") == "stderr" else "stdout"
            before = self.flush() if name != self._name else ""
            self._name = name
            return before + self._take_text(name, self._clean.feed(_clean(str(_text(content.get("text") or "")))))
        before = self.flush()
        self._take_output(message_type, content)
        return before

    def flush(self) -> str:
        """Take what was held back because a secret might have begun there; returns it."""
        return self._take_text(self._name, self._clean.flush())

    def clear(self) -> None:
        """Forget what was shown."""
        self.flush()
        self.outputs.clear()
        self._displays.clear()
        self._outputs_left, self._bytes_left = _MOST_OUTPUTS, _MOST_BYTES
        self._clear_next = False

    def _redacted(self, output: Output) -> Output:
        clean: Output = self._redactor.value(_sound(output))
        _cap(clean)
        return clean

    def _take_text(self, name: str, text: str) -> str:
        kept = text[: self._left]
        self._left -= len(kept)
        if len(kept) < len(text):
            self._take_rest(text[len(kept) :])
        last = self.outputs[-1] if self.outputs else None
        if kept and last and last["output_type"] == "stream" and last["name"] == name:
            last["text"].append(kept)
        elif kept:
            self.outputs.append({"output_type": "stream", "name": name, "text": [kept]})
        return kept

    def _take_rest(self, text: str) -> None:
        kept = text[: self._rest_left]
        self._rest_left -= len(kept)
        self._beyond += len(text)
        if kept:
            self._rest.append(kept)

    @property
    def rest(self) -> str:
        """What was printed beyond the output, as far as it is kept, with a note of what is not."""
        text = "".join(self._rest)
        missing = self._beyond - len(text)
        return text + (f"\n[{missing} more characters were printed and are not kept]\n" if missing else "")

    @property
    def rest_chars(self) -> int:
        """How many characters the rest has."""
        return sum(map(len, self._rest))

    def drop_rest(self) -> None:
        """Keep nothing of the rest any more."""
        self._rest.clear()
        self._rest_left = 0

    def _take_output(self, message_type: str, content: dict[str, Any]) -> None:
        keys = {
            "display_data": ("data", "metadata"),
            "execute_result": ("data", "metadata", "execution_count"),
            "error": ("ename", "evalue", "traceback"),
        }[message_type]
        output = {"output_type": message_type, **self._redacted({key: content.get(key) for key in keys})}
        if message_type == "execute_result":
            output["execution_count"] = None
        size = len(msgspec.json.encode(output))
        if self._outputs_left <= 0 or size > self._bytes_left:
            self._left_out += 1
            return
        self._outputs_left -= 1
        self._bytes_left -= size
        if display_id := _display_id(content):
            self._displays.setdefault(display_id, []).append(output)
        self.outputs.append(output)

    def result(self, state: RunState) -> KernelOutput:
        """Return what there is, as text for the model, images, and outputs for clients that render them."""
        self.flush()
        texts: list[str] = []
        display: list[Output] = []
        images: list[KernelImage] = []
        for output in self.outputs:
            shown, text = _shown(output)
            texts.append(text)
            data = shown.get("data")
            if data is not None and isinstance(png := data.get("image/png"), str):
                shown = {**shown, "data": {mime: body for mime, body in data.items() if mime != "image/png"}}
                images.append(KernelImage("".join(png.split()), len(display)))
            display.append(shown)
        if self._beyond:
            note = f"[{self._beyond} more characters were printed: the whole is kept apart for the user for a while]\n"
            tail = plain(self.rest[-_TAIL_CHARS:])
            texts.append(f"{note}[The last of them:]\n{_line(tail)}")
            display.append({"output_type": "stream", "name": "stderr", "text": note})
        if self._left_out:
            note = f"[{self._left_out} more results and figures were shown than are kept]\n"
            texts.append(note)
            display.append({"output_type": "stream", "name": "stderr", "text": note})
        # Once more: a secret that control codes had split has come together.
        return KernelOutput(self._redactor.text("".join(texts)), display, images, state)


def _display_id(content: dict[str, Any]) -> str:
    transient = content.get("transient")
    return str(transient.get("display_id") or "") if isinstance(transient, dict) else ""


def _sound(output: Output) -> Output:
    """Return an output's parts with the types that nbformat asks for and no half characters, whatever a kernel sent."""
    for key in ("data", "metadata"):
        if key in output and not isinstance(output[key], dict):
            output[key] = {}
    if "traceback" in output:
        lines = output["traceback"]
        output["traceback"] = [str(line) for line in lines] if isinstance(lines, list) else [str(lines or "")]
        output |= {key: str(output[key] or "") for key in ("ename", "evalue")}
    try:
        msgspec.json.encode(output)
    except (ValueError, TypeError, OverflowError, RecursionError):
        try:
            cleaned: Output = json.loads(_clean(json.dumps(output, ensure_ascii=False, default=str)))
        except (ValueError, RecursionError):
            return {**output, "data": {"text/plain": "[an output that cannot be written]"}, "metadata": {}}
        return cleaned
    return output


def _cap(output: Output) -> None:
    """Replace the parts of an output that are too large by a sentence; text keeps its beginning."""
    if lines := output.get("traceback"):
        output["traceback"] = _ends([line[: _LONGEST_TRACEBACK // 4] for line in lines])
    data: dict[str, Any] = output.get("data") or {}
    for mime, body in list(data.items()):
        size = len(body) if isinstance(body, str) else len(msgspec.json.encode(body))
        if size <= (_LONGEST_IMAGE if mime.startswith("image/") else _LONGEST_PART):
            continue
        note = f"[{mime} of {size} characters is too large to be kept]"
        if mime == "text/plain" and isinstance(body, str):
            data[mime] = f"{body[:_LONGEST_PART]}\n[{size - _LONGEST_PART} more characters are not kept]"
        else:
            del data[mime]
            data.setdefault("text/plain", note)


def _ends(lines: list[str]) -> list[str]:
    """Return a traceback's parts, of a very long one the first and the last: what was raised stands at the end."""
    if sum(map(len, lines)) <= _LONGEST_TRACEBACK:
        return lines
    head = _fitting(lines)
    tail = _fitting(lines[: len(head) - 1 if head else None : -1])[::-1]
    return [*head, f"[{len(lines) - len(head) - len(tail)} parts of the traceback are left out]", *tail]


def _fitting(lines: list[str]) -> list[str]:
    room, fitting = _LONGEST_TRACEBACK // 2, []
    for line in lines:
        if (room := room - len(line)) < 0:
            break
        fitting.append(line)
    return fitting


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _shown(output: Output) -> tuple[Output, str]:
    """Return an output as nbformat writes it, and its text ending with a line feed."""
    match output["output_type"]:
        case "stream":
            text = "".join(output["text"])
            return {**output, "text": text}, plain(text)
        case "error":
            lines = output["traceback"] or [f"{output['ename']}: {output['evalue']}"]
            return output, _line(plain("\n".join(lines)))
        case _:
            data = {mime: _text(body) for mime, body in (output["data"] or {}).items()}
            return {**output, "data": data, "metadata": output["metadata"] or {}}, _line(_mime_text(data))


def _text(body: Any) -> Any:
    return "".join(body) if isinstance(body, list) and all(isinstance(line, str) for line in body) else body


def _line(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def plain(text: str) -> str:
    """Return text as a terminal would leave it: no colour codes, only the last state of a progress line."""
    text = _ANSI.sub("", text).replace("\r\n", "\n")
    if "\r" not in text:
        return text
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def _mime_text(data: dict[str, Any]) -> str:
    for mime in _TEXT_TYPES:
        if isinstance(data.get(mime), str) and data[mime]:
            return plain(data[mime])
    for mime, body in data.items():
        if mime == "text/html" and isinstance(body, str):
            lines = (line.strip() for line in _TAG.sub(" ", body).splitlines())
            return html.unescape("\n".join(line for line in lines if line))
        if mime.endswith("json"):
            return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return f"[{', '.join(data)}]" if data else ""
