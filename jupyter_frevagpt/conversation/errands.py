"""Errands: what the server asks of a page in which the user's notebook is open, and what comes of it."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from ..domain.errors import BadRequest, ErrandGone, ErrandTaken
from ..domain.notebook import PageAnswer
from ..domain.values import ThreadRef, ToolContext

UNCLAIMED_SECONDS = 20.0
# A page in the background is woken once a minute only.
LOST_SECONDS = 150.0


class Errand:
    """One thing to be done; its id is a secret, and whoever claims it first does it."""

    def __init__(self, context: ToolContext, tool: str, arguments: dict[str, Any], client: str) -> None:
        loop = asyncio.get_running_loop()
        self.id = secrets.token_urlsafe(24)
        self.ref = context.ref
        self.hint = {
            "id": self.id,
            "tool": tool,
            "arguments": arguments,
            "client": client,
            "kernel_id": context.kernel_id,
        }
        self.taker = ""
        self.until = loop.time() + UNCLAIMED_SECONDS
        self.done: asyncio.Future[PageAnswer] = loop.create_future()

    def sign_of_life(self) -> None:
        """Its taker is there."""
        self.until = asyncio.get_running_loop().time() + LOST_SECONDS


class Errands:
    """Those that are under way, in memory alone; they end with their turn.

    Any page may claim one, the one that it names first. None is done twice: who lost the answer to its claim cannot
    claim it again.
    """

    def __init__(self) -> None:
        self._under_way: dict[str, Errand] = {}
        self._clients: dict[ThreadRef, str] = {}

    def attend(self, ref: ThreadRef, client: str) -> None:
        """Remember the page that asked or followed last."""
        if client:
            self._clients[ref] = client

    def forget(self, ref: ThreadRef) -> None:
        """Forget which page that was."""
        self._clients.pop(ref, None)

    def send(self, context: ToolContext, tool: str, arguments: dict[str, Any]) -> Errand:
        """Begin an errand; its hint is to be written into the stream."""
        errand = Errand(context, tool, arguments, self._clients.get(context.ref, context.client))
        self._under_way[errand.id] = errand
        return errand

    async def wait(self, errand: Errand) -> PageAnswer:
        """Return what came of it, ``unclaimed`` or ``lost``; whatever ends the wait, it cannot be answered any more."""
        loop = asyncio.get_running_loop()
        try:
            while not errand.done.done():
                left = errand.until - loop.time()
                if left <= 0:
                    return PageAnswer("lost" if errand.taker else "unclaimed")
                await asyncio.wait({errand.done}, timeout=left)
            return errand.done.result()
        finally:
            self._under_way.pop(errand.id, None)

    def claim(self, ref: ThreadRef, errand_id: str, client: str) -> None:
        """Take an errand; raises ErrandGone, and ErrandTaken when somebody, be it the same page, has claimed it."""
        errand = self._find(ref, errand_id)
        if errand.taker:
            raise ErrandTaken
        errand.taker = client
        errand.sign_of_life()

    def keep(self, ref: ThreadRef, errand_id: str, client: str) -> None:
        """Take a sign of life of the page that does it."""
        self._mine(ref, errand_id, client).sign_of_life()

    def finish(self, ref: ThreadRef, errand_id: str, client: str, answer: PageAnswer) -> None:
        """Take the answer of the page that did it."""
        errand = self._mine(ref, errand_id, client)
        del self._under_way[errand.id]
        errand.done.set_result(answer)

    def _find(self, ref: ThreadRef, errand_id: str) -> Errand:
        errand = self._under_way.get(errand_id)
        if errand is None or errand.ref != ref or errand.done.done():
            raise ErrandGone
        return errand

    def _mine(self, ref: ThreadRef, errand_id: str, client: str) -> Errand:
        errand = self._find(ref, errand_id)
        if not errand.taker:
            raise BadRequest("Claim it first: send the step `claim`.")
        if errand.taker != client:
            raise ErrandTaken
        return errand
