"""The names that threads go by: nothing else reaches a path or a query."""

from __future__ import annotations

import re

from ..domain.errors import ThreadNotFound
from ..domain.values import ThreadRef

_THREAD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def checked(ref: ThreadRef) -> ThreadRef:
    """Return it if its owner is a text and its id is one that threads have; raises ThreadNotFound."""
    # Structs do not check types when they are made.
    if not isinstance(ref.owner, str) or not isinstance(ref.thread_id, str) or not _THREAD_ID.fullmatch(ref.thread_id):
        raise ThreadNotFound
    return ref


def checked_owner(owner: str) -> str:
    """Return it if it is a text, else the name of nobody."""
    return owner if isinstance(owner, str) else ""
