"""kill -9 at random moments, of who writes and of the database: nothing acknowledged is lost, nothing stands twice."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_frevagpt.conversation.recorder import Recorder
from jupyter_frevagpt.domain.errors import StoreUnavailable
from jupyter_frevagpt.domain.protocols import ThreadStore
from jupyter_frevagpt.domain.values import ThreadRef
from jupyter_frevagpt.domain.variants import Assistant, StreamVariant, User
from jupyter_frevagpt.threads.connection import MongoClients
from jupyter_frevagpt.threads.mongo import MongoThreadStore

from .database import Database

ATTEMPTS = 100
NURSERY = Path(__file__).with_name("nursery.py")


def numbers(items: list[StreamVariant]) -> list[int]:
    return [int(item.content.split()[0]) for item in items if isinstance(item, Assistant)]


async def kill_writers(store: ThreadStore, *where: str) -> None:
    seed = secrets.token_hex(4)
    command = [sys.executable, str(NURSERY), *where, str(ATTEMPTS), seed]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0
    told = [json.loads(line) for line in output.splitlines()]
    assert len(told) == ATTEMPTS
    beyond = 0
    for thread_id, acknowledged in told:
        kept = numbers(await store.read(ThreadRef("alice", thread_id)))
        assert kept == list(range(len(kept))), f"seed {seed}: {thread_id} has items twice or out of order"
        assert len(kept) >= acknowledged > 0, f"seed {seed}: {thread_id} has lost {acknowledged - len(kept)} items"
        beyond += len(kept) > acknowledged
        await store.append(ThreadRef("alice", thread_id), [Assistant(f"{len(kept)} after")])
        assert numbers(await store.read(ThreadRef("alice", thread_id))) == list(range(len(kept) + 1))
    assert (await store.list("alice", limit=1, page=0))[1] == ATTEMPTS


async def test_killed_writers_of_files(files: ThreadStore, tmp_path: Path) -> None:
    await kill_writers(files, "files", str(tmp_path / "frevagpt"), "-")


async def test_killed_writers_to_a_database(mongo: ThreadStore, mongo_uri: str, database: str) -> None:
    await kill_writers(mongo, "mongo", mongo_uri, database)


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "mortal")
    database.start()
    yield database
    database.stop()


async def test_a_database_that_is_killed_loses_and_doubles_nothing(mortal: Database) -> None:
    clients, told, trouble = MongoClients(), [], asyncio.Event()

    def tell(text: str) -> None:
        told.append(text)
        trouble.set()

    store = MongoThreadStore(mortal.uri, clients=clients)
    refs = [ThreadRef("alice", f"thread{at}") for at in range(3)]
    recorders = [Recorder(store, ref, tell) for ref in refs]
    for ref in refs:
        await store.reserve(ref, User("q"), "q")
    expected = 0
    for away_for_long in (False, True, False):
        end = asyncio.get_running_loop().time() + random.uniform(0.1, 0.4)
        while asyncio.get_running_loop().time() < end:
            for recorder in recorders:
                recorder.keep(Assistant(f"{expected} " + "x" * 300))
            expected += 1
            await asyncio.sleep(0.002)
        mortal.kill()
        for recorder in recorders:
            recorder.keep(Assistant(f"{expected} while it is away"))
        expected += 1
        if away_for_long:
            await asyncio.wait_for(trouble.wait(), 30)  # longer than the driver waits by itself
        await asyncio.to_thread(mortal.start)
    assert all([await recorder.drain(60) for recorder in recorders])
    assert all(mortal.uri not in text and str(mortal.port) not in text for text in told)
    for ref in refs:
        assert numbers(await store.read(ref)) == list(range(expected))
    for recorder in recorders:
        await recorder.close()
    await store.aclose()
    await clients.aclose()


async def test_a_database_that_is_away_is_said_at_once_and_found_again(mortal: Database) -> None:
    clients, ref = MongoClients(), ThreadRef("alice", "thread")
    store = MongoThreadStore(mortal.uri, clients=clients)
    mortal.kill()
    began = asyncio.get_running_loop().time()
    results = await asyncio.gather(
        *(store.reserve(ref, User("q"), "q") for _ in range(10)),
        *(store.list("alice", limit=5, page=0) for _ in range(10)),
        return_exceptions=True,
    )
    assert asyncio.get_running_loop().time() - began < 20, "many that wait at once share an attempt to connect"
    assert all(isinstance(result, StoreUnavailable) for result in results)
    assert "127.0.0.1" not in str(results[0])
    await asyncio.to_thread(mortal.start)
    await store.reserve(ref, User("q"), "q")
    assert await store.read(ref) == [User("q")]
    await store.aclose()
    await clients.aclose()
