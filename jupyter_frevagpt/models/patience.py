"""Waiting for a service that is busy and says for how long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from math import ceil

from ..domain.values import ModelChunk
from .failures import Refusal

TRIES = 3
LONGEST = 60.0
"""Seconds that are waited at most for one try."""


async def patiently(attempt: Callable[[], AsyncGenerator[ModelChunk, None]]) -> AsyncGenerator[ModelChunk, None]:
    """Yield an attempt's pieces; while nothing came and the service asks for up to a minute, wait and try again.

    Each wait is announced by a piece with a ``notice``. Raises the last Refusal.
    """
    for left in reversed(range(TRIES)):
        begun = False
        try:
            async with aclosing(attempt()) as pieces:
                async for piece in pieces:
                    begun = True
                    yield piece
        except Refusal as refusal:
            seconds = refusal.wait()
            if begun or not left or seconds is None or seconds > LONGEST:
                raise
        else:
            return
        yield ModelChunk(notice=f"The model service is busy and asks for {ceil(seconds)} s of patience.")
        await asyncio.sleep(seconds)
