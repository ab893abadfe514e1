"""Values that the layers hand to each other: frozen data, no behaviour."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class ThreadRef(msgspec.Struct, frozen=True):
    """One thread of one owner; without the owner no thread can be named."""

    owner: str
    thread_id: str


class ThreadSummary(msgspec.Struct, frozen=True):
    """A thread in a list; ``date`` is the start of its last turn, ISO 8601 in UTC with ``Z``."""

    user_id: str
    thread_id: str
    date: str
    topic: str


ThreadPage = tuple[list[ThreadSummary], int]
"""A page of an owner's threads, newest first, and how many there are in all."""


class ModelInfo(msgspec.Struct, frozen=True):
    """A model that can be asked.

    ``note`` is shown beside the name ("small local model, often wrong"), ``vision`` tells that it sees images,
    ``tools`` that it can call tools, ``chat`` is false for a model that only embeds.
    """

    name: str
    note: str = ""
    vision: bool = False
    tools: bool = True
    chat: bool = True


class ToolSpec(msgspec.Struct, frozen=True):
    """A tool as the model is told of it; ``parameters`` is a JSON schema of type object."""

    name: str
    description: str
    parameters: dict[str, Any]


class ToolRequest(msgspec.Struct, frozen=True):
    """One call by the model; ``arguments`` is the JSON text it wrote."""

    id: str
    name: str
    arguments: str


class ToolContext(msgspec.Struct, frozen=True):
    """For whom a tool runs.

    ``keep`` is false where nothing of the thread may be left on disk, ``approval`` is true for a client that can
    answer when code waits for its user's decision.
    """

    ref: ThreadRef
    kernel_id: str = ""
    keep: bool = True
    approval: bool = False


Policy = Literal["run", "ask-when-risky", "ask", "suggest"]
"""What happens with code before it runs: nothing, a question unless it is known to be harmless, a question, no run."""


class Policies(msgspec.Struct, frozen=True):
    """The policies for the user's own kernels and for those that the assistant started."""

    users: Policy = "ask-when-risky"
    scratch: Policy = "run"


class ReviewReason(msgspec.Struct, frozen=True):
    """One thing that code may do, as a sentence for its user; ``asks`` is false for what needs no question."""

    kind: str
    text: str
    line: int
    asks: bool = True


class CodeReview(msgspec.Struct, frozen=True):
    """What code may do; ``standing`` tells that "for this chat" may cover it."""

    harmless: bool
    reasons: tuple[ReviewReason, ...] = ()
    standing: bool = True


class Decision(msgspec.Struct, frozen=True):
    """The user's answer to an approval: ``once``, ``thread`` or ``deny``, with a reason for the model."""

    decision: str
    reason: str = ""


class CallDelta(msgspec.Struct, frozen=True):
    """A fragment of a tool call; ``index`` tells the calls of one round apart, empty strings add nothing."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


class Usage(msgspec.Struct, frozen=True):
    """Tokens of one model round, as the service counted them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class ModelChunk(msgspec.Struct, frozen=True):
    """One piece of a model's answer.

    ``notice`` is a sentence for the user about a wait ("The service asks for 12 s of patience."), not part of the
    answer.
    """

    text: str = ""
    calls: tuple[CallDelta, ...] = ()
    usage: Usage | None = None
    notice: str = ""


RunState = Literal["held", "waiting", "running", "done", "failed", "aborted", "lost", "stopped"]


class RunEvent(msgspec.Struct, frozen=True):
    """News of a run in a kernel: a new state, or text that it printed."""

    state: RunState | None = None
    text: str = ""


class KernelImage(msgspec.Struct, frozen=True):
    """A PNG that a run showed: base64, and the index of its output in ``KernelOutput.display``."""

    png: str
    at: int


class KernelOutput(msgspec.Struct, frozen=True):
    """What a run printed and showed.

    ``text`` is for the model and plain clients (no ANSI codes), ``display`` the outputs as nbformat 4 objects without
    the PNGs, ``images`` those PNGs in the order they were shown.
    """

    text: str
    display: list[dict[str, Any]]
    images: list[KernelImage]
    state: RunState
