"""The route of a thread's files: those that its code wrote into its scratch folder, listed and sent."""

from __future__ import annotations

import asyncio
from typing import BinaryIO

from tornado import web
from tornado.iostream import StreamClosedError

from ..domain.values import ScratchFile
from . import definitions
from .base import ChatbotHandler, serves
from .requests import Files

_SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp")
_PIECE = 256 * 1024


@serves(definitions.FILES)
class FilesHandler(ChatbotHandler[Files]):
    """``files``: the list of a thread's files, or one of them.

    Code of a model's wrote them, so that no browser may take one for a page of this server's: it is an attachment
    without a type, but for the kinds of images that hold no script, and alone in a sandbox.
    """

    async def respond(self, given: Files) -> None:
        """Answer, by GET or POST."""
        ref = await self.known(given.thread_id)
        if not given.path:
            self.answer(await asyncio.to_thread(self.desk.scratch.files, ref))
            return
        opened = await asyncio.to_thread(self.desk.scratch.open, ref, given.path)
        if opened is None:
            raise web.HTTPError(404, "File not found. Load the list of files again: it may have been moved or removed.")
        content, file = opened
        try:
            await self._send(content, file)
        finally:
            content.close()

    async def _send(self, content: BinaryIO, file: ScratchFile) -> None:
        kind = file.type if file.type in _SHOWN else "application/octet-stream"
        self.set_header("Content-Type", kind)
        self.set_header("Content-Length", file.size)
        self.set_attachment_header(file.path.rpartition("/")[2])
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Cache-Control", "private, no-store")
        left = file.size
        try:
            while left and (piece := await asyncio.to_thread(content.read, min(_PIECE, left))):
                left -= len(piece)
                self.write(piece)
                await self.flush()
        except StreamClosedError:
            return
        if left:  # it became shorter while it was read: what was promised cannot come any more
            self.request.connection.stream.close()  # type: ignore[union-attr]
            return
        self.finish(set_content_type=kind)

    @property
    def content_security_policy(self) -> str:
        """Forbid everything, whatever the server's own rules are."""
        return "default-src 'none'; sandbox"
