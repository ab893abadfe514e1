"""A page with a notebook, as a client of the test's own plays it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from .conftest import Chat, hints, joined

HARMLESS = "print(6 * 7)"
DANGEROUS = "import shutil\nshutil.rmtree('results')"


def tool_rules(question: str, *calls: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Rules that answer a question with calls, then a sentence."""
    reply = [{"call": {"name": tool, "arguments": arguments}} for tool, arguments in calls]
    return [
        {"when": {"user": question, "after_tool": False}, "reply": reply},
        {"when": {"user": question, "after_tool": True}, "reply": [{"text": "Done."}]},
    ]


def cell(source: str, known: str = "h1", **fields: Any) -> dict[str, Any]:
    return {"id": "one", "type": "code", "source": source, "hash": known, **fields}


class Page:
    """A page with a notebook of one cell, which it works on when asked."""

    def __init__(self, chat: Chat, source: str = HARMLESS, client: str = "page") -> None:
        self.chat = chat
        self.client = client
        self.cell = cell(source)
        self.asked: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []
        self.thread_id = ""
        self.decision = "once"
        self.before: Callable[[dict[str, Any]], Awaitable[bool]] | None = None
        """Called before a request is claimed; false leaves it alone."""

    async def ask(self, question: str, route: str = "streamresponse", **given: Any) -> list[dict[str, Any]]:
        """Ask and read to the end, doing what is asked for."""
        given = {"input": question, "approval": True, **given} if route == "streamresponse" else given
        async with asyncio.timeout(60):
            async with self.chat.reading(route, rich=True, client=self.client, **given) as lines:
                async for line in lines:
                    self.lines.append(line)
                    for opening in hints([line], "thread_id"):
                        self.thread_id = opening
                    for request in hints([line], "request"):
                        await self._take(request)
                    for approval in hints([line], "approval"):
                        if "code" in approval:
                            await self._decide(approval)
        return self.lines

    async def post(self, request: dict[str, Any], step: str, **given: Any) -> httpx.Response:
        fields = {"thread_id": self.thread_id, "id": request["id"], "client": self.client, "step": step}
        return await self.chat.post("toolresult", **{**fields, **given})

    async def _take(self, request: dict[str, Any]) -> None:
        self.asked.append(request)
        if request["tool"] == "stop" or (self.before is not None and not await self.before(request)):
            return
        response = await self.post(request, "claim")
        assert response.status_code == 200, response.text
        response = await self.post(request, "done", result=self.work(request["tool"], request["arguments"]))
        assert response.status_code == 200, response.text

    def work(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        about = {"notebook": "map.ipynb", "active": "one"}
        if "expected" in arguments and arguments["expected"] != self.cell["source"]:
            return {"trouble": "changed"}
        if tool == "insert_cell":
            return {**about, "cells": [{**cell(arguments["source"], "h9"), "id": "two"}]}
        if tool == "replace_cell":
            self.cell = cell(arguments["source"], "h2")
        if tool == "run_cell":
            self.cell["output"] = "42\n"
            return {**about, "cells": [self.cell], "state": "done"}
        return {**about, "cells": [self.cell]}

    async def _decide(self, approval: dict[str, Any]) -> None:
        given = {"thread_id": self.thread_id, "id": approval["id"], "decision": self.decision}
        assert (await self.chat.post("approve", **given)).status_code == 200

    @property
    def told(self) -> str:
        """What the model got from the tools."""
        return joined(self.lines, "ToolOutput")

    @property
    def tools(self) -> list[str]:
        return [request["tool"] for request in self.asked]
