"""What was begun on a stage is ended with its test."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from .stage import Stage


@pytest.fixture(autouse=True)
def curtain(jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    yield
    while Stage.built:
        jp_asyncio_loop.run_until_complete(Stage.built.pop().conversations.close())
