"""The server's half of what lives in the kernel: sends it there, asks it, and believes nothing that comes back."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import zlib
from collections.abc import Mapping
from importlib import resources
from typing import Any, Literal, Protocol, TypeVar

import msgspec

from ..domain.errors import KernelFailed
from .injected import MESSAGE_TYPE, PROTOCOL
from .injected.boot import PACKAGE
from .replies import (
    Capabilities,
    Changes,
    Description,
    Dropped,
    Fate,
    Listing,
    Memory,
    Reviewed,
    ReviewFacts,
    RunReport,
    State,
    Taken,
    Undone,
)

_MAX_BODY = 2_500_000
_BOOT_SECONDS = 20.0
_HELLO_SECONDS = 3.0
_ASK_SECONDS = 2.0

Channel = Literal["control", "shell"]
Reply = TypeVar("Reply")


class GuestFailed(KernelFailed):
    """What lives in the kernel could not be asked: ``reason`` is timeout, refused, malformed, failed or outdated."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class Link(Protocol):
    """How messages get to the kernel and back."""

    async def __call__(
        self, message_type: str, content: dict[str, Any], *, channel: Channel, timeout: float
    ) -> Mapping[str, Any]:
        """Return the content of the reply; raises TimeoutError, and KernelFailed when the kernel is gone."""


@functools.cache
def _sources() -> tuple[str, str, dict[str, str]]:
    """Return the text of the boot module, a digest, and the texts of the package by module name."""
    texts = {}
    boot = ""
    for file in resources.files("jupyter_frevagpt.kernels.injected").iterdir():
        if file.name == "boot.py":
            boot = file.read_text(encoding="utf-8")
        elif file.name.endswith(".py"):
            texts[PACKAGE if file.name == "__init__.py" else f"{PACKAGE}.{file.name[:-3]}"] = file.read_text(
                encoding="utf-8"
            )
    digest = hashlib.sha256(json.dumps([boot, *sorted(texts.items())]).encode()).hexdigest()[:16]
    return boot, digest, texts


def boot_code(session: str, user_header: Mapping[str, Any] | None = None) -> str:
    """Return the one expression that makes a kernel know us, and leaves no name behind."""
    boot, digest, texts = _sources()
    arguments = (texts, digest, session, dict(user_header) if user_header else None)
    call = f"\nboot({', '.join(map(repr, arguments))})\n"
    packed = base64.b85encode(zlib.compress((boot + call).encode(), 6)).decode()
    return (
        "__import__('builtins').exec(__import__('zlib').decompress(__import__('base64')"
        f".b85decode({packed!r})).decode(), {{'__name__': {PACKAGE + '_boot'!r}}})"
    )


def run_options(
    *, caps: Mapping[str, int] | None = None, snapshot: Mapping[str, Any] | None = None, files: bool = False
) -> dict[str, Any]:
    """Return the metadata to send with an execute_request: what the kernel shall do around that run.

    ``caps`` are budgets of output, ``snapshot`` the names that the code may touch and the budgets for copies of them.
    """
    options: dict[str, Any] = {"caps": dict(caps or {})}
    if snapshot is not None:
        options["snapshot"] = dict(snapshot)
    if files:
        options["files"] = {}
    return {"frevagpt": options}


def read_report(metadata: Any) -> RunReport | None:
    """Return what the metadata of an execute_reply tells, None when it tells nothing that can be believed."""
    text = metadata.get("frevagpt") if isinstance(metadata, Mapping) else None
    try:
        return _decode(text, RunReport)
    except GuestFailed:
        return None


class GuestOps:
    """Asks the guest's half in one kernel.

    All methods raise GuestFailed and nothing else. Those of the control channel are answered while a cell runs, unless
    it holds Python's lock; where the kernel has no control thread everything goes over the shell channel.
    """

    def __init__(self, link: Link, session: str) -> None:
        """``session`` is the id of the client's session behind ``link``, by which the kernel knows our requests."""
        self._link = link
        self._session = session
        self.capabilities: Capabilities | None = None

    async def inject(self, user_header: Mapping[str, Any] | None = None) -> Capabilities:
        """Become the kernel's guest, with one silent request in the queue of its shell; the same again is no change.

        ``user_header`` is the header of the user's last cell if it was seen: output of threads goes on belonging to it.
        """
        content = {
            "code": boot_code(self._session, user_header),
            "silent": True,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        reply = await self._send("execute_request", content, "shell", _BOOT_SECONDS)
        if reply.get("status") != "ok":
            raise GuestFailed("This kernel does not take the assistant's helper.", "refused")
        try:
            state = await self.state(timeout=_HELLO_SECONDS)
        except GuestFailed as error:
            if error.reason != "timeout":
                raise
            state = await self.state(channel="shell", timeout=_HELLO_SECONDS)
        if state.capabilities.protocol != PROTOCOL:
            raise GuestFailed("Another version of the assistant lives in this kernel. Restart the kernel.", "outdated")
        self.capabilities = state.capabilities
        return state.capabilities

    async def state(self, *, channel: Channel = "control", timeout: float = _ASK_SECONDS) -> State:
        """Return what the kernel is doing, and what works in it."""
        return await self._ask("hello", State, channel=channel, timeout=timeout)

    async def cancel(self, msg_id: str) -> Fate:
        """Drop a request before it runs; every other answer than "cancelled" means that it runs or has run."""
        return await self._ask("cancel", Fate, msg_id=msg_id)  # type: ignore[arg-type]

    async def interrupt_if(self, msg_id: str) -> Fate:
        """Interrupt a request if it is what runs; to be repeated until it has ended: code may swallow the interrupt."""
        return await self._ask("interrupt", Fate, msg_id=msg_id)  # type: ignore[arg-type]

    async def dropped(self, msg_id: str) -> Dropped:
        """Return what a run, and threads that it left behind, showed beyond its budgets."""
        return await self._ask("output", Dropped, msg_id=msg_id)

    async def describe(
        self,
        *,
        names: list[str] | None = None,
        depth: int = 1,
        since: int = -1,
        timeout: float = _ASK_SECONDS,
        **budget: int,
    ) -> Description:
        """Describe the namespace, also beside a running cell; ``since`` is the ``executions`` of an answer at hand.

        ``budget`` takes ``budget_ms``, ``max_bytes`` and ``max_vars``.
        """
        arguments: dict[str, Any] = {"names": names, "depth": depth, "since": since, **budget}
        return await self._ask("describe", Description, timeout=timeout, **arguments)

    async def snapshot(self, names: list[str] | None, **budgets: float) -> Taken:
        """Take a snapshot now; around a run ``run_options`` does it without a gap."""
        options = {"names": names, **budgets}
        return await self._ask("snapshot", Taken, channel="shell", timeout=10, options=options)

    async def diff(self, snapshot_id: str) -> Changes:
        """Return what has changed since a snapshot."""
        return await self._ask("diff", Changes, channel="shell", timeout=10, taken={"id": snapshot_id})

    async def undo(self, snapshot_id: str, *, timeout: float = 30) -> Undone:
        """Take a run's changes back where nothing has changed since; in the queue of the shell, never beside a cell."""
        return await self._ask("undo", Undone, channel="shell", timeout=timeout, id=snapshot_id)

    async def forget(self, snapshot_id: str = "") -> Memory:
        """Let go of a snapshot, of all without an id."""
        return await self._ask("forget", Memory, id=snapshot_id)

    async def review(
        self, code: str, *, builtin: list[str], vouched: list[str], files: list[str] | None, made: list[str]
    ) -> Reviewed:
        """Return what the kernel knows about a cell before it runs.

        ``builtin`` are the names in it that may be builtins, ``vouched`` modules whose functions are compared with what
        they were, ``files`` the beginnings of the paths that the cell may mean (None: any), ``made`` the snapshots of
        runs whose names are asked for.
        """
        asked: dict[str, Any] = {"code": code, "builtin": builtin, "vouched": vouched, "files": files, "made": made}
        return await self._ask("review", Reviewed, **asked)

    async def review_facts(self, claims: Mapping[str, str], sizes: list[str]) -> ReviewFacts:
        """Return whether names are what they claim to be, and how large variables are."""
        return await self._ask("facts", ReviewFacts, claims=dict(claims), sizes=sizes)

    async def transform(self, code: str, *, channel: Channel = "control", timeout: float = _ASK_SECONDS) -> str:
        """Return a cell as the kernel itself rewrites it; ask on the shell channel where others' transformers are."""
        return await self._ask("transform", str, channel=channel, timeout=timeout, code=code)

    async def files(self, **options: int) -> Listing:
        """List the working directory."""
        return await self._ask("files", Listing, options=options)

    async def uninstall(self) -> None:
        """Give the kernel back as it was."""
        await self._ask("uninstall", bool, channel="shell", timeout=10)

    async def _ask(
        self,
        operation: str,
        kind: type[Reply],
        *,
        channel: Channel = "control",
        timeout: float = _ASK_SECONDS,
        **args: Any,
    ) -> Reply:
        if self.capabilities is not None and not self.capabilities.while_busy:
            channel = "shell"
        content = {"op": operation, "args": args}
        reply = await self._send(MESSAGE_TYPE, content, channel, timeout)
        if reply.get("status") != "ok":
            message = str(reply.get("evalue", ""))[:300] or "no reason was given"
            raise GuestFailed(f"The kernel did not do it: {message}", "failed")
        return _decode(reply.get("body"), kind)

    async def _send(
        self, message_type: str, content: dict[str, Any], channel: Channel, timeout: float
    ) -> Mapping[str, Any]:
        try:
            reply = await self._link(message_type, content, channel=channel, timeout=timeout)
        except TimeoutError:
            raise GuestFailed("The kernel does not answer at the moment.", "timeout") from None
        except KernelFailed as error:
            raise GuestFailed(str(error), "failed") from error
        if not isinstance(reply, Mapping):
            raise GuestFailed("The kernel's answer is not understood.", "malformed")
        return reply


def _decode(body: Any, kind: type[Reply]) -> Reply:
    if not isinstance(body, str) or len(body) > _MAX_BODY:
        raise GuestFailed("The kernel's answer is not understood.", "malformed")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise GuestFailed("The kernel's answer is not understood.", "malformed") from None
