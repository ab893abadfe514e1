"""The way to a kernel behind a gateway: a websocket of our own.

Jupyter's own client for such kernels polls without a pause, blocks while it connects and does not log in.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from jupyter_client.jsonutil import json_default
from jupyter_client.session import Session
from jupyter_server.gateway.gateway_client import GatewayClient
from jupyter_server.utils import url_path_join
from tornado.escape import url_escape
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, websocket_connect

from ..domain.errors import KernelFailed
from .sockets import LARGEST

_log = logging.getLogger("jupyter_frevagpt.kernels")

Message = dict[str, Any]

_CONNECT_SECONDS = 20.0
_PING_SECONDS = 30.0
_UNREACHABLE = (
    "The gateway that this kernel runs behind cannot be reached, so nothing was run. Ask again in a while, or choose a "
    "kernel of this server."
)
_GONE = "The gateway has ended this kernel, so nothing was run. Start it again and ask again."


class GatewayWire:
    """Sends to the gateway and receives from it; all channels of the kernel come in one stream."""

    readers = ("gateway",)

    def __init__(self, kernel: Any) -> None:
        """``kernel`` is the server's manager of the kernel."""
        self._kernel = kernel
        self._socket: WebSocketClientConnection | None = None
        self.session = Session(username="frevagpt")

    async def open(self) -> None:
        """Connect; raises KernelFailed with a text for the user."""
        try:
            # What the server knows of the kernel's state is as old as its last question.
            known = await self._kernel.refresh_model()
            self._socket = await self._connected() if known is not None else None
        except Exception as error:
            _log.warning("kernel %s: its gateway does not let us in (%s)", self._kernel.kernel_id, type(error).__name__)
            raise KernelFailed(_UNREACHABLE) from error
        if self._socket is None:
            raise KernelFailed(_GONE)

    async def _connected(self) -> WebSocketClientConnection:
        client = GatewayClient.instance()
        given: dict[str, Any] = client.load_connection_args()  # type: ignore[no-untyped-call]
        kernel_id = url_escape(str(self._kernel.kernel_id))
        request = HTTPRequest(
            url_path_join(client.ws_url or "", client.kernels_endpoint, kernel_id, "channels"), **given
        )
        async with asyncio.timeout(_CONNECT_SECONDS):
            return await websocket_connect(request, ping_interval=_PING_SECONDS, max_message_size=LARGEST)

    def close(self) -> None:
        """Disconnect."""
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.close()

    def send(self, channel: str, message: Message) -> None:
        """Send; raises KernelFailed when the connection is lost."""
        if self._socket is None:
            raise KernelFailed("The kernel is gone.")
        text = json.dumps({**message, "channel": channel}, default=json_default)
        try:
            sending = asyncio.ensure_future(self._socket.write_message(text))
        except WebSocketClosedError as error:
            raise KernelFailed("The connection to the kernel's gateway is lost.") from error
        # A connection that breaks meanwhile is noticed where it is read.
        sending.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def receive(self, channel: str) -> tuple[str, Message] | None:
        """Return the next message and its channel.

        Raises KernelFailed when none can come any more, and anything for a message that cannot be read.
        """
        raw = await self._socket.read_message() if self._socket is not None else None
        if raw is None:
            raise KernelFailed("The connection to the kernel's gateway is lost.")
        message = json.loads(raw if isinstance(raw, str) else _first_part(raw))
        return message["channel"], message


def _first_part(raw: bytes) -> bytes:
    """Return the JSON of a message with binary buffers: their count, where each part begins, the parts."""
    begin, end = (int.from_bytes(raw[at : at + 4], "big") for at in (4, 8))
    return raw[begin:end] if int.from_bytes(raw[:4], "big") > 1 else raw[begin:]
