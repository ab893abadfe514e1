"""What the conversation asks of the world; implementations live in their own folders and never import each other."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from .notebook import PageAnswer
from .passages import Found, Means, Progress, Resource
from .values import (
    CodeReview,
    Decision,
    FoundFile,
    Inspected,
    KernelOutput,
    ModelChunk,
    ModelInfo,
    RestOfOutput,
    RunEvent,
    RunRef,
    ScratchFile,
    ScratchFiles,
    Search,
    ThreadPage,
    ThreadRef,
    ThreadSummary,
    ToolContext,
    ToolRequest,
    ToolSpec,
    Undone,
    VariableList,
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


class SearchingModels(Protocol):
    """Models whose services can search the web."""

    async def searching(self, name: str) -> ChatModel | None:
        """Return the model of that name as one that searches before it answers, None where it cannot."""


class ToolMaker(Protocol):
    """A tool that only some models have."""

    async def tool_for(self, model: str) -> Tool | None:
        """Return the tool for a question to that model, None where there is none."""


class Tool(Protocol):
    """Something the model may call."""

    spec: ToolSpec

    def run(self, request: ToolRequest, context: ToolContext) -> AsyncGenerator[StreamVariant, None]:
        """Yield hints while it runs and its output variants at the end.

        A tool that is cancelled stops what it started, yields the output it has so far and raises
        ``CancelledError`` again; it does not take longer than a second for that.
        """


class ToolSource(Protocol):
    """Tools that come and go, as those of other servers."""

    async def tools(self, ref: ThreadRef, taken: Collection[str]) -> tuple[list[Tool], list[str]]:
        """Return the tools for a question of a thread, and what its user should know of them, within seconds.

        ``taken`` are names that other tools have already.
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

    async def search(self, owner: str, search: Search, *, limit: int, page: int) -> ThreadPage:
        """Return a page of those in which something is found, newest first, and how many there are in all."""

    async def rename(self, ref: ThreadRef, topic: str, *, instead_of: str | None = None) -> bool:
        """Set a thread's topic, unless it is no longer ``instead_of``; tells whether it did. Raises ThreadNotFound."""

    async def delete(self, ref: ThreadRef) -> None:
        """Remove a thread for good; what is appended afterwards raises ThreadNotFound, as does this."""

    async def fork(self, ref: ThreadRef, new_id: str, items: Sequence[StreamVariant], index: int) -> ThreadSummary:
        """Make a new thread of these items, which shares ``index`` questions with ``ref``; that stays as it is."""

    async def rate(self, ref: ThreadRef, index: int, feedback: str) -> None:
        """Give the Nth of a thread's Assistant and Code items, from 0, a feedback: up, down, or "" for none.

        Raises ThreadNotFound, and FeedbackNotFound where there is no such item.
        """

    async def lease(self, ref: ThreadRef, holder: str, seconds: float) -> bool:
        """Take or renew a thread for one process; false while another one holds it. Raises ThreadNotFound."""

    async def release(self, ref: ThreadRef, holder: str) -> None:
        """Give it back."""

    async def leased(self, ref: ThreadRef, holder: str) -> bool:
        """Whether another process than ``holder`` holds the thread now."""

    async def aclose(self) -> None:
        """Let go of connections."""


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

    async def review(self, code: str, ref: ThreadRef) -> CodeReview:
        """Return what the code may do, by its text and by what the kernel tells; what a thread made is its own."""

    def execute(self, code: str, run_ref: RunRef, touches: tuple[str, ...] | None = ()) -> KernelRun:
        """Send code to the kernel, behind whatever it is doing; what the names ``touches`` hold is kept for undo."""


class Kernels(Protocol):
    """The kernels of this server."""

    def check(self, kernel_id: str) -> None:
        """Raise :class:`~.errors.UnknownKernel` unless a kernel of that id is running here."""

    async def session(self, context: ToolContext) -> KernelSession:
        """Return the named kernel, or one of the thread's own, started in its scratch folder when there is none."""

    def rest(self, run_ref: RunRef, start: int) -> RestOfOutput:
        """Return what a run printed beyond its output, from a character on; raises OutputGone."""

    async def undo(self, run_ref: RunRef) -> Undone:
        """Take back what a run changed; raises NothingToUndo, KernelBusy and KernelFailed."""

    async def forget(self, ref: ThreadRef) -> None:
        """Give up what is kept of a thread's runs: copies for undo, printed text."""


class Surroundings(Protocol):
    """What kernels hold, told without running anybody's code and without starting a kernel."""

    async def summary(self, context: ToolContext, question: str) -> str:
        """Return a text for a model on the variables of the thread's kernel, "" when there is nothing to tell.

        The variables that ``question`` mentions come first.
        """

    def told(self, ref: ThreadRef) -> Sequence[str]:
        """Return the names of the variables that the last summary for a thread told of."""

    async def inspect(self, context: ToolContext, name: str, depth: int) -> Inspected:
        """Return more of a variable of the thread's kernel, or of a path below it such as ``ds.tas``."""

    async def variables(self, kernel_id: str) -> VariableList:
        """Return the variables of a running kernel."""


class Embedder(Protocol):
    """A model that makes vectors of texts; ``host`` names for people where it is asked."""

    name: str
    host: str

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector for each text; raises :class:`~.errors.ModelFailed`."""


class Retriever(Protocol):
    """The documents that questions are looked up in."""

    async def search(self, question: str, *, limit: int, sources: Sequence[str] = (), own: bool = True) -> Found:
        """Return the best passages for a question, of the corpora of these names, of all where none is named.

        ``own`` tells that the user's own folders count. Raises :class:`~.errors.BadRequest` for a name that is not
        there and :class:`~.errors.WorkerFailed`.
        """

    async def resources(self, *, own: bool = True, counted: bool = False) -> list[Resource]:
        """Return what can be searched; ``counted`` asks how much of it is in the index."""

    async def means(self) -> Means:
        """Return what passages are found with."""

    def index(self, folder: str) -> AsyncGenerator[Progress, None]:
        """Index a folder of the user's, of which only what changed is read anew; closing the generator ends it.

        Raises :class:`~.errors.BadRequest` for what is no folder that may be read.
        """

    async def remove(self, name: str) -> None:
        """Forget a folder of the user's; its documents stay where they are. Raises BadRequest for another name."""


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


class Asked(Protocol):
    """Something that a page was asked to do."""

    id: str
    hint: dict[str, Any]


class Pages(Protocol):
    """The user's pages, in which notebooks are open."""

    def send(self, context: ToolContext, tool: str, arguments: dict[str, Any]) -> Asked:
        """Ask for something to be done; the hint is to be written into the stream as ``request``."""

    async def wait(self, errand: Any) -> PageAnswer:
        """Return what came of it; its trouble is ``unclaimed`` or ``lost`` where no page answers."""


class Prompts(Protocol):
    """The words that stand before a conversation."""

    def before(self, model: str, prompt_set: str = "") -> tuple[str, list[StreamVariant], str]:
        """Return the starting prompt, the worked examples and the summary prompt for a model."""

    def notebook(self, model: str, prompt_set: str = "") -> str:
        """Return what a model is told that may work in the notebook which is open."""

    def title(self) -> str:
        """Return what a model is told that writes a title."""


class ScratchFolders(Protocol):
    """Where the kernels that we start keep their files."""

    def folder(self, ref: ThreadRef, *, keep: bool) -> Path:
        """Return the thread's folder, made if needed."""


class ReadableFiles(Protocol):
    """The files that the user sees in Jupyter."""

    def read(self, path: str) -> FoundFile:
        """Return what one holds, by its path there; raises BadRequest for what is not there or not to be sent."""


class ThreadFiles(Protocol):
    """The files that a thread's code wrote into its scratch folder."""

    def files(self, ref: ThreadRef) -> ScratchFiles:
        """Return their list."""

    def open(self, ref: ThreadRef, path: str) -> tuple[BinaryIO, ScratchFile] | None:
        """Return one of them, opened, which the caller closes; None where there is none."""

    def remove(self, ref: ThreadRef) -> None:
        """Remove all of them; raises StoreUnavailable where something stays."""
