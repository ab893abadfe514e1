"""The link to one kernel: a client of our own with its channels kept open, and replies sorted by request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from queue import Empty
from typing import Any

from jupyter_client.session import Session

from ..domain.errors import KernelFailed

_log = logging.getLogger("jupyter_frevagpt.kernels")

_POLL_SECONDS = 1.0
_PUMP_SECONDS = 0.01

Message = dict[str, Any]


class KernelLink:
    """Sends to a kernel and hands on what comes back.

    It has its own session id: a client that shares the manager's would take over the replies of another.
    """

    def __init__(self, kernel: Any, on_iopub: Callable[[Message], None], on_reply: Callable[[Message], None]) -> None:
        """``on_iopub`` gets each message that the kernel publishes, ``on_reply`` each reply on the shell channel."""
        self._kernel = kernel
        self._take: dict[str, Callable[[Message], None]] = {"iopub": on_iopub, "shell": on_reply, "control": _ignore}
        self._client: Any = None
        self._pumps: list[asyncio.Task[None]] = []
        self._requests: dict[str, asyncio.Future[Mapping[str, Any]]] = {}

    @property
    def session(self) -> str:
        """The session id by which the kernel knows our requests."""
        return str(self._client.session.session)

    def open(self) -> None:
        """Connect."""
        client = self._client = self._kernel.client()
        key, scheme = self._kernel.session.key, self._kernel.session.signature_scheme
        client.session = Session(key=key, signature_scheme=scheme, username="frevagpt")
        client.start_channels(stdin=False, hb=False)
        self._pumps = [asyncio.create_task(self._pump(name), name=f"kernel {name}") for name in self._take]

    async def close(self) -> None:
        """Disconnect; requests without a reply fail."""
        self.drop_requests()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        self._pumps.clear()
        if self._client is not None:
            self._client.stop_channels()
            self._client = None

    def drop_requests(self) -> None:
        """Fail the requests that wait: the kernel is gone."""
        for request in self._requests.values():
            if not request.done():
                request.set_exception(KernelFailed("The kernel is gone."))
        self._requests.clear()

    def message(self, message_type: str, content: Message, metadata: Message | None = None) -> Message:
        """Return a message that can be sent, with an id of its own."""
        made: Message = self._client.session.msg(message_type, content, metadata=metadata)
        return made

    def post(self, message: Message, channel: str) -> None:
        """Send, and wake the reader: the socket's descriptor is edge-triggered, a send can swallow its wake-up."""
        if self._client is None:
            raise KernelFailed("The kernel is gone.")
        sender = getattr(self._client, f"{channel}_channel")
        sender.send(message)
        if schedule := getattr(sender.socket, "_schedule_remaining_events", None):
            schedule()

    async def request(self, message_type: str, content: Message, *, channel: str, timeout: float) -> Mapping[str, Any]:
        """Send and return the content of the reply; raises TimeoutError, and KernelFailed when the kernel is gone."""
        if self._client is None:
            raise KernelFailed("The kernel is gone.")
        message = self.message(message_type, content)
        message_id = message["header"]["msg_id"]
        reply: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._requests[message_id] = reply
        try:
            self.post(message, channel)
            async with asyncio.timeout(timeout):
                return await reply
        finally:
            self._requests.pop(message_id, None)

    async def _pump(self, name: str) -> None:
        """Read a channel for ever: no message may end that, and many of them may not hold the event loop."""
        channel, take = getattr(self._client, f"{name}_channel"), self._take[name]
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            try:
                message = await channel.get_msg(timeout=_POLL_SECONDS)
                if name != "iopub":
                    self._answer(message)
                take(message)
            except Empty:
                pass
            except Exception as error:  # noqa: BLE001 - a deaf guest would lose all that follows
                _log.warning("a message of the kernel's is not readable: %s", type(error).__name__)
            if loop.time() - began > _PUMP_SECONDS:
                await asyncio.sleep(0)
                began = loop.time()

    def _answer(self, message: Message) -> None:
        request = self._requests.get(message["parent_header"].get("msg_id", ""))
        if request is not None and not request.done():
            request.set_result(message["content"])


def _ignore(message: Message) -> None:
    """Leave a message alone that answers a request, or nobody."""
