"""The parameters of the routes: each a frozen struct, from which requests are validated and the routes described."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ..domain.chips import AskedChip
from ..domain.notebook import PageAnswer
from ..domain.values import Policy, Shown

ThreadId = Annotated[
    str, Meta(pattern=r"\A[A-Za-z0-9_-]{1,64}\Z", description="A thread: 1 to 64 letters, digits, `_` and `-`.")
]
# Said in the description only: what is blank is refused with a better sentence than msgspec's.
_NOT_BLANK = {"minLength": 1, "pattern": r"\S"}
Input = Annotated[str, Meta(max_length=200_000, description="The question.", extra_json_schema=_NOT_BLANK)]
Chatbot = Annotated[str, Meta(max_length=1000, description="A name of `availablechatbots`; without it the first one.")]
KernelId = Annotated[
    str, Meta(max_length=100, description="A running kernel of this server; without it the thread gets one of its own.")
]
CallId = Annotated[str, Meta(min_length=1, max_length=200, description="A run: the `id` of its Code.")]
Strict = Annotated[
    bool | None, Meta(description="Neither ToolCall nor ToolOutput, plain hints. Default: by the user agent.")
]
Rich = Annotated[bool, Meta(description="Long lines, `display` bundles, and hints on runs.")]
WishedPolicy = Annotated[
    Policy | None, Meta(description="What happens with code before it runs; no looser than the site's.")
]
WishedVariables = Annotated[
    Shown, Meta(description="What the model is told of variables: their values, names and types, nothing.")
]
Client = Annotated[
    str,
    Meta(
        max_length=64,
        description="A name that a page gives itself each time it is loaded, where it carries out `request` hints.",
    ),
]
Approval = Annotated[bool, Meta(description="The client can answer when code waits for its user's decision.")]
NumThreads = Annotated[int, Meta(ge=1, le=100, description="Threads on a page.")]
Page = Annotated[int, Meta(ge=0, le=1_000_000_000, description="Which page, from 0.")]
Full = Annotated[
    bool | None,
    Meta(description="With the contents of the first 20 threads of the page. Default: by the user agent."),
]


Context = Annotated[
    list[AskedChip],
    Meta(max_length=20, description="What goes with the question: variables, files, cells, a selection, pictures."),
]


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""


class Help(msgspec.Struct, frozen=True):
    """Which route to explain."""

    endpoint: Annotated[str, Meta(max_length=100, description="A route's name; without it all are explained.")] = ""


class Ask(msgspec.Struct, frozen=True):
    """A question."""

    input: Input
    thread_id: ThreadId | None = None
    chatbot: Chatbot = ""
    kernel_id: KernelId = ""
    context: Context = []
    store_thread: Annotated[bool, Meta(description="False leaves nothing on disk; not in a stored chat.")] = True
    strict: Strict = None
    rich: Rich = False
    approval: Approval = False
    client: Client = ""
    policy: WishedPolicy = None
    variables: WishedVariables = "values"


class Approve(msgspec.Struct, frozen=True):
    """The user's decision on code that waits."""

    thread_id: ThreadId
    id: Annotated[str, Meta(min_length=1, max_length=100, description="The `id` of the approval hint.")]
    decision: Annotated[
        Literal["once", "thread", "deny"],
        Meta(description="Run it, run all of this chat's, do not run it."),
    ]
    reason: Annotated[str, Meta(max_length=2000, description="Why not, for the model.")] = ""


class ToolResult(msgspec.Struct, frozen=True):
    """What a page says of a ``request`` hint."""

    thread_id: ThreadId
    id: Annotated[str, Meta(min_length=1, max_length=100, description="The `id` of the request hint.")]
    client: Annotated[str, Meta(min_length=1, max_length=64, description="The page's name.")]
    step: Annotated[
        Literal["claim", "keep", "done"],
        Meta(description="Take it, before anything is done; say that it still goes on; say what came of it."),
    ]
    result: Annotated[PageAnswer | None, Meta(description="What came of it, with `done`.")] = None


class OneRun(msgspec.Struct, frozen=True):
    """A run of a thread's."""

    thread_id: ThreadId
    id: CallId


class PageOfRun(msgspec.Struct, frozen=True, rename={"start": "from"}):
    """A run of a thread's, and a place in what it printed."""

    thread_id: ThreadId
    id: CallId
    start: Annotated[int, Meta(ge=0, le=1_000_000_000_000, description="The character to begin at.")] = 0


class Rerun(msgspec.Struct, frozen=True):
    """A thread whose code is to run again, and where."""

    thread_id: ThreadId
    kernel_id: KernelId = ""
    strict: Strict = None
    rich: Rich = False
    approval: Approval = False
    policy: WishedPolicy = None


class Follow(msgspec.Struct, frozen=True, rename={"start": "from"}):
    """Which running turn to follow, and from where on."""

    thread_id: ThreadId
    start: Annotated[int, Meta(ge=0, le=1_000_000_000_000, description="The number of the first line wanted.")] = 0
    strict: Strict = None
    rich: Rich = False
    client: Client = ""


class OneThread(msgspec.Struct, frozen=True):
    """A thread."""

    thread_id: ThreadId


class OneKernel(msgspec.Struct, frozen=True):
    """A kernel."""

    kernel_id: Annotated[str, Meta(min_length=1, max_length=100, description="A running kernel of this server.")]


class GetThread(msgspec.Struct, frozen=True):
    """A thread, and how it is wanted."""

    thread_id: ThreadId
    finished: Annotated[bool, Meta(description="Leave the items of a running turn out.")] = False
    strict: Strict = None
    rich: Rich = False


class Files(msgspec.Struct, frozen=True):
    """A thread's files, or the one at ``path``."""

    thread_id: ThreadId
    path: Annotated[str, Meta(max_length=4096, description="A file of the list, to be sent; without it the list.")] = ""


class Listing(msgspec.Struct, frozen=True):
    """A page of the caller's threads."""

    num_threads: NumThreads = 20
    page: Page = 0
    full: Full = None


class SearchThreads(msgspec.Struct, frozen=True):
    """What to look for, and which page of what is found."""

    query: Annotated[
        str,
        Meta(
            max_length=200,
            description="Literal text, whatever its case, of a topic; behind `user:`, `ai:`, `code:` or `output:` of "
            "that content.",
            extra_json_schema=_NOT_BLANK,
        ),
    ]
    num_threads: NumThreads = 20
    page: Page = 0
    full: Full = None


class Rename(msgspec.Struct, frozen=True):
    """A thread and its new topic."""

    thread_id: ThreadId
    topic: Annotated[str, Meta(max_length=200, description="The new topic.", extra_json_schema=_NOT_BLANK)]


class ImportThread(msgspec.Struct, frozen=True):
    """A chat as `jupyter frevagpt threads export` writes it; what else it tells is passed over."""

    content: Annotated[
        list[Any],
        Meta(
            description="Its items, a question among them.",
            extra_json_schema={"items": {"$ref": "#/components/schemas/StreamVariant"}},
        ),
    ]
    topic: Annotated[str, Meta(description="Its topic, of which the first 200 characters count.")] = ""


class IndexResources(msgspec.Struct, frozen=True):
    """A folder to be indexed."""

    folder: Annotated[str, Meta(min_length=1, max_length=4096, description="Its path on the server's machine.")]


class RemoveResource(msgspec.Struct, frozen=True):
    """A folder to be forgotten."""

    name: Annotated[str, Meta(min_length=1, max_length=64, description="Its name, as `resources` gives it.")]


class DeleteAll(msgspec.Struct, frozen=True):
    """The word that says that it is meant."""

    confirm: Annotated[Literal["delete"], Meta(description="The word `delete`, as the user typed it.")]


class EditThread(msgspec.Struct, frozen=True):
    """A thread to continue differently, and from where on."""

    source_thread_id: ThreadId
    user_index: Annotated[
        int,
        Meta(ge=0, le=1_000_000_000, description="The question to be asked anew, from 0: all before stays."),
    ]
    strict: Strict = None
    rich: Rich = False


class Feedback(msgspec.Struct, frozen=True):
    """A user's opinion of an answer."""

    thread_id: ThreadId
    feedback_index: Annotated[
        int, Meta(ge=0, le=1_000_000_000, description="Which of the thread's Assistant and Code items, from 0.")
    ]
    feedback: Annotated[Literal["up", "down", "remove"], Meta(description="The opinion; `remove` takes it back.")]
