"""Which users have a page of ours open, in which something can be asked."""

from __future__ import annotations

import time

from jupyter_server.base.handlers import APIHandler

LASTING_SECONDS = 3600.0
_MOST = 10_000


class Presence:
    """Remembers by owner when a page asked last: pages send the value of the cookie ``_xsrf``, programs do not."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}

    def saw(self, handler: APIHandler, owner: str) -> None:
        """Note a request."""
        if "X-Xsrftoken" in handler.request.headers:
            if len(self._seen) >= _MOST:
                self._seen.clear()
            self._seen[owner] = time.monotonic()

    def here(self, owner: str) -> bool:
        """Whether a page of the owner's was there in the last hour."""
        return time.monotonic() - self._seen.get(owner, float("-inf")) < LASTING_SECONDS
