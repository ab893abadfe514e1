"""A database and a REST service whose certificates come from an authority of the site's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jupyter_frevagpt.domain.errors import StoreUnavailable
from jupyter_frevagpt.identity.fetcher import Fetcher, Unreachable
from jupyter_frevagpt.threads.connection import MongoClients
from jupyter_frevagpt.threads.mongo import MongoThreadStore

from ..identity.services import Reply, Service
from .private import PrivateRelay
from .test_stores import ALICE, QUESTION


@pytest.fixture(autouse=True)
def unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("jupyter_frevagpt.threads.connection._SELECTION_MS", 1500)


@pytest.fixture
def relay(mongo_uri: str, tmp_path: Path) -> Iterator[PrivateRelay]:
    there = urlsplit(mongo_uri)
    made = PrivateRelay(tmp_path, there.port or 27017, there.hostname or "127.0.0.1")
    yield made
    made.close()


async def kept(relay: PrivateRelay, database: str, clients: MongoClients, options: str = "", *, own: bool) -> bool:
    uri = f"mongodb://127.0.0.1:{relay.port}/?directConnection=true&tls=true{options}"
    store = MongoThreadStore(uri, database=database, own=own, clients=clients)
    try:
        await store.reserve(ALICE, QUESTION, "topic")
        return (await store.read(ALICE))[-1] == QUESTION
    except StoreUnavailable:
        return False
    finally:
        await store.aclose()


async def test_a_database(
    relay: PrivateRelay, database: str, clients: MongoClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    option = f"&tlsCAFile={relay.authority}"
    assert not await kept(relay, database, clients, own=True)
    assert not await kept(relay, database, clients, "&tlsInsecure=true", own=True), "that is never taken"
    assert not await kept(relay, database, clients, option, own=False), "only the site itself may name a file"
    assert await kept(relay, database, clients, option, own=True)
    await clients.aclose()
    monkeypatch.setenv("SSL_CERT_FILE", str(relay.authority))
    assert await kept(relay, database, clients, own=False)


async def test_a_rest_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service()
    service.replies["/x"] = Reply(200, {"a": 1})
    relay = PrivateRelay(tmp_path, service.port)
    address = f"https://127.0.0.1:{relay.port}/x"
    try:
        fetcher = Fetcher()
        with pytest.raises(Unreachable):
            await fetcher.get(address)
        await fetcher.aclose()
        assert service.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(relay.authority))
        assert (await fetcher.get(address)).content == {"a": 1}
        await fetcher.aclose()
    finally:
        relay.close()
        service.stop()
