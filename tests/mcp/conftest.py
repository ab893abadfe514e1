"""The server of tests/handlers, and a real MCP server that is somebody else's."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_frevagpt.tools import mcp

from ..handlers.conftest import catalogue, chat, jp_server_config, rules, service, settings  # noqa: F401 - fixtures

PROGRAM = Path(__file__).with_name("outside.py")


def tool_rules(question: str, *calls: tuple[str, dict[str, Any]], answer: str = "Done.") -> list[dict[str, Any]]:
    """Rules that answer a question with calls at once, then a sentence."""
    reply = [{"call": {"name": tool, "arguments": arguments}} for tool, arguments in calls]
    return [
        {"when": {"user": question, "after_tool": False}, "reply": reply},
        {"when": {"user": question, "after_tool": True}, "reply": [{"text": answer}]},
    ]


class Outside:
    """An MCP server of somebody else's over HTTP."""

    def __init__(self, folder: Path, *options: str, port: int = 0) -> None:
        self.log = folder / f"outside-{time.monotonic_ns()}.jsonl"
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), "http", "--log", str(self.log), "--port", str(port), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": ""},
        )
        assert self.process.stdout
        self.url = self.process.stdout.readline().decode().strip()
        assert self.url, "the outside server did not start"

    @property
    def port(self) -> int:
        return int(self.url.split(":")[2].split("/")[0])

    def noted(self) -> list[dict[str, Any]]:
        """Return what it was asked and what became of it."""
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    async def until_noted(self, **fields: Any) -> None:
        """Wait until it has noted these fields."""
        async with asyncio.timeout(20):
            while fields not in self.noted():
                await asyncio.sleep(0.05)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a helper takes seconds to start; what a question waits at most has a test of its own."""
    monkeypatch.setattr(mcp, "WAIT_SECONDS", 60.0)


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Callable[..., Outside]]:
    """Start such servers; they end with the test."""
    started: list[Outside] = []

    def start(*options: str, port: int = 0) -> Outside:
        started.append(Outside(tmp_path, *options, port=port))
        return started[-1]

    yield start
    for one in started:
        one.end()


def program(**env: str) -> dict[str, Any]:
    """Return how the same server is named as a program to be started."""
    return {"command": sys.executable, "args": [str(PROGRAM), "stdio"], "env": env}
