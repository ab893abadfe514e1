"""The routes about documents: which are searched, and the user's own folders among them."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress

import msgspec
from tornado import web
from tornado.iostream import StreamClosedError

from ..domain.errors import FrevaGPTError
from ..domain.passages import Progress
from . import definitions
from .answers import Detail, Resources
from .base import ChatbotHandler, serves
from .requests import IndexResources, Nothing, RemoveResource

_NO_FOLDERS = "Folders of your own are not indexed on this server: its administrator decides which documents there are."


@serves(definitions.RESOURCES)
class ResourcesHandler(ChatbotHandler[Nothing]):
    """``resources``: what the assistant looks questions up in."""

    async def respond(self, given: Nothing) -> None:
        """Answer, by GET or POST."""
        own = not self.desk.without_folders(self.owner)
        resources = await self.desk.retriever.resources(own=own, counted=True)
        self.answer(Resources(resources, await self.desk.retriever.means(), own))


@serves(definitions.INDEXRESOURCES)
class IndexResourcesHandler(ChatbotHandler[IndexResources]):
    """``indexresources``: a folder of the user's, indexed as long as the connection is there."""

    _work: asyncio.Task[None] | None = None

    async def respond(self, given: IndexResources) -> None:
        """Answer, by POST: a line whenever there is something to tell."""
        if self.desk.without_folders(self.owner):
            raise web.HTTPError(403, _NO_FOLDERS)
        self._work = asyncio.current_task()
        last: Progress | None = None
        try:
            async with aclosing(self.desk.retriever.index(given.folder)) as steps:
                async for step in steps:
                    if last is None:
                        self.set_header("Content-Type", "application/x-ndjson")
                        self.set_header("X-Accel-Buffering", "no")
                        self.set_header("Cache-Control", "no-cache, no-transform")
                    last = step
                    self.write(msgspec.json.encode(step) + b"\n")
                    await self.flush()
        except FrevaGPTError as error:
            if last is None:
                raise
            failed = msgspec.structs.replace(last, finished=True, problem=str(error))
            self.write(msgspec.json.encode(failed) + b"\n")
        except (StreamClosedError, asyncio.CancelledError):
            return
        finally:
            self._work = None

    def on_connection_close(self) -> None:
        """End the work: nobody waits for it, and who goes on later finds what is done."""
        with suppress(AttributeError):
            super().on_connection_close()
        if self._work is not None:
            self._work.cancel()


@serves(definitions.REMOVERESOURCE)
class RemoveResourceHandler(ChatbotHandler[RemoveResource]):
    """``removeresource``: a folder of the user's is forgotten."""

    async def respond(self, given: RemoveResource) -> None:
        """Answer, by POST."""
        if self.desk.without_folders(self.owner):
            raise web.HTTPError(403, _NO_FOLDERS)
        await self.desk.retriever.remove(given.name)
        self.answer(Detail("The folder is out of the index. Its documents are as they were."))
