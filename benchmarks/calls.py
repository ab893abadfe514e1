"""Tool calls and stopping."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from typing import Any

from .client import Answer, stream
from .figures import Figure, middle
from .processes import TOKEN, Ground, Server
from .runs import parts
from .streams import PRODUCT

_CALLS = 24
_STOPS = 5

STOPPED: dict[str, dict[str, Any]] = {
    "a stream": {"chunks": 3000, "gap": 0.02},
    "a model that hangs": {"chunks": 1, "silent": True},
    "a model that says nothing": {"silent": True},
    "a running cell": {"call": "import time\ntime.sleep(60)"},
}


async def call(server: Server, code: str, kernel_id: str = "") -> tuple[Answer, float]:
    """Let the model call for code; returns the answer and the ms from the complete call to its CodeOutput."""
    wanted = json.dumps({"call": code, "tag": secrets.token_hex(6)})
    content = {"input": wanted, "kernel_id": kernel_id, "rich": True}
    answer = await stream(server.port, PRODUCT, content, token=TOKEN)
    outputs = answer.of("CodeOutput")
    if len(outputs) != 1:
        raise RuntimeError(f"the call had no output: {[line for _, line in answer.lines]}")
    came, output = outputs[0]
    if code == "1+1" and output["content"].strip() != "2":
        raise RuntimeError(f"1+1 is {output['content']!r}")
    return answer, (came - answer.stamps()[0][1]) * 1000


async def calls(ground: Ground) -> list[Figure]:
    """Measure ``1+1`` through a whole turn, then its run and its review alone."""
    floor, product = await ground.floor(), await ground.product()
    there = (await floor.post("/api/kernels"))["id"]
    here = (await product.post("/api/kernels"))["id"]
    path = f"/floor/execute?kernel_id={there}"
    for _ in range(4):
        await floor.get(path)
        await call(product, "1+1", here)
    bare, whole, cpu = [], [], []
    for _ in range(_CALLS):
        bare.append((await floor.get(path))["ms"])
        before = product.process.cpu()
        whole.append((await call(product, "1+1", here))[1])
        cpu.append((product.process.cpu() - before) * 1000)
    return [
        Figure("tool call 1+1 to its output", middle(whole), floor=middle(bare), limit=40, ratio=2.5),
        Figure("tool call 1+1: CPU of the whole turn", middle(cpu)),
        *await parts(ground),
    ]


async def stops(ground: Ground) -> list[Figure]:
    """Measure the time from stop to StreamEnd."""
    product = await ground.product()
    kernel_id = (await product.post("/api/kernels"))["id"]
    await call(product, "1+1", kernel_id)
    figures = []
    for name, wanted in STOPPED.items():
        times = [await _stopped(product, {**wanted, "tag": secrets.token_hex(6)}, kernel_id) for _ in range(_STOPS)]
        figures.append(Figure(f"stop of {name} to StreamEnd", middle(times), limit=150))
    return figures


async def _stopped(server: Server, wanted: dict[str, Any], kernel_id: str) -> float:
    thread_id = secrets.token_hex(16)
    under_way = asyncio.Event()
    begun = b'"running","kernel_id"' if "call" in wanted else b'"Assistant"' if "chunks" in wanted else b'"thread_id"'

    def look(line: bytes) -> None:
        if begun in line:
            under_way.set()

    content = {"input": json.dumps(wanted), "thread_id": thread_id, "kernel_id": kernel_id, "rich": True}
    reading = asyncio.create_task(stream(server.port, PRODUCT, content, token=TOKEN, on_line=look))
    try:
        async with asyncio.timeout(20):
            await under_way.wait()
        await asyncio.sleep(0.1)
        moment = time.monotonic()
        await server.post("/api/chatbot/stop", thread_id=thread_id)
        return ((await reading).end - moment) * 1000
    finally:
        reading.cancel()
