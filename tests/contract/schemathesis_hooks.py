"""What schemathesis cannot know: a thread that exists, that no kernel does, and how a stream is read."""

from __future__ import annotations

import json
import re
from typing import Any

import schemathesis

# The thread of the document's examples, which the test makes before.
THREAD = "GlUjMKFK1NRZ9sdxg0lYf0wB6vAbnzHs"
_THREAD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Point requests at what is there."""
    deletes = case.operation.path.endswith("/deletethread")
    for given in (case.query, case.body):
        if isinstance(given, dict):
            point(given, deletes=deletes)


def point(given: dict[str, Any], *, deletes: bool) -> None:
    """Let a well-formed thread id of an even length be that of the thread, which nobody deletes; name no kernel."""
    for name in ("thread_id", "source_thread_id"):
        thread_id = given.get(name)
        if isinstance(thread_id, str) and _THREAD_ID.fullmatch(thread_id) and len(thread_id) % 2 == 0:
            given[name] = "d" * 32 if deletes else THREAD
    if isinstance(given.get("kernel_id"), str) and "-" in given["kernel_id"]:
        given["kernel_id"] = ""


@schemathesis.deserializer("application/x-ndjson")
def read_lines(context: Any, response: Any) -> Any:
    """Return a stream as the list of its lines."""
    return [json.loads(line) for line in response.content.splitlines()]
