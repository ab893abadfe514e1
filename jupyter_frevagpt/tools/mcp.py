"""The tools of MCP servers, as they are now: listed in a helper process, offered to each question."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import msgspec

from ..domain.errors import FrevaGPTError
from ..domain.legible import harmless
from ..domain.protocols import Approvals, Tool
from ..domain.values import Policies, ThreadRef, ToolSpec
from ..workers.host import Worker
from .mcp_call import McpTool, words_of
from .mcp_leave import McpLeave, Offer
from .mcp_servers import McpServer

MODULE = "jupyter_frevagpt.tools._mcp_worker"

WAIT_SECONDS = 3.0
"""The longest that a question waits for servers that have not told their tools yet."""

_FRESH_SECONDS = 30.0
_AGAIN_SECONDS = 15.0
_MOST_TOOLS = 64
_LONGEST_NAME = 64
_LONGEST_DESCRIPTION = 4000
_LONGEST_SCHEMA = 65_536
_MOST_TOLD = 1000

_log = logging.getLogger("jupyter_frevagpt.mcp")


class _Known:
    """What is known of a server; a listing that is under way is one task."""

    def __init__(self, server: McpServer) -> None:
        self.server = server
        self.offers: list[Offer] = []
        self.left_out = 0
        self.trouble = ""
        self.listed = False
        self.looked = float("-inf")
        self.task: asyncio.Task[None] | None = None
        self.told: set[ThreadRef] = set()

    def is_due(self, now: float) -> bool:
        """Whether its tools are to be listed anew."""
        return now - self.looked > (_AGAIN_SECONDS if self.trouble else _FRESH_SECONDS)


class McpTools:
    """Offers the tools of all servers that answer; the others are a notice, and looked for again.

    Each server's tools are listed anew in the background when a question comes half a minute after the last look. A
    question waits only for servers of which nothing is known, and no longer than ``WAIT_SECONDS``.
    """

    def __init__(
        self,
        servers: Sequence[McpServer],
        approvals: Approvals,
        policies: Policies,
        *,
        seconds: float = 600.0,
        idle_seconds: float = 300.0,
        visitor: Callable[[str], bool] = lambda owner: False,
        redact: Callable[[str], str] = lambda text: text,
    ) -> None:
        """``seconds`` is the time that one call may take; the others are those of ``NotebookDesk`` and ``Worker``."""
        self._known = [_Known(server) for server in servers]
        self._worker = Worker(MODULE, idle_seconds=idle_seconds, log=_log)
        self._leave = McpLeave(approvals, policies, visitor)
        self._seconds = seconds
        self._redact = redact

    @property
    def pid(self) -> int | None:
        """The process id of the helper, None while there is none."""
        return self._worker.pid

    def look(self) -> None:
        """List the tools of servers where it is time to, in the background."""
        now = asyncio.get_running_loop().time()
        for known in self._known:
            if known.task is None and known.is_due(now):
                known.task = asyncio.create_task(self._list(known), name=f"mcp tools {known.server.name}")

    async def tools(self, ref: ThreadRef, taken: Collection[str]) -> tuple[list[Tool], list[str]]:
        """Return the tools for a question and what its user should know; names in ``taken`` are others' already."""
        self.look()
        waiting = {known.task for known in self._known if known.task and not (known.listed or known.trouble)}
        if waiting:
            await asyncio.wait(waiting, timeout=WAIT_SECONDS)
        return self._offered(taken), [text for known in self._known if (text := _notice(known, ref))]

    async def state(self) -> list[tuple[str, int, str]]:
        """List the tools of all servers now; returns their names, how many tools they offer, and their troubles."""
        self.look()
        await asyncio.gather(*(known.task for known in self._known if known.task))
        return [
            (known.server.name, len(known.offers), words_of(known.trouble, known.server.name) if known.trouble else "")
            for known in self._known
        ]

    async def aclose(self) -> None:
        """Close the sessions and end the helper."""
        tasks = [known.task for known in self._known if known.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._worker.close()

    async def _list(self, known: _Known) -> None:
        name = known.server.name
        try:
            body = {"do": "list", "server": known.server.way.reveal(), "seconds": self._seconds}
            answer = await self._worker.ask(body)
            kind = "nonsense" if answer is None else answer.get("failed", "")
        except FrevaGPTError:
            answer, kind = None, "broken"
        finally:
            known.task = None
            known.looked = asyncio.get_running_loop().time()
        if kind:
            if not known.trouble:
                _log.warning("The MCP server %s is left out (%s).", name, kind, extra={"kind": "McpServerOut"})
            known.trouble = kind
            return
        known.trouble, known.listed = "", True
        known.told.clear()
        offers = [Offer(name, **_plain(tool)) for tool in answer["tools"]]
        known.offers = [offer for offer in offers if _fits(offer)][:_MOST_TOOLS]
        known.left_out = len(offers) - len(known.offers)

    def _offered(self, taken: Collection[str]) -> list[Tool]:
        """Return the tools; of several with one name, and of one that has our own tools' name, all are prefixed."""
        counted = Counter(_name(offer.tool) for known in self._known for offer in known.offers)
        clear = {name for name, count in counted.items() if count == 1 and name not in taken}
        tools: dict[str, Tool] = {}
        for known in self._known:
            for offer in known.offers if not known.trouble else ():
                name = _name(offer.tool)
                if name not in clear:
                    name = _name(f"{offer.server}_{offer.tool}")
                name = _unlike(name, (*taken, *tools, *(clear - {name})))
                tools[name] = self._tool(name, offer, known.server)
        return list(tools.values())

    def _tool(self, name: str, offer: Offer, server: McpServer) -> McpTool:
        about = f"[Tool of the server {offer.server}] {offer.description}"
        spec = ToolSpec(name, about[:_LONGEST_DESCRIPTION], offer.schema, outside=True)
        return McpTool(spec, offer, server, self._worker, self._leave, self._seconds, self._redact)


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    title = f"{told['title']}. " if told["title"] and told["title"] != told["name"] else ""
    return {
        "tool": told["name"],
        "description": harmless(title + told["description"]),
        "schema": {"type": "object", **told["schema"]},
        "read_only": told["read_only"],
    }


def _fits(offer: Offer) -> bool:
    return bool(offer.tool) and len(msgspec.json.encode(offer.schema)) <= _LONGEST_SCHEMA


def _name(name: str) -> str:
    """Return a name that model services take; of two long ones that begin alike each stays itself."""
    fitting = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    if len(fitting) <= _LONGEST_NAME:
        return fitting
    return f"{fitting[: _LONGEST_NAME - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _unlike(name: str, others: Iterable[str]) -> str:
    """Return a name that no other tool has."""
    others, number, found = set(others), 2, name
    while found in others:
        end = f"_{number}"
        found, number = name[: _LONGEST_NAME - len(end)] + end, number + 1
    return found


def _notice(known: _Known, ref: ThreadRef) -> str:
    """Return what a chat is told once of a server that does not do as it should."""
    name = known.server.name
    if known.trouble:
        text = f"{words_of(known.trouble, name)} Its tools are left out of this answer."
    elif not known.listed:
        text = f"The server {name} has not told its tools yet, so this answer does without them."
    elif known.left_out:
        text = f"{known.left_out} tools of the server {name} are left out: there are too many, or they are too large."
    else:
        return ""
    if ref in known.told:
        return ""
    if len(known.told) >= _MOST_TOLD:
        known.told.clear()
    known.told.add(ref)
    return text
