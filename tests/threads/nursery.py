"""A process that has writers as children and kills each with -9 at a random moment; run as a script, never imported.

What a child's store acknowledged it writes to a pipe, so the record lies outside of it. For each child one JSON line
tells its thread and the number of the last item that was acknowledged.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from jupyter_frevagpt.domain.protocols import ThreadStore
from jupyter_frevagpt.domain.values import ThreadRef
from jupyter_frevagpt.domain.variants import Assistant, StreamVariant, User
from jupyter_frevagpt.threads.folders import OwnerFolders
from jupyter_frevagpt.threads.jsonl import FileThreadStore
from jupyter_frevagpt.threads.mongo import MongoThreadStore

LONGEST = 0.04


def open_store(kind: str, place: str, database: str) -> ThreadStore:
    if kind == "files":
        return FileThreadStore(OwnerFolders(Path(place)))
    return MongoThreadStore(place, database=database)


async def write(store: ThreadStore, ref: ThreadRef, acknowledged: int) -> None:
    await store.reserve(ref, User("q"), "q")
    number = 0
    while True:
        batch: list[StreamVariant] = [Assistant(f"{at} " + "x" * 300) for at in range(number, number + 1 + number % 3)]
        await store.append(ref, batch)
        number += len(batch)
        os.write(acknowledged, f"{number}\n".encode())


def one(kind: str, place: str, database: str, thread_id: str, seconds: float) -> int:
    """Return how many items the child's store acknowledged."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            asyncio.run(write(open_store(kind, place, database), ThreadRef("alice", thread_id), writing))
        finally:
            os._exit(1)  # nobody killed it: what comes next is not its to do
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        first = pipe.readline()
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        lines = [first, *pipe.readlines()]
    return max((int(line) for line in lines if line.endswith(b"\n")), default=0)


def main() -> None:
    kind, place, database, count, seed = sys.argv[1:]
    moments = random.Random(seed)
    for number in range(int(count)):
        thread_id = f"thread{number}"
        acknowledged = one(kind, place, database, thread_id, moments.uniform(0, LONGEST))
        sys.stdout.write(json.dumps([thread_id, acknowledged]) + "\n")


main()
