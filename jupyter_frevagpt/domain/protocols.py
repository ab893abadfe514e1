"""What the conversation asks of the world; implementations live in their own folders and never import each other."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any, Protocol

from .values import (
    CodeReview,
    Decision,
    KernelOutput,
    ModelChunk,
    ModelInfo,
    RunEvent,
    ThreadPage,
    ThreadRef,
    ThreadSummary,
    ToolContext,
    ToolRequest,
    ToolSpec,
)
from .variants import StreamVariant, User

Message = dict[str, Any]
"""A chat message as the OpenAI protocol writes it: ``role``, ``content``, ``tool_calls``, ``tool_call_id``."""


class ChatModel(Protocol):
    """A model that answers."""

    def stream(self, messages: list[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[ModelChunk, None]:
        """Yield the answer piece by piece; closing the generator cancels the request.

        Raises :class:`~.errors.ModelFailed` with a text for the user when the service is down, refuses, breaks off or
        talks nonsense.
        """


class Models(Protocol):
    """The catalogue."""

    async def list(self) -> list[ModelInfo]:
        """Return the models in the catalogue's order; raises :class:`~.errors.CatalogueUnreadable`."""

    async def chat(self, name: str) -> ChatModel:
        """Return the model of that name; raises :class:`~.errors.BadRequest` when there is none that chats."""


class Tool(Protocol):
    """Something the model may call."""

    spec: ToolSpec

    def run(self, request: ToolRequest, context: ToolContext) -> AsyncGenerator[StreamVariant, None]:
        """Yield hints while it runs and its output variants at the end.

        A tool that is cancelled stops what it started, yields the output it has so far and raises
        ``CancelledError`` again; it does not take longer than a second for that.
        """


class ThreadStore(Protocol):
    """Where threads are kept. A store yields nothing of one owner to another."""

    async def read(self, ref: ThreadRef) -> list[StreamVariant]:
        """Return a thread's items in order; raises ThreadNotFound or StoreUnavailable."""

    async def append(self, ref: ThreadRef, items: Sequence[StreamVariant]) -> None:
        """Add finished items; on return they survive the end of this process."""

    async def reserve(self, ref: ThreadRef, question: User, topic: str) -> ThreadSummary:
        """Begin a turn: make the thread if nobody owns it, else renew its date, and append the question.

        Raises ThreadNotFound when somebody else owns it. ``topic`` counts for a new thread only.
        """

    async def summary(self, ref: ThreadRef) -> ThreadSummary | None:
        """Return the caller's thread, None when nobody owns it; raises ThreadNotFound when somebody else does."""

    async def list(self, owner: str, *, limit: int, page: int) -> ThreadPage:
        """Return a page of an owner's threads, newest first, and how many there are in all."""


class KernelRun(Protocol):
    """One piece of code on its way through a kernel."""

    def events(self) -> AsyncGenerator[RunEvent, None]:
        """Yield states and printed text until the run has ended."""

    async def stop(self) -> None:
        """Drop the run if it has not begun, else interrupt it; returns when it ended or after half a second."""

    def output(self) -> KernelOutput:
        """Return what there is up to now."""


class KernelSession(Protocol):
    """A kernel that this package is a guest in."""

    kernel_id: str
    life: str
    """Differs from kernel to kernel, and from one start of a kernel to the next."""

    async def review(self, code: str) -> CodeReview:
        """Return what the code may do, by its text and by what the kernel tells."""

    def execute(self, code: str) -> KernelRun:
        """Send code to the kernel, behind whatever it is doing."""


class Kernels(Protocol):
    """The kernels of this server."""

    def check(self, kernel_id: str) -> None:
        """Raise :class:`~.errors.UnknownKernel` unless a kernel of that id is running here."""

    async def session(self, context: ToolContext) -> KernelSession:
        """Return the named kernel, or one of the thread's own, started in its scratch folder when there is none."""


class Waiting(Protocol):
    """Code that waits for its user's decision; the id is a secret that counts once."""

    id: str


class Approvals(Protocol):
    """Questions to the user, and what was allowed for a whole chat."""

    def standing(self, ref: ThreadRef, kernel: str) -> bool:
        """Whether the user has allowed this chat to run code in this life of this kernel."""

    def ask(self, ref: ThreadRef, kernel: str, *, standing: bool) -> Waiting:
        """Begin to wait; ``standing`` tells that "for this chat" may be answered."""

    async def wait(self, question: Any) -> Decision:
        """Return the user's decision; there is no time-out."""


class Prompts(Protocol):
    """The words that stand before a conversation."""

    def before(self, model: str) -> tuple[str, list[StreamVariant], str]:
        """Return the starting prompt, the worked examples and the summary prompt for a model."""


class ScratchFolders(Protocol):
    """Where the kernels that we start keep their files."""

    def folder(self, ref: ThreadRef, *, keep: bool) -> Path:
        """Return the thread's folder, made if needed."""
