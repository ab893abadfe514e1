"""The least client of a kernel: jupyter_client, its channels kept; the floor of everything that runs in kernels."""

from __future__ import annotations

import time
from typing import Any

from jupyter_client.session import Session

_SECONDS = 120.0


class BareClient:
    """Runs code and reads all that comes, for nobody."""

    def __init__(self, kernel: Any) -> None:
        """``kernel`` is the manager of the kernel."""
        self._client = kernel.client()
        self._client.session = Session(key=kernel.session.key, signature_scheme=kernel.session.signature_scheme)
        self._client.start_channels(stdin=False, hb=False)

    async def ready(self) -> None:
        """Wait until the kernel answers."""
        await self._client.wait_for_ready(timeout=20)

    def close(self) -> None:
        """Disconnect."""
        self._client.stop_channels()

    async def run(self, code: str) -> float:
        """Return the ms from sending code until reply and idle have come; raises RuntimeError where it fails."""
        began = time.perf_counter()
        await self.wait(self.send(code))
        return (time.perf_counter() - began) * 1000

    def send(self, code: str) -> str:
        """Send code, return the id of the request."""
        message_id = str(self._client.execute(code, store_history=False))
        self._wake("shell")
        return message_id

    async def begun(self, message_id: str) -> None:
        """Wait until the kernel runs a request."""
        await self._state(message_id, "busy")

    async def wait(self, message_id: str) -> None:
        """Wait for reply and idle of a request, reading all outputs."""
        while (reply := await self._client.get_shell_msg(timeout=_SECONDS))["parent_header"]["msg_id"] != message_id:
            pass
        if reply["content"]["status"] != "ok":
            raise RuntimeError(f"the code failed: {reply['content']}")
        await self._state(message_id, "idle")

    async def _state(self, message_id: str, state: str) -> None:
        while True:
            message = await self._client.get_iopub_msg(timeout=_SECONDS)
            if message["parent_header"].get("msg_id") == message_id:
                if message["content"].get("execution_state") == state:
                    return

    async def round_trip(self) -> float:
        """Return the ms that a request on the control channel takes."""
        began = time.perf_counter()
        self._client.control_channel.send(self._client.session.msg("kernel_info_request", {}))
        self._wake("control")
        await self._client.get_control_msg(timeout=_SECONDS)
        return (time.perf_counter() - began) * 1000

    def _wake(self, channel: str) -> None:
        """Look at the socket once more: a send may swallow the event that something has come."""
        socket = getattr(self._client, f"{channel}_channel").socket
        if wake := getattr(socket, "_schedule_remaining_events", None):
            wake()
