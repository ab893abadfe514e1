"""The answers of the routes that are one JSON value, as structs: they are sent, and described, from the same place."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ..domain.passages import Means, Resource
from ..domain.values import Policy, Shown
from ..domain.variants import StreamVariant
from .trouble import Failure


class Detail(msgspec.Struct, frozen=True):
    """What was done, or what went wrong and what to do."""

    detail: str


class Alive(msgspec.Struct, frozen=True):
    """The service is there."""

    status: str = "ok"


class Health(msgspec.Struct, frozen=True):
    """Models can be listed and threads read; ``models`` counts those that chat."""

    models: int
    status: str = "ok"


class Choice(msgspec.Struct, frozen=True):
    """A model that chats, with a note to be shown; whether it sees images and can call tools."""

    name: str
    note: str
    vision: bool
    tools: bool
    host: Annotated[str, Meta(description="Where it is asked; empty for a model inside this server.")] = ""
    local: Annotated[bool, Meta(description="What is sent to it stays on this machine.")] = False
    input_cost: Annotated[float | None, Meta(description="Dollars a token that it reads, where known.")] = None
    output_cost: Annotated[float | None, Meta(description="Dollars a token that it writes, where known.")] = None


class Bounds(msgspec.Struct, frozen=True):
    """What the site decided, and a person cannot loosen; ``fixed`` are those that leave no choice."""

    policy: Policy
    scratch_policy: Policy
    variables: Shown
    fixed: list[str]


class PanelSettings(msgspec.Struct, frozen=True):
    """What the panel needs to know; ``advice`` is Markdown for a server without a model, "" elsewhere."""

    models: list[Choice]
    default: str | None
    advice: str
    site: Bounds
    retrieval: Means


class Resources(msgspec.Struct, frozen=True):
    """What questions are looked up in, and what with; ``own`` tells that the caller may have folders indexed."""

    resources: list[Resource]
    means: Means
    own: bool


class Deleted(msgspec.Struct, frozen=True):
    """What was removed, and how many threads."""

    detail: str
    threads: int


class Bundle(msgspec.Struct, frozen=True):
    """What helps to find a fault and holds no content: no text, no address, no path, no key.

    ``settings`` are the names of those that somebody set, ``models`` is -1 where the catalogue cannot be read.
    """

    versions: dict[str, str]
    system: str
    settings: list[str]
    counts: dict[str, int]
    failures: list[Failure]


class ThreadEntry(msgspec.Struct, frozen=True):
    """A thread in a list; ``date`` is the start of its last turn, in UTC."""

    user_id: str
    thread_id: str
    date: str
    topic: str
    content: list[StreamVariant]
    running: bool


Threads = tuple[list[ThreadEntry], Annotated[int, Meta(ge=0, description="How many there are in all.")]]
"""A page of threads, newest first, and how many there are in all."""


class Forked(msgspec.Struct, frozen=True):
    """A new thread and what it begins with."""

    new_thread_id: str
    history: list[StreamVariant]


class Imported(msgspec.Struct, frozen=True):
    """The thread that an imported chat has become."""

    thread_id: str
    topic: str


class KernelVariables(msgspec.Struct, frozen=True):
    """The variables of a kernel, newest first; where nothing can be seen ``detail`` says why."""

    variables: list[dict[str, Any]]
    stale: bool | UnsetType = UNSET
    total: int | UnsetType = UNSET
    busy: bool | UnsetType = UNSET
    detail: str | UnsetType = UNSET
