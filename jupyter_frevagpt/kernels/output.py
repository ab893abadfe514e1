"""What a run showed: the kernel's messages collected, and made into text, images and nbformat outputs."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from ..domain.values import KernelImage, KernelOutput, RunState

Output = dict[str, Any]

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_OVERWRITTEN = re.compile(r"[^\n]*\r(?!\n)")
_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_TEXT_TYPES = ("text/plain", "text/markdown", "text/latex")


class OutputCollector:
    """Collects the output messages of one run in order, at most ``max_chars`` characters of printed text.

    What was printed beyond that is counted and announced; figures and results are always kept.
    """

    def __init__(self, max_chars: int) -> None:
        self.outputs: list[Output] = []
        self._left = max_chars
        self._dropped = 0
        self._clear_next = False
        self._displays: dict[str, list[Output]] = {}

    def take(self, message_type: str, content: dict[str, Any]) -> str:
        """Take one message from iopub; returns the text that it printed."""
        if message_type == "clear_output":
            self._clear_next = bool(content.get("wait"))
            if not self._clear_next:
                self.outputs.clear()
            return ""
        if message_type == "update_display_data":
            for output in self._displays.get(_display_id(content), []):
                output["data"], output["metadata"] = content["data"], content["metadata"]
            return ""
        if message_type not in ("stream", "display_data", "execute_result", "error"):
            return ""
        if self._clear_next:
            self.outputs.clear()
            self._clear_next = False
        if message_type == "stream":
            return self._take_text(content["name"], _clean(content["text"]))
        self._take_output(message_type, content)
        return ""

    def _take_text(self, name: str, text: str) -> str:
        kept = text[: self._left]
        self._left -= len(kept)
        self._dropped += len(text) - len(kept)
        last = self.outputs[-1] if self.outputs else None
        if kept and last and last["output_type"] == "stream" and last["name"] == name:
            last["text"].append(kept)
        elif kept:
            self.outputs.append({"output_type": "stream", "name": name, "text": [kept]})
        return kept

    def _take_output(self, message_type: str, content: dict[str, Any]) -> None:
        keys = {
            "display_data": ("data", "metadata"),
            "execute_result": ("data", "metadata", "execution_count"),
            "error": ("ename", "evalue", "traceback"),
        }[message_type]
        output = {"output_type": message_type, **{key: content.get(key) for key in keys}}
        if message_type == "execute_result":
            output["execution_count"] = None
        if display_id := _display_id(content):
            self._displays.setdefault(display_id, []).append(output)
        self.outputs.append(output)

    def result(self, state: RunState) -> KernelOutput:
        """Return what there is, as text for the model, images, and outputs for clients that render them."""
        texts: list[str] = []
        display: list[Output] = []
        images: list[KernelImage] = []
        for output in self.outputs:
            shown, text = _shown(output)
            texts.append(text)
            data = shown.get("data")
            if data is not None and "image/png" in data:
                png = data["image/png"]
                shown = {**shown, "data": {mime: body for mime, body in data.items() if mime != "image/png"}}
                images.append(KernelImage("".join(png.split()), len(display)))
            display.append(shown)
        if self._dropped:
            note = f"[{self._dropped} more characters were printed and are not kept]\n"
            texts.append(note)
            display.append({"output_type": "stream", "name": "stderr", "text": note})
        return KernelOutput("".join(texts), display, images, state)


def _display_id(content: dict[str, Any]) -> str:
    return str((content.get("transient") or {}).get("display_id") or "")


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
    return _OVERWRITTEN.sub("", _ANSI.sub("", text).replace("\r\n", "\n"))


def _mime_text(data: dict[str, Any]) -> str:
    for mime in _TEXT_TYPES:
        if isinstance(data.get(mime), str) and data[mime]:
            return plain(data[mime])
    for mime, body in data.items():
        if mime == "text/html" and isinstance(body, str):
            return html.unescape(re.sub(r"\s*\n\s*", "\n", _TAG.sub(" ", body)).strip())
        if mime.endswith("json"):
            return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return f"[{', '.join(data)}]" if data else ""
