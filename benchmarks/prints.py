"""A print of 100 MB: what it costs the kernel and the server, beside a bare client that reads it all."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from urllib.parse import quote

import psutil

from .calls import call
from .figures import Figure, middle
from .kernels import Memory
from .processes import Ground, Server

_ROUNDS = 3
_MOST_KERNEL = 160
_MOST_SERVER = 60
_MOST_KEPT = 40

Seen = dict[str, list[float]]


_PRINTS = {
    "100 MB in one print": "print(('x' * 99 + chr(10)) * 1_000_000, end='')",
    "100 MB in 1,000 prints": "for _ in range(1_000): print('x' * 99_999)",
}


async def prints(ground: Ground) -> list[Figure]:
    """Measure 100 MB in one print and in many, beside a print of nothing."""
    figures = []
    for what, code in _PRINTS.items():
        figures += await printed(ground, what, code)
    return figures


async def printed(ground: Ground, what: str, code: str, rounds: int = _ROUNDS) -> list[Figure]:
    """Measure a print; each side has a new server, so that its memory can be told."""
    await ground.upstream()
    floor, product = await asyncio.gather(ground.start("benchmarks.floor"), ground.start("jupyter_frevagpt"))
    try:
        return await _compared(what, code, floor, product, rounds)
    finally:
        ground.end(floor)
        ground.end(product)


async def _compared(what: str, code: str, floor: Server, product: Server, rounds: int) -> list[Figure]:
    there = (await floor.post("/api/kernels"))["id"]
    here = (await product.post("/api/kernels"))["id"]

    async def bare(code: str) -> float:
        return float((await floor.get(f"/floor/execute?kernel_id={there}&code={quote(code)}"))["ms"])

    async def ours(code: str) -> float:
        return (await call(product, code, here))[1]

    seen: dict[str, Seen] = {"floor": defaultdict(list), "product": defaultdict(list)}
    for _ in range(rounds):
        await _measure(seen["floor"], floor, there, bare, code)
        await _measure(seen["product"], product, here, ours, code)
    mine, least = ({key: middle(values) for key, values in seen[side].items()} for side in ("product", "floor"))
    note = f"of nothing {mine['nothing']:.0f}, floor {least['nothing']:.0f}"
    return [
        Figure(what, mine["ms"], floor=least["ms"], ratio=1.5, note=note),
        Figure(f"{what}: kernel's peak", mine["kernel"], "MB", least["kernel"], limit=_MOST_KERNEL, counted=True),
        Figure(f"{what}: server's peak", mine["server"], "MB", least["server"], limit=_MOST_SERVER, counted=True),
        Figure(f"{what}: kept in the server", mine["kept"], "MB", limit=_MOST_KEPT, counted=True),
    ]


async def _measure(
    seen: Seen, server: Server, kernel_id: str, run: Callable[[str], Awaitable[float]], code: str
) -> None:
    """Run a print of nothing, then the print; memory is what it adds."""
    seen["nothing"].append(await run("print(end='')"))
    kernel, process = Memory(_kernel_process(server, kernel_id)), Memory(server.process.pid)
    kernel_before, before = kernel.mark(), process.mark()
    seen["ms"].append(await run(code))
    seen["kernel"].append(kernel.highest() - kernel_before)
    seen["server"].append(process.highest() - before)
    seen["kept"].append(process.now() - before)


def _kernel_process(server: Server, kernel_id: str) -> int:
    return next(
        child.pid
        for child in psutil.Process(server.process.pid).children(recursive=True)
        if kernel_id in " ".join(child.cmdline())
    )
