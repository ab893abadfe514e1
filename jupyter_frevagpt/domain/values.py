"""Values that the layers hand to each other: frozen data, no behaviour."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class ThreadRef(msgspec.Struct, frozen=True):
    """One thread of one owner; without the owner no thread can be named."""

    owner: str
    thread_id: str


class RunRef(msgspec.Struct, frozen=True):
    """One run of code for a thread; the id is that of the call."""

    thread: ThreadRef
    call_id: str


class ThreadSummary(msgspec.Struct, frozen=True):
    """A thread in a list; ``date`` is the start of its last turn, ISO 8601 in UTC with ``Z``."""

    user_id: str
    thread_id: str
    date: str
    topic: str


class Fork(msgspec.Struct, frozen=True):
    """Where a thread came from: the first and the last of its ancestors, and how many questions it shares."""

    root_thread_id: str
    parent_thread_id: str
    fork_from_index: int


class Search(msgspec.Struct, frozen=True):
    """Literal text to be found, whatever its case; ``where`` is topic, user, ai, code or output."""

    text: str
    where: Literal["topic", "user", "ai", "code", "output"] = "topic"


ThreadPage = tuple[list[ThreadSummary], int]
"""A page of an owner's threads, newest first, and how many there are in all."""


class ModelInfo(msgspec.Struct, frozen=True):
    """A model that can be asked.

    ``note`` is shown beside the name ("small local model, often wrong"), ``vision`` tells that it sees images,
    ``tools`` that it can call tools, ``chat`` is false for a model that does not, ``embeds`` is true for one that makes
    vectors. ``prompt_set`` names the folder of its prompts, ``small`` is true for one that is asked for nothing but
    answers.
    """

    name: str
    note: str = ""
    vision: bool = False
    tools: bool = True
    chat: bool = True
    embeds: bool = False
    prompt_set: str = ""
    small: bool = False


class Service(msgspec.Struct, frozen=True):
    """Where a model is asked, and what it costs.

    ``host`` is a name for people, "" for a model that works inside this server; ``local`` tells that what is sent stays
    on this machine. The prices are dollars a token, None where nobody knows them.
    """

    host: str = ""
    local: bool = False
    input_cost: float | None = None
    output_cost: float | None = None


class ToolSpec(msgspec.Struct, frozen=True):
    """A tool as the model is told of it; ``parameters`` is a JSON schema of type object.

    ``in_page`` is true for one that needs a page in which the user's notebook can be open, ``tells_values`` for one
    that tells the model what variables hold, ``outside`` for one whose outputs are all text that strangers may have
    written: each is told to the model between marks, as data, and code is asked about from then on. ``vouched`` is true
    where the site vouches for who writes it: then its policy ``run`` stays what it is.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    in_page: bool = False
    tells_values: bool = False
    outside: bool = False
    vouched: bool = False


class ToolRequest(msgspec.Struct, frozen=True):
    """One call by the model; ``arguments`` is the JSON text it wrote."""

    id: str
    name: str
    arguments: str


Policy = Literal["run", "ask-when-risky", "ask", "suggest"]
"""What happens with code before it runs: nothing, a question unless it is known to be harmless, a question, no run."""

Shown = Literal["values", "names", "nothing"]
"""What a model is told of variables: what they hold too, names and types alone, not even those."""


class Wishes(msgspec.Struct, frozen=True):
    """What a person wants of a question: a policy as careful as the site's or more, and what of variables is sent."""

    policy: Policy | None = None
    variables: Shown = "values"


class ToolContext(msgspec.Struct, frozen=True):
    """For whom a tool runs.

    ``keep`` is false where nothing of the thread may be left on disk, ``approval`` is true for a client that can
    answer when code waits for its user's decision. ``sources`` grows: it names the text from outside that entered the
    turn; ``outside`` are those of them that strangers may have written (see ``domain/fence.py``). ``client`` names the
    page that asked, "" for a client in which no notebook can be open. ``distrust`` says why each piece of code is asked
    about whatever it is, "" where it is not.
    """

    ref: ThreadRef
    kernel_id: str = ""
    keep: bool = True
    approval: bool = False
    sources: list[str] = []
    outside: list[str] = []
    client: str = ""
    distrust: str = ""
    wishes: Wishes = Wishes()


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
    """What code may do; ``standing`` tells that "for this chat" may cover it.

    ``touches`` are the names that it may bind anew, change or delete, None for any; ``reads`` names the text from
    outside that it may bring in, ``outside`` those of them that come over the network.
    """

    harmless: bool
    reasons: tuple[ReviewReason, ...] = ()
    standing: bool = True
    touches: tuple[str, ...] | None = ()
    reads: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()


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


class Citation(msgspec.Struct, frozen=True):
    """A page that an answer rests on; ``end`` is the character of the answer where what rests on it ends, if told."""

    url: str
    title: str = ""
    end: int | None = None


class ModelChunk(msgspec.Struct, frozen=True):
    """One piece of a model's answer.

    ``citations`` are those of a model that searched the web. ``notice`` is a sentence for the user about a wait ("The
    service asks for 12 s of patience."), not part of the answer.
    """

    text: str = ""
    calls: tuple[CallDelta, ...] = ()
    usage: Usage | None = None
    notice: str = ""
    citations: tuple[Citation, ...] = ()


RunState = Literal["held", "waiting", "running", "done", "failed", "aborted", "lost", "stopped"]


class RunEvent(msgspec.Struct, frozen=True):
    """News of a run in a kernel: a new state, text that it printed, or a sentence for the user.

    ``reason`` tells for ``waiting`` what is waited for: "" the user's cell, ``assistant`` another run of ours.
    """

    state: RunState | None = None
    text: str = ""
    notice: str = ""
    reason: str = ""


class KernelImage(msgspec.Struct, frozen=True):
    """A PNG that a run showed: base64, and the index of its output in ``KernelOutput.display``."""

    png: str
    at: int


class TouchedFile(msgspec.Struct, frozen=True):
    """A file that was ``created``, ``changed`` or ``deleted``: mime type, bytes (None where it is gone).

    The path is relative to the server's root folder where it lies below that.
    """

    path: str
    type: str
    size: int | None
    change: str


class ScratchFile(msgspec.Struct, frozen=True):
    """A file of a thread's scratch folder: its path in there, bytes, mime type by its name, when it was changed."""

    path: str
    size: int
    type: str
    date: str


class ScratchFiles(msgspec.Struct, frozen=True):
    """The files of a thread's scratch folder; ``complete`` is false where there are too many to be listed."""

    files: list[ScratchFile]
    complete: bool = True


class RunChanges(msgspec.Struct, frozen=True):
    """What a run did to the variables and files; ``unknown`` are names that nobody can vouch for, with the reason.

    ``undo`` tells that something of it can be taken back, ``complete`` that all files could be looked at.
    """

    undo: bool = False
    created: list[str] = []
    rebound: list[str] = []
    changed: list[str] = []
    deleted: list[str] = []
    unknown: dict[str, str] = {}
    files: list[TouchedFile] = []
    complete: bool = True

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.undo or self.unknown or self.files)


class Undone(msgspec.Struct, frozen=True):
    """What was taken back, what was not and why, and what nobody can vouch for."""

    restored: list[str]
    not_restored: dict[str, str]
    cannot_vouch: dict[str, str]


class VariableList(msgspec.Struct, frozen=True):
    """The variables of a kernel, newest first, as plain data; ``total`` counts those too that had no room.

    ``stale`` tells that the kernel did not answer in time and this is what it told before, ``busy`` that a cell is
    running, ``detail`` says why nothing can be seen.
    """

    variables: list[dict[str, Any]] = []
    total: int = 0
    stale: bool = False
    busy: bool = False
    detail: str = ""


class Inspected(msgspec.Struct, frozen=True):
    """What is known of one variable; without ``facts`` there is none, and ``close`` are names that look like it.

    ``note`` says what else there is to know: that values may change, or why nothing can be told.
    """

    facts: dict[str, Any] | None = None
    close: tuple[str, ...] = ()
    note: str = ""


class FoundFile(msgspec.Struct, frozen=True):
    """What a file holds: text, or a PNG or JPEG in base64; ``note`` says what it is or why there is not more."""

    text: str = ""
    image: str = ""
    note: str = ""


class RestOfOutput(msgspec.Struct, frozen=True):
    """A piece of what a run printed beyond its output; ``next`` is where the next one begins, up to ``total``."""

    text: str
    next: int
    total: int


class KernelOutput(msgspec.Struct, frozen=True):
    """What a run printed and showed.

    ``text`` is for the model and plain clients (no ANSI codes), ``display`` the outputs as nbformat 4 objects without
    the PNGs, ``images`` those PNGs in the order they were shown. ``note`` says why it ended when that was not its own
    doing, ``late`` is what earlier runs printed after their end, ``changes`` is None where nobody can tell.
    """

    text: str
    display: list[dict[str, Any]]
    images: list[KernelImage]
    state: RunState
    note: str = ""
    late: str = ""
    changes: RunChanges | None = None
