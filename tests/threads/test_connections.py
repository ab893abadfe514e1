"""Addresses of databases and the connections to them, each loop with its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_frevagpt.domain.errors import StoreUnavailable
from jupyter_frevagpt.domain.values import ThreadRef
from jupyter_frevagpt.domain.variants import StreamVariant
from jupyter_frevagpt.threads.address import usable as forms
from jupyter_frevagpt.threads.connection import MongoClients
from jupyter_frevagpt.threads.mongo import MongoThreadStore

from .test_stores import ALICE, QUESTION


def test_what_weakens_a_connection_is_dropped_and_what_keeps_it_safe_stays(caplog: pytest.LogCaptureFixture) -> None:
    uri = (
        "mongodb://me:pa%3Fss@h1,h2:5/db?tls=true&TLSInsecure=true&tlsCAFile=/etc/passwd&replicaSet=r&proxyHost=evil"
        "&w=0;journal=false&authSource=admin&authMechanismProperties=x:y&tlsAllowInvalidCertificates=true"
    )
    start = "mongodb://me:pa%3Fss@h1,h2:5/db?"
    assert forms(uri) == [
        f"{start}tls=true&replicaSet=r&authSource=admin",
        f"{start}tls=true&authSource=admin",
    ]
    assert "tlsinsecure" in caplog.text
    assert "evil" not in caplog.text
    assert "passwd" not in caplog.text
    own = f"{start}tls=true&tlsCAFile=/etc/passwd&authSource=admin"
    assert forms(uri, own=True)[1] == own, "what the site itself wrote may name files"
    assert forms(uri, own=True)[0] == own.replace("&authSource", "&replicaSet=r&authSource")
    assert forms("mongodb://h") == ["mongodb://h/"]
    assert forms("mongodb+srv://h/?ssl=true") == ["mongodb+srv://h/?ssl=true"]


@pytest.mark.parametrize(
    "uri", ["", "file:///etc/passwd", "/etc/passwd", "http://h", "mongodb://", "mongodb", "h:27017"]
)
def test_no_other_address(uri: str) -> None:
    with pytest.raises(StoreUnavailable) as raised:
        forms(uri)
    assert "passwd" not in str(raised.value)


def test_only_these_hosts() -> None:
    allowed = ("db.example.org", "::1")
    assert forms("mongodb://u:p@DB.example.org:5,[::1]:27017/x", allowed)
    for host in ("evil", "db.example.org,evil", "db.example.org@evil/", "evil#db.example.org"):
        with pytest.raises(StoreUnavailable):
            forms(f"mongodb://{host}", allowed)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a server that does not answer as short as a local one needs."""
    monkeypatch.setattr("jupyter_frevagpt.threads.connection._SELECTION_MS", 700)


@pytest.mark.usefixtures("impatient")
async def test_an_address_whose_options_do_not_fit_is_tried_without_them(
    mongo_uri: str, database: str, clients: MongoClients
) -> None:
    bare = mongo_uri.partition("?")[0]
    for options in ("replicaSet=no-such-set", "maxPoolSize=nonsense", "loadBalanced=true"):
        store = MongoThreadStore(f"{bare}?{options}", database=database, clients=clients)
        await store.reserve(ThreadRef("alice", "x"), QUESTION, options)
        await store.aclose()


WRONG = ["tls=true", "tls=true&replicaSet=no-such-set", "ssl=true&tlsInsecure=true", "authMechanism=NONSENSE"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("options", WRONG)
async def test_encryption_and_credentials_are_never_dropped(
    mongo_uri: str, database: str, clients: MongoClients, options: str, caplog: pytest.LogCaptureFixture
) -> None:
    host = mongo_uri.partition("://")[2].partition("/")[0].rpartition("@")[2]
    store = MongoThreadStore(f"mongodb://someone:topsecret@{host}/?{options}", database=database, clients=clients)
    with pytest.raises(StoreUnavailable) as raised:
        await store.reserve(ALICE, QUESTION, "topic")
    await store.aclose()
    for text in (str(raised.value), caplog.text, str(raised.value.__cause__), repr(store)):
        assert "topsecret" not in text
        assert host not in text


async def test_one_client_an_address_and_only_so_many(mongo_uri: str, database: str) -> None:
    clients = MongoClients(most=2)
    stores = [
        MongoThreadStore(f"{mongo_uri}&appname=a{number % 3}", database=database, clients=clients)
        for number in range(6)
    ]
    for store in stores[:2] + stores[3:5]:
        await store.list("alice", limit=1, page=0)
    assert len(clients._clients) == 2
    first = next(iter(clients._clients.values()))
    await stores[2].list("alice", limit=1, page=0)
    assert len(clients._clients) == 2
    assert first not in clients._clients.values()
    assert first._motor is None
    await stores[0].reserve(ALICE, QUESTION, "topic")  # the one that was closed comes back
    assert await stores[4].read(ALICE) == [QUESTION]
    for store in stores:
        await store.aclose()
    await clients.aclose()


async def test_no_client_is_closed_in_the_middle_of_a_talk(mongo_uri: str, database: str) -> None:
    clients = MongoClients(most=1)
    one, two = (
        MongoThreadStore(f"{mongo_uri}&appname={name}", database=database, clients=clients) for name in ("a", "b")
    )
    await one.reserve(ALICE, QUESTION, "topic")
    with one._connection.talking():
        (first,) = clients._clients.values()
        await two.list("alice", limit=1, page=0)
        assert first.connected is not None
        assert len(clients._clients) == 2
    await two.list("alice", limit=1, page=0)
    assert first.connected is None
    assert len(clients._clients) == 1
    for store in (one, two):
        await store.aclose()
    await clients.aclose()


async def test_who_waits_for_a_connection_that_is_given_up_is_told_so(clients: MongoClients) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = MongoThreadStore(f"mongodb://127.0.0.1:{silent.getsockname()[1]}/", clients=clients)
        waiting = [asyncio.create_task(store.list("alice", limit=1, page=0)) for _ in range(2)]
        while not any(client._connecting for client in clients._clients.values()):
            await asyncio.sleep(0.01)
        await clients.aclose()
        for result in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(result, StoreUnavailable)
        await store.aclose()


def test_each_loop_has_its_own_connection(mongo_uri: str, database: str) -> None:
    clients = MongoClients()
    store = MongoThreadStore(mongo_uri, database=database, clients=clients)

    async def use() -> list[StreamVariant]:
        await store.reserve(ALICE, QUESTION, "topic")
        items = await store.read(ALICE)
        await store.aclose()
        return items

    async def end() -> None:
        await use()
        await clients.aclose()

    run: Callable[[Any], list[StreamVariant]] = asyncio.run
    assert run(use()) == [QUESTION]
    assert run(use()) == [QUESTION, QUESTION]
    run(end())
