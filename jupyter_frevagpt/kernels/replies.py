"""What the guest's half in the kernel answers: closed schemas, since the kernel is not trusted."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Name = Annotated[str, msgspec.Meta(max_length=300)]
Text = Annotated[str, msgspec.Meta(max_length=5000)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Fate = Literal["cancelled", "claimed", "running", "finished", "interrupted", "unknown"]
Claim = Literal["same", "different", "absent"]


class Closed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reply of which every key is known."""


class Capabilities(Closed, frozen=True):
    """What works in a kernel."""

    protocol: int
    cancel: bool
    interrupt: bool
    while_busy: bool
    restore_parents: bool
    caps: bool
    report: bool
    describe: bool
    snapshot: bool
    python: Name
    ipykernel: Name


class Memory(Closed, frozen=True):
    """Snapshots that are kept, and the bytes that are alive for their sake."""

    count: Count
    bytes: Count


class State(Closed, frozen=True):
    """What the kernel is doing; ``executions`` grows with each cell that begins or ends."""

    capabilities: Capabilities
    executions: Count
    running: Name
    ours: Name
    snapshots: Memory


class Variable(Closed, frozen=True, omit_defaults=True):
    """A variable; bytes, shapes and chunks are in the units of numpy, values are cut or masked."""

    name: Name
    type: Name
    kind: Name = "object"
    value: str | int | float | bool | None = None
    length: Count | None = None
    shape: list[int | float | str] | None = None
    dtype: Name | None = None
    bytes: int | None = None
    columns: dict[Name, Name] | None = None
    index: Name | None = None
    head: list[list[Any]] | None = None
    label: Name | None = None
    dims: dict[Name, int] | list[Name] | None = None
    coords: dict[Name, Any] | None = None
    variables: dict[Name, Any] | None = None
    variable_count: Count | None = None
    attrs: dict[Name, Any] | None = None
    chunks: list[Any] | None = None
    lazy: bool = False
    preview: list[Any] | dict[str, Any] | None = None
    fields: dict[Name, Any] | None = None
    items: list[Name] | None = None
    bases: list[Name] | None = None
    members: list[Name] | None = None
    signature: Text | None = None
    doc: Text | None = None
    module: Name | None = None
    version: Name | None = None
    first: Any = None
    last: Any = None
    units: Name | None = None
    long_name: Name | None = None
    masked: bool = False
    error: Name | None = None
    details: dict[str, Any] | None = None


class Description(Closed, frozen=True):
    """The namespace; with ``unchanged`` the asker's last one still holds."""

    executions: Count
    busy: bool
    variables: list[Variable]
    more: dict[Name, Count]
    total: Count
    masked: list[Name]
    ms: float
    unchanged: bool = False


class Taken(Closed, frozen=True):
    """A snapshot; ``doubts`` says of which names no copy is kept, and why."""

    id: Name
    bytes: Count
    doubts: dict[Name, Text]
    ms: float


class Changes(Closed, frozen=True):
    """What a run did to the namespace; ``unknown`` are names that cannot be vouched for, with the reason."""

    id: Name
    created: list[Name]
    rebound: list[Name]
    changed: list[Name]
    deleted: list[Name]
    unknown: dict[Name, Text]
    count: Count
    bytes: Count
    ms: float


class Undone(Closed, frozen=True):
    """What was taken back, what was not and why, and what nobody can vouch for."""

    restored: list[Name]
    not_restored: dict[Name, Text]
    cannot_vouch: dict[Name, Text]


class Size(Closed, frozen=True):
    """How large a variable is, or would be when computed or loaded."""

    bytes: int | None
    lazy: bool


class ReviewFacts(Closed, frozen=True):
    """What only the kernel knows about a cell before it runs; ``transformers`` are those that are not IPython's."""

    claims: dict[Name, Claim]
    sizes: dict[Name, Size]
    memory_available: int | None
    transformers: list[Name]
    directory: Text


class File(Closed, frozen=True):
    """A file that a run wrote; the path is relative to the directory."""

    path: Text
    bytes: Count


class FileChanges(Closed, frozen=True):
    """What a run did in the working directory; not ``complete`` when the directory is too large or too slow."""

    directory: Text
    created: list[File]
    changed: list[File]
    deleted: list[Text]
    count: Count
    complete: bool


class Listing(Closed, frozen=True):
    """The files in the working directory: size in bytes and time of change in nanoseconds."""

    directory: Text
    files: dict[Text, tuple[int, int]]
    complete: bool
    options: list[Any]


class Meant(Closed, frozen=True):
    """What is there of the files that code may mean: names of files and folders, and where links lead."""

    directory: Text
    names: list[Text]
    links: dict[Text, Text]
    complete: bool


class Reviewed(Closed, frozen=True):
    """All that a review asks about a cell before it runs; types and modules by the names that stand in it.

    ``changed`` are functions that are not what their module made them, ``lazy`` the bytes of what would be computed or
    loaded, ``transformed`` what would run in place of the cell (None where ``transformers`` of the user's rewrite it),
    ``still`` what runs of ours made and is bound as they left it, ``running`` whether a cell runs.
    """

    modules: dict[Name, Name]
    variables: dict[Name, Name]
    changed: list[Name]
    lazy: dict[Name, Count]
    memory_available: Count | None
    transformers: list[Name]
    transformed: str | None
    files: Meant
    still: list[Name]
    running: bool


class Bundle(Closed, frozen=True):
    """A mime bundle that was left out."""

    mime: Name
    bytes: Count


class Dropped(Closed, frozen=True):
    """What a run showed beyond its budgets and the kernel did not send."""

    dropped_chars: Count
    dropped_bundles: list[Bundle]
    dropped_bundle_count: Count


class RunReport(Closed, frozen=True):
    """What the kernel tells about a run in the metadata of its reply."""

    output: Dropped
    exit_ignored: bool = False
    changes: Changes | None = None
    files: FileChanges | None = None
    cut: bool = False
