"""Threads: the memory a finished one keeps, reading a long one, listing among many."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from jupyter_frevagpt.domain.values import ThreadRef
from jupyter_frevagpt.domain.variants import Assistant, Code, CodeOutput, StreamEnd, StreamVariant, User
from jupyter_frevagpt.threads.folders import OwnerFolders
from jupyter_frevagpt.threads.jsonl import FileThreadStore

from .figures import Figure, middle
from .processes import OWNER, Ground, Server
from .streams import PRODUCT, together

_MANY = 10_000
_ROUNDS = 3
_TURNS = 200
_WARM = 60
_AT_ONCE = 10


async def memory(ground: Ground) -> list[Figure]:
    """Measure the memory that finished turns keep, their logs included, which are kept for a minute."""
    product = await ground.product()
    await _turns(product, _WARM)
    before = product.process.megabytes()
    await _turns(product, _TURNS)
    grown = (product.process.megabytes() - before) * 1024 / _TURNS
    return [Figure("memory a finished thread", grown, "kB", limit=50, counted=True, note="100 chunks, log kept")]


async def threads(ground: Ground) -> list[Figure]:
    """Measure ``getthread`` of a long thread and the list of twenty out of many."""
    floor, product = await ground.floor(), await ground.product()
    folders = OwnerFolders(product.data)
    store = FileThreadStore(folders)
    refs = [ThreadRef(OWNER, secrets.token_hex(16)) for _ in range(_MANY)]
    for start in range(0, _MANY, 500):
        batch = refs[start : start + 500]
        await asyncio.gather(*(store.reserve(ref, User(f"Question {ref.thread_id}"), "Question") for ref in batch))
    long = refs[0]
    await store.append(long, _items())
    folder = folders.threads(OWNER)
    here = f"/api/chatbot/getthread?thread_id={long.thread_id}&rich=true"
    there = f"/floor/thread?path={folder / (long.thread_id + '.txt')}"
    if len(await product.get(here)) != len(await floor.get(there)):
        raise RuntimeError("the two sides return different threads")
    reading = await _compared(lambda: floor.get(there), floor, lambda: product.get(here), product)
    listing = await _compared(
        lambda: floor.get(f"/floor/threads?path={folder}"),
        floor,
        lambda: product.get("/api/chatbot/getuserthreads?num_threads=20"),
        product,
        between=lambda: together(product, PRODUCT, 1, words=5),
    )
    return [
        Figure("getthread of 10,000 variants, CPU", reading[1], floor=reading[0], limit=60, stated=60 / 23),
        Figure(
            "list of 20 threads out of 10,000, CPU", listing[1], floor=listing[0], limit=20, note="a turn before each"
        ),
    ]


async def _turns(server: Server, many: int) -> None:
    for _ in range(0, many, _AT_ONCE):
        await together(server, PRODUCT, _AT_ONCE, chunks=100, gap=0)


async def _compared(
    one: Callable[[], Awaitable[object]],
    floor: Server,
    other: Callable[[], Awaitable[object]],
    product: Server,
    between: Callable[[], Awaitable[object]] | None = None,
) -> tuple[float, float]:
    """Return the CPU in ms that two requests cost their servers, in turn, the median of some."""
    sides: tuple[list[float], list[float]] = ([], [])
    for _ in range(2 * _ROUNDS + 1):
        if between:
            await between()
        for costs, send, server in zip(sides, (one, other), (floor, product), strict=True):
            before = server.process.cpu()
            await send()
            costs.append((server.process.cpu() - before) * 1000)
    return middle(sides[0][1:]), middle(sides[1][1:])


def _items() -> list[StreamVariant]:
    items: list[StreamVariant] = []
    for at in range(_MANY // 4):
        items += [
            Assistant(f"I will look at the temperatures of station {at} and compare them with the mean of all years."),
            Code('{"code":"temps.sel(station=' + str(at) + ').mean().item()"}', f"call_{at}"),
            CodeOutput(f"{at / 7}\n", f"call_{at}"),
            Assistant("The mean is printed above."),
        ]
    return [*items[:-2], StreamEnd("Finished.")]
