"""Where a realm's threads are, as its vault says; the address of a database holds a password."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_frevagpt.domain.errors import StoreUnavailable, VaultUnusable
from jupyter_frevagpt.identity.fetcher import Fetcher
from jupyter_frevagpt.identity.mongo import MongoAddress
from jupyter_frevagpt.identity.realms import Realms
from jupyter_frevagpt.identity.vaults import Vaults

from .services import Reply, Service

URI = "mongodb://user:p%40ss@db1:27017,db2/chatbot?replicaSet=rs0&tls=true"


@pytest.fixture
def vaults(service: Service, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[Vaults]:
    fetcher = Fetcher()
    realms = {"home": {"rest": service.url, "vault": f"{service.url}/vault"}, "files": {"rest": service.url}}
    made = Vaults(Realms(realms), fetcher)
    yield made
    jp_asyncio_loop.run_until_complete(made.aclose())
    jp_asyncio_loop.run_until_complete(fetcher.aclose())


@pytest.mark.parametrize(
    "said",
    [
        {"mongodb.url": URI},
        {"mongo.url": URI},
        {"mongodb": {"url": URI}},
        {"mongo": {"url": URI}},
        {"mongodb": "x", "mongodb.url": None, "mongo.url": URI},
    ],
)
async def test_the_address_is_found_kept_and_hidden(vaults: Vaults, service: Service, said: Any) -> None:
    service.replies["/vault"] = Reply(200, said)
    first = await vaults.mongo_uri("home")
    assert first is not None
    assert first.reveal() == URI
    assert "p%40ss" not in f"{first}{first!r}{vars(vaults.cache)}"
    await asyncio.gather(*(vaults.mongo_uri("home") for _ in range(5)))
    assert [path for path, _ in service.asked] == ["/vault"]
    assert service.asked[0][1].get("authorization") is None
    assert await vaults.mongo_uri("files") is None


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(500), StoreUnavailable),
        (Reply(503, {"mongodb.url": URI}), StoreUnavailable),
        (Reply(404), VaultUnusable),
        (Reply(302, {"mongodb.url": URI}), VaultUnusable),
        (Reply(200, b"<html>"), VaultUnusable),
        (Reply(200, {}), VaultUnusable),
        (Reply(200, {"mongodb": {"url": 5}}), VaultUnusable),
        (Reply(200, {"mongodb.url": "/etc/passwd"}), VaultUnusable),
        (Reply(200, {"mongodb.url": "file:///etc/passwd"}), VaultUnusable),
        (Reply(200, {"mongodb.url": "http://u:CANARY@db"}), VaultUnusable),
        (Reply(200, {"mongodb.url": "mongodb://u:CANARY@%2Ftmp%2Fmongodb-27017.sock/x"}), VaultUnusable),
        (Reply(200, {"mongodb.url": "mongodb://u:CANARY@a@db/x"}), VaultUnusable),
        (Reply(200, {"mongodb.url": "mongodb://u:CANARY@db /x"}), VaultUnusable),
        (Reply(200, {"mongodb.url": "mongodb://"}), VaultUnusable),
        (Reply(200, {"mongodb.url": f"mongodb://db/{'x' * 5000}"}), VaultUnusable),
    ],
)
async def test_a_vault_that_says_nothing_usable(
    vaults: Vaults, service: Service, reply: Reply, error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    canary = secrets.token_hex(8)
    reply.body = reply.body.replace(b"CANARY", canary.encode())
    service.replies["/vault"] = reply
    with pytest.raises(StoreUnavailable) as failed:
        await vaults.mongo_uri("home")
    assert type(failed.value) is error
    assert canary not in f"{failed.value!r}{failed.value.__context__!r}{failed.value.__cause__!r}{caplog.text}"
    assert service.url not in str(failed.value)
    service.replies["/vault"] = Reply(200, {"mongodb.url": URI})
    assert await vaults.mongo_uri("home")  # a failure is not kept


async def test_a_vault_that_is_away_and_a_realm_that_is_none(vaults: Vaults, service: Service) -> None:
    with pytest.raises(StoreUnavailable, match="not served here"):
        await vaults.mongo_uri("")
    service.stop()
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await vaults.mongo_uri("home")


async def test_it_is_asked_again_after_a_while(vaults: Vaults, service: Service) -> None:
    service.replies["/vault"] = Reply(200, {"mongodb.url": URI})
    await vaults.mongo_uri("home")
    service.replies["/vault"] = Reply(200, {"mongodb.url": "mongodb://new/x"})
    now = vaults.cache.clock()
    vaults.cache.clock = lambda: now + 299
    assert (await vaults.mongo_uri("home") or "").reveal() == URI  # type: ignore[union-attr]
    vaults.cache.clock = lambda: now + 310
    assert (await vaults.mongo_uri("home") or "").reveal() == "mongodb://new/x"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (URI, URI),
        ("mongodb://db", "mongodb://db"),
        ("mongodb+srv://u:p@c.example.org/x?tls=true", "mongodb+srv://u:p@c.example.org/x?tls=true"),
        ("mongodb://u:p@db/x?tls=true&tlsInsecure=true&w=majority", "mongodb://u:p@db/x?tls=true&w=majority"),
        ("mongodb://u:p@db/x?TLSALLOWINVALIDCERTIFICATES=1;tls=true", "mongodb://u:p@db/x?tls=true"),
        ("mongodb://u:p@db/x?%74lsInsecure=true", "mongodb://u:p@db/x"),
        ("mongodb://u:p@db/x?tlsCAFile=/etc/passwd&proxyHost=evil&authMechanismProperties=a:b", "mongodb://u:p@db/x"),
        ("mongodb://u:p@db?tls=true", "mongodb://u:p@db/?tls=true"),
        ("mongodb://[::1]:27017/x", "mongodb://[::1]:27017/x"),
    ],
)
def test_options_that_weaken_an_address_are_dropped(given: str, kept: str) -> None:
    address = MongoAddress.of(given)
    assert address.safe() == kept
    assert "p%40ss" not in repr(address)


def test_a_site_may_name_the_hosts() -> None:
    assert MongoAddress.of(URI).safe({"DB1", "db2", "db3"}) == URI
    with pytest.raises(ValueError):
        MongoAddress.of(URI).safe({"db1"})


@pytest.mark.parametrize(
    ("uri", "here"),
    [
        ("mongodb://localhost", True),
        ("mongodb://127.0.0.1:27017,[::1]:1/x", True),
        ("mongodb://127.9.9.9/x", True),
        ("mongodb://u:p@LOCALHOST:27017/x?tls=true", True),
        ("mongodb://%2Ftmp%2Fmongodb-27017.sock/x", True),
        ("mongodb://localhost,db/x", False),
        ("mongodb://localhost.example.org/x", False),
        ("mongodb://localhost@db/x", False),
        ("mongodb+srv://localhost/x", False),
        ("mongodb://10.0.0.1/x", False),
    ],
)
def test_which_databases_are_of_this_machine(uri: str, here: bool) -> None:
    assert MongoAddress.of(uri).is_of_this_machine() is here
