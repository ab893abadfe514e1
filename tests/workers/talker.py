"""A helper process for the tests of the host: does what the request says."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator
from typing import Any

from jupyter_frevagpt.domain.errors import ModelFailed
from jupyter_frevagpt.workers.child import serve

cancelled: list[str] = []


async def talk(request: dict[str, Any]) -> AsyncGenerator[Any, None]:  # noqa: C901
    """Carry out one request."""
    match request["do"]:
        case "count":
            for number in range(request["to"]):
                yield number
                await asyncio.sleep(request.get("delay", 0))
        case "wait":
            yield "waiting"
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.append(request["name"])
                raise
        case "cancelled":
            yield cancelled
        case "print":
            print("printed by a library")  # noqa: T201
            sys.stdout.flush()
            os.write(1, b"\x00\x00\x00\x05junk!")
            os.system("echo printed by a child of the helper")
            yield "clean"
        case "echo":
            yield request["body"]
        case "environment":
            yield os.environ.get(request["name"])
        case "argv":
            yield sys.argv
        case "hang":
            yield "hanging"
            time.sleep(60)
        case "explain":
            raise ModelFailed("The model is tired.")
        case "crash":
            raise ValueError("-".join(("sk", "canary")))
        case "exit":
            yield 1
            os._exit(3)
        case "unsendable":
            yield object()
        case "nothing":
            return


if __name__ == "__main__":
    serve(talk)
