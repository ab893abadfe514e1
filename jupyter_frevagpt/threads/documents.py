"""Threads as MongoDB keeps them, for us and for the other services that read and write the same collection."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from bson import ObjectId

from ..domain.legacy import sound
from ..domain.owner import Owner
from ..domain.values import ThreadSummary
from ..domain.variants import StreamVariant
from .meta import on_wire

Document = dict[str, Any]

SUMMARY = {"thread_id": 1, "date": 1, "topic": 1}
FILE = "gridfs_id"
_DEEPEST = 40


def own_id(thread_id: str) -> ObjectId:
    """Return the ``_id`` of a thread that we make: of several who make the same one only the first succeeds."""
    return ObjectId(hashlib.sha256(thread_id.encode()).digest()[:12])


def user_id(owner: str) -> str:
    """Return an owner as the database knows people: the bare name, since a database belongs to one realm alone."""
    return Owner.of(owner).name


def plain(item: StreamVariant) -> Document:
    """Return an item as an object that any version of the database takes.

    ``display`` is kept as JSON text: the names of mime types and the insides of bundles hold dots and dollars. So is a
    hint in which such names occur; that is how older services wrote hints.
    """
    data: Document = sound(msgspec.to_builtins(item))
    if "display" in data:
        data["display"] = json.dumps(data["display"])
    if isinstance(data["content"], dict) and not _storable(data["content"]):
        data["content"] = json.dumps(data["content"])
    return data


def raw_items(document: Document) -> list[Any]:
    """Return the stored items of a thread, whatever stands there."""
    return [_unfolded(raw) for raw in listed(document.get("content"))]


def listed(content: Any) -> list[Any]:
    """Return a thread's content as a list: it may be JSON text, or missing; what is neither is its only item."""
    if isinstance(content, str):
        try:
            read = json.loads(content)
        except (ValueError, RecursionError):
            read = None
        return read if isinstance(read, list) else [content]
    if content is None:
        return []
    return content if isinstance(content, list) else [content]


def summary_of(document: Document, owner: str) -> ThreadSummary:
    """Return a thread of this owner as it stands in lists; raises KeyError for what is no thread."""
    topic = document.get("topic")
    return ThreadSummary(owner, document["thread_id"], _date(document), sound(topic) if isinstance(topic, str) else "")


def summaries(documents: Iterable[Document], owner: str) -> list[ThreadSummary]:
    """Return those that are threads."""
    return [summary_of(document, owner) for document in documents if isinstance(document.get("thread_id"), str)]


def _date(document: Document) -> str:
    date: Any = document.get("date")
    try:
        return on_wire(datetime.fromisoformat(date) if isinstance(date, str) else date)
    except (ValueError, OverflowError, AttributeError):  # no date, or one that no calendar of ours has
        made = document.get("_id")
        return on_wire(made.generation_time if isinstance(made, ObjectId) else datetime.fromtimestamp(0, UTC))


def _unfolded(raw: Any) -> Any:
    if isinstance(raw, dict) and isinstance(raw.get("display"), str):
        try:
            return {**raw, "display": json.loads(raw["display"])}
        except (ValueError, RecursionError):
            return {key: value for key, value in raw.items() if key != "display"}
    return raw


def _storable(value: Any, depth: int = 0) -> bool:
    if isinstance(value, dict):
        names = all(not ("." in key or "\0" in key or key.startswith("$")) for key in value)
        return names and depth < _DEEPEST and all(_storable(inner, depth + 1) for inner in value.values())
    if isinstance(value, list):
        return depth < _DEEPEST and all(_storable(inner, depth + 1) for inner in value)
    return not isinstance(value, int) or -(2**63) <= value < 2**63
