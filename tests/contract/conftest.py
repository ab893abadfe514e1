"""One server and one scripted service for the tests of this folder."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from ..scripted import Scripted, start_scripted
from .server import Server

ANSWER = "Good day, it's 14 °C today."
CODE = "from IPython.display import Image, display\nimport base64\nprint('{\"shown\"}')\n"
HARMLESS = 'print("a" + "{}")'


def figure(shade: int) -> str:
    """Return a PNG in base64, large enough to be sent in several lines."""
    file = io.BytesIO()
    noise = bytes((at * at * shade) % 251 for at in range(120 * 120))
    Image.frombytes("L", (120, 120), noise).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


FIGURES = [figure(3), figure(7)]


def rules() -> list[dict[str, Any]]:
    """Return a script: a plain answer, code that shows two figures, code that is written slowly."""
    shown = "".join(f"display(Image(data=base64.b64decode('{one}')))\n" for one in FIGURES)

    def turn(question: str, code: str, **call: Any) -> list[dict[str, Any]]:
        arguments = json.dumps({"code": code})
        step = {"call": {"name": "code_interpreter", "arguments": arguments, "fragments": 4}, **call}
        return [
            {"when": {"user": question, "after_tool": False}, "reply": [{"text": "I look. "}, step]},
            {"when": {"user": question, "after_tool": True}, "reply": [{"text": "Done.", "chunk": 3}]},
        ]

    return [
        {"when": {"user": "hello"}, "reply": [{"text": ANSWER, "chunk": 4}]},
        *turn("figures", CODE + shown),
        *turn("written slowly", HARMLESS, delay=1.0),
        {"when": {"user": "stuck"}, "reply": [{"text": "so"}, {"stall": 60}]},
        {"reply": [{"text": "I see."}]},
    ]


@pytest.fixture(scope="session")
def service() -> Iterator[Scripted]:
    running = start_scripted(rules())
    yield running
    running.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, service: Scripted) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("contract"), service.base)
    yield running
    running.close()
