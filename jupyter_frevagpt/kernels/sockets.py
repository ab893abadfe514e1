"""The way to a kernel whose sockets this server reaches: ZMQ, with a client of our own."""

from __future__ import annotations

from typing import Any

import zmq
from jupyter_client.session import Session

from ..domain.errors import KernelFailed

Message = dict[str, Any]

LARGEST = 100_000_000
TOO_LARGE = "[an output of {} MB is more than the server takes and was left out]\n"
_LARGEST_HEADER = 100_000
_POLL_MS = 1000


class LocalWire:
    """Sends to the kernel's sockets and receives from them.

    It has its own session id: a client that shares the manager's would take over the replies of another.
    """

    readers = ("iopub", "shell", "control")

    def __init__(self, kernel: Any) -> None:
        """``kernel`` is the server's manager of the kernel."""
        self._kernel = kernel
        self._client: Any = None
        self.session = Session(
            key=kernel.session.key, signature_scheme=kernel.session.signature_scheme, username="frevagpt"
        )

    async def open(self) -> None:
        """Connect."""
        client = self._client = self._kernel.client()
        client.session = self.session
        client.start_channels(stdin=False, hb=False)

    def close(self) -> None:
        """Disconnect."""
        client, self._client = self._client, None
        if client is not None:
            client.stop_channels()

    def send(self, channel: str, message: Message) -> None:
        """Send, and wake the reader: the socket's descriptor is edge-triggered, a send can swallow its wake-up."""
        if self._client is None:
            raise KernelFailed("The kernel is gone.")
        sender = getattr(self._client, f"{channel}_channel")
        sender.send(message)
        if schedule := getattr(sender.socket, "_schedule_remaining_events", None):
            schedule()

    async def receive(self, channel: str) -> tuple[str, Message] | None:
        """Return the next message and its channel, None when none came for a while.

        Raises KernelFailed when none can come any more, and anything for a message that cannot be read.
        """
        try:
            socket = getattr(self._client, f"{channel}_channel").socket
            if not await socket.poll(_POLL_MS):
                return None
            frames = await socket.recv_multipart()
        except (zmq.error.ZMQError, AttributeError) as error:
            raise KernelFailed("The kernel is gone.") from error
        _, parts = self.session.feed_identities(frames)
        if (size := sum(map(len, parts))) > LARGEST:
            return channel, self._without_content(parts, size)
        return channel, self.session.deserialize(parts)

    def _without_content(self, parts: list[bytes], size: int) -> Message:
        """Return a message that is too large to be unpacked, with a sentence in the place of what it held."""
        header, parent = (_small(self.session, part) for part in parts[1:3])
        return without_content(header, parent, size)


def without_content(header: Message, parent: Message, size: int) -> Message:
    """Return an output as a sentence that it was too large, a reply without what it told."""
    content: Message = {}
    if not str(header.get("msg_type")).endswith("_reply"):
        header = {**header, "msg_type": "stream"}
        content = {"name": "stderr", "text": TOO_LARGE.format(round(size / 1e6))}
    return {"header": header, "parent_header": parent, "metadata": {}, "content": content}


def _small(session: Session, part: bytes) -> Message:
    if len(part) > _LARGEST_HEADER:
        raise ValueError("a header that is too large")
    header: Message = session.unpack(bytes(part))
    return header
