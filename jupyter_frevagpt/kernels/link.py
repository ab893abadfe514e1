"""The link to one kernel: its messages sorted by request, whatever the way to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from jupyter_client.session import Session

from ..domain.errors import KernelFailed
from .about import KernelAbout, about
from .sockets import LocalWire

_log = logging.getLogger("jupyter_frevagpt.kernels")

_PUMP_SECONDS = 0.01

Message = dict[str, Any]


class Wire(Protocol):
    """A way to a kernel."""

    session: Session

    @property
    def readers(self) -> tuple[str, ...]:
        """Names to receive by, each in a task of its own."""

    async def open(self) -> None:
        """Connect; raises KernelFailed."""

    def close(self) -> None:
        """Disconnect."""

    def send(self, channel: str, message: Message) -> None:
        """Send; raises KernelFailed when nothing reaches the kernel any more."""

    async def receive(self, channel: str) -> tuple[str, Message] | None:
        """Return the next message and its channel; raises KernelFailed when none can come any more."""


class KernelLink:
    """Sends to a kernel and hands on what comes back; nothing that a kernel sends can end that."""

    def __init__(
        self,
        kernel: Any,
        on_iopub: Callable[[Message], None],
        on_reply: Callable[[Message], None],
        on_lost: Callable[[], None],
    ) -> None:
        """``on_iopub`` gets each message that the kernel publishes, ``on_reply`` each reply on the shell channel.

        ``on_lost`` is called when the connection has ended and not by us.
        """
        self._wire = _wire_to(kernel)
        self._take: dict[str, Callable[[Message], None]] = {"iopub": on_iopub, "shell": on_reply}
        self._on_lost = on_lost
        self._open = False
        self._pumps: list[asyncio.Task[None]] = []
        self._requests: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._unreadable = 0
        self._introduced = asyncio.Event()
        self.about = KernelAbout()

    @property
    def session(self) -> str:
        """The session id by which the kernel knows our requests."""
        return str(self._wire.session.session)

    async def open(self) -> None:
        """Connect; raises KernelFailed when there is no way to the kernel."""
        await self._wire.open()
        self._open = True
        self._pumps = [asyncio.create_task(self._pump(name), name=f"kernel {name}") for name in self._wire.readers]

    async def close(self) -> None:
        """Disconnect; requests without a reply fail."""
        self._open = False
        self.drop_requests()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        self._pumps.clear()
        self._wire.close()

    def drop_requests(self) -> None:
        """Fail the requests that wait: the kernel is gone."""
        for request in self._requests.values():
            if not request.done():
                request.set_exception(KernelFailed("The kernel is gone."))
        self._requests.clear()

    def message(self, message_type: str, content: Message, metadata: Message | None = None) -> Message:
        """Return a message that can be sent, with an id of its own."""
        made: Message = self._wire.session.msg(message_type, content, metadata=metadata)
        return made

    def post(self, message: Message, channel: str) -> None:
        """Send; raises KernelFailed when the link is closed or broken."""
        if not self._open:
            raise KernelFailed("The kernel is gone.")
        self._wire.send(channel, message)

    async def request(self, message_type: str, content: Message, *, channel: str, timeout: float) -> Mapping[str, Any]:
        """Send and return the content of the reply; raises TimeoutError, and KernelFailed when the kernel is gone."""
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

    @property
    def introduced(self) -> bool:
        """Whether the kernel has said what it is."""
        return self._introduced.is_set()

    async def introduction(self, timeout: float) -> KernelAbout:
        """Return what the kernel has said of itself, after so many seconds at most; ``post`` asks it."""
        try:
            async with asyncio.timeout(timeout):
                await self._introduced.wait()
        except TimeoutError:
            _log.info("a kernel does not say what it is")
        return self.about

    async def _pump(self, name: str) -> None:
        """Read for ever: no message may end that, and many of them may not hold the event loop."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            try:
                received = await self._wire.receive(name)
                if received is not None:
                    self._deliver(*received)
            except KernelFailed:
                self._lose()
                return
            except Exception as error:  # noqa: BLE001 - a deaf guest would lose all that follows
                self._complain(error)
            if loop.time() - began > _PUMP_SECONDS:
                await asyncio.sleep(0)
                began = loop.time()

    def _deliver(self, channel: str, message: Message) -> None:
        if channel in ("shell", "control"):
            self._answer(message)
        if channel in self._take:
            self._take[channel](message)

    def _answer(self, message: Message) -> None:
        content = message["content"]
        if message["header"]["msg_type"] == "kernel_info_reply":
            self.about = about(content)
            self._introduced.set()
        request = self._requests.get(message["parent_header"].get("msg_id", ""))
        if request is not None and not request.done():
            request.set_result(content)

    def _lose(self) -> None:
        if self._open:
            self._open = False
            self.drop_requests()
            self._on_lost()

    def _complain(self, error: Exception) -> None:
        """Log it the first time, the second, the fourth: a kernel may send a million of them."""
        self._unreadable += 1
        if not self._unreadable & (self._unreadable - 1):
            _log.warning("%s messages of a kernel's were not readable: %s", self._unreadable, type(error).__name__)


def _wire_to(kernel: Any) -> Wire:
    if not hasattr(kernel, "kernel_url"):
        return LocalWire(kernel)
    from .gateway import GatewayWire  # most servers have none

    return GatewayWire(kernel)
