"""The helper process of the check: it says what it is told."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from ...workers.child import serve


async def echo(request: Any) -> AsyncGenerator[Any, None]:
    """Yield the request."""
    yield request


if __name__ == "__main__":
    serve(echo)
