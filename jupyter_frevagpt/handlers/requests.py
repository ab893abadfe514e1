"""The parameters of the routes: each a frozen struct, from which requests are validated."""

from __future__ import annotations

from typing import Annotated

import msgspec

ThreadId = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{1,64}\Z")]
Input = Annotated[str, msgspec.Meta(max_length=200_000)]


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""


class Ask(msgspec.Struct, frozen=True):
    """A question; ``chatbot`` is a catalogue name, ``kernel_id`` the kernel the answer's code is to run in."""

    input: Input = ""
    thread_id: ThreadId | None = None
    chatbot: str = ""
    kernel_id: str = ""
    store_thread: bool = True
    strict: bool | None = None
    rich: bool = False
    approval: bool = False


class Approve(msgspec.Struct, frozen=True):
    """The user's decision on code that waits."""

    thread_id: ThreadId
    id: Annotated[str, msgspec.Meta(max_length=100)]
    decision: str
    reason: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class Follow(msgspec.Struct, frozen=True, rename={"start": "from"}):
    """Which running turn to follow, and from which line on."""

    thread_id: ThreadId
    start: Annotated[int, msgspec.Meta(ge=0)] = 0
    strict: bool | None = None
    rich: bool = False


class OneThread(msgspec.Struct, frozen=True):
    """A thread."""

    thread_id: ThreadId


class GetThread(msgspec.Struct, frozen=True):
    """A thread, and how it is wanted; ``finished`` leaves a running turn's items out."""

    thread_id: ThreadId
    finished: bool = False
    strict: bool | None = None
    rich: bool = False


class Listing(msgspec.Struct, frozen=True):
    """A page of the caller's threads; ``full`` adds their contents."""

    num_threads: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    page: Annotated[int, msgspec.Meta(ge=0)] = 0
    full: bool | None = None
