"""Where a realm's threads are, as its vault says; the address of a database holds a password."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from jupyter_frevagpt.domain.errors import StoreUnavailable, VaultUnusable
from jupyter_frevagpt.identity.fetcher import Fetcher
from jupyter_frevagpt.identity.mongo import MongoAddress
from jupyter_frevagpt.identity.realms import Realms
from jupyter_frevagpt.identity.vaults import Vaults
from jupyter_frevagpt.threads.connection import CLIENTS

from ..threads.database import Database
from .conftest import Site, detail
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


# ---- the threads of realms, each in the database that its vault names


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Database]]:
    made = {name: Database(tmp_path_factory.mktemp("vaults") / name) for name in ("home", "away")}
    for database in made.values():
        database.start()
    yield made
    for database in made.values():
        database.stop()


def stored(database: Database, thread_id: str) -> list[dict[str, Any]]:
    with MongoClient[dict[str, Any]](database.uri) as client:
        return list(client["chatbot"]["threads"].find({"thread_id": thread_id}))


async def ask(site: Site, token: str, realm: Service, **given: str) -> str:
    """Ask a question and return the thread's id, once the answer is there."""
    sent = {"input": "hello", **given}
    turn = await site.send("POST", "api/chatbot/streamresponse", token, given=sent, x_freva_rest_url=realm.url)
    assert turn.status_code == 200, turn.text
    lines = [json.loads(line) for line in turn.text.splitlines()]
    assert lines[-1] == {"variant": "StreamEnd", "content": "Finished."}
    assert "".join(line["content"] for line in lines if line["variant"] == "Assistant") == "Good day."
    return str(lines[0]["content"]["thread_id"])


class TestThreadsOfRealms:
    @pytest.fixture
    def freva(self, freva: dict[str, Any], canary: Service, token: str) -> dict[str, Any]:
        realms = {name: {**realm, "vault": f"{realm['rest']}/vault"} for name, realm in freva["realms"].items()}
        canary.users[token] = "alice"
        return {**freva, "realms": {**realms, "plain": {"rest": canary.url}}}

    @pytest.fixture(autouse=True)
    def told(self, service: Service, other: Service, homes: dict[str, Database]) -> None:
        service.replies["/vault"] = Reply(200, {"mongodb.url": homes["home"].uri})
        other.replies["/vault"] = Reply(200, {"mongo": {"url": homes["away"].uri}})

    async def test_people_of_one_name_in_two_realms_never_meet(
        self, site: Site, service: Service, other: Service, token: str, homes: dict[str, Database], tmp_path: Path
    ) -> None:
        thread = await ask(site, token, service)
        (document,) = stored(homes["home"], thread)
        assert document["user_id"] == "alice"
        assert [item["content"] for item in document["content"]][:2] == ["hello", "Good day."]
        assert stored(homes["away"], thread) == []
        assert list((tmp_path / "frevagpt").rglob(f"{thread}*")) == []

        async def get(route: str, realm: Service) -> Any:
            return await site.get(route, token, x_freva_rest_url=realm.url)

        known = await get("getuserthreads", service)
        assert [(one["user_id"], one["thread_id"]) for one in known.json()[0]] == [("alice", thread)]
        assert (await get("getuserthreads", other)).json() == [[], 0]
        assert (await get("searchthreads?query=user:hello", other)).json() == [[], 0]
        absent = {"detail": "Thread not found."}
        for route in (
            "getthread?thread_id={}",
            "setthreadtopic?topic=mine&thread_id={}",
            "deletethread?thread_id={}",
            "editthread?user_index=0&source_thread_id={}",
            "userfeedback?feedback_index=0&feedback=up&thread_id={}",
        ):
            for thread_id in (thread, "z" * 32):
                answer = await get(route.format(thread_id), other)
                assert (answer.status_code, answer.json()) == (404, absent), route
        assert stored(homes["home"], thread) == [document]
        assert await ask(site, token, other, thread_id=thread) == thread  # an id of her own, like any other
        assert len(stored(homes["away"], thread)) == 1
        assert stored(homes["home"], thread) == [document]
        assert (await get(f"setthreadtopic?topic=mine&thread_id={thread}", service)).status_code == 200
        assert stored(homes["home"], thread)[0]["topic"] == "mine"
        assert stored(homes["away"], thread)[0]["topic"] != "mine"
        assert (await get(f"deletethread?thread_id={thread}", service)).status_code == 200
        assert stored(homes["home"], thread) == []
        assert len((await get(f"getthread?thread_id={thread}", other)).json()) > 2

    async def test_a_realm_without_a_vault_has_the_sites_own_store(
        self, site: Site, canary: Service, token: str, homes: dict[str, Database], tmp_path: Path
    ) -> None:
        thread = await ask(site, token, canary)
        assert [path.suffix for path in (tmp_path / "frevagpt").rglob(f"{thread}.txt")] == [".txt"]
        assert stored(homes["home"], thread) == stored(homes["away"], thread) == []

    @pytest.mark.parametrize(
        ("reply", "status", "says"),
        [
            (Reply(500), 503, "cannot be reached"),
            (None, 503, "cannot be reached"),
            (Reply(404), 502, "does not name a database"),
            (Reply(200, b"<html>"), 502, "does not name a database"),
            (Reply(200, {"mongodb": {"url": "mongodb://u:CANARY@%2Ftmp%2Fx.sock/x"}}), 502, "does not name a database"),
            (Reply(200, {"mongodb.url": "mongodb://u:CANARY@127.0.0.1:9/x"}), 503, "database of the threads cannot"),
        ],
        ids=["broken", "away", "none", "html", "path", "no database there"],
    )
    async def test_what_cannot_be_reached_or_used_is_told(
        self,
        site: Site,
        service: Service,
        other: Service,
        token: str,
        reply: Reply | None,
        status: int,
        says: str,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        caplog.set_level("DEBUG")
        monkeypatch.setattr("jupyter_frevagpt.threads.connection._SELECTION_MS", 300)
        assert (await site.get("availablechatbots", token)).status_code == 200  # who it is stays known
        if reply is None:
            service.stop()
        else:
            service.replies["/vault"] = reply
        thread = {"thread_id": "z" * 32}
        routes: dict[str, dict[str, Any]] = {
            "health": {},
            "getuserthreads": {},
            "searchthreads": {"query": "x"},
            "getthread": thread,
            "setthreadtopic": {**thread, "topic": "x"},
            "deletethread": thread,
            "editthread": {"source_thread_id": "z" * 32, "user_index": 0},
            "userfeedback": {**thread, "feedback_index": 0, "feedback": "up"},
            "streamresponse": {"input": "hello"},
            "stop": thread,
            "files": thread,
        }
        for route, given in routes.items():
            answer = await site.send("POST", f"api/chatbot/{route}", token, given=given)
            assert (answer.status_code, route) == (status, route), answer.text
            assert says in detail(answer)
            assert not any(secret in answer.text for secret in ("CANARY", "127.0.0.1", "/vault", "mongodb://"))
        assert (await site.get("availablechatbots", token)).status_code == 200
        assert "CANARY" not in caplog.text
        assert await ask(site, token, other)

    async def test_a_vault_that_comes_back_is_asked_again(
        self, site: Site, service: Service, token: str, homes: dict[str, Database]
    ) -> None:
        good = service.replies["/vault"]
        service.replies["/vault"] = Reply(500)
        assert (await site.get("getuserthreads", token)).status_code == 503
        service.replies["/vault"] = good
        assert stored(homes["home"], await ask(site, token, service))

    async def test_the_end_of_the_server_closes_its_connections(
        self, site: Site, service: Service, other: Service, token: str
    ) -> None:
        await ask(site, token, service)
        await ask(site, token, other)
        clients = list(CLIENTS._clients.values())
        assert len(clients) == 2
        assert all(client.connected is not None for client in clients)
        await next(iter(site.serverapp.extension_manager.extension_apps["jupyter_frevagpt"])).stop_extension()
        assert len(CLIENTS._clients) == 0
        assert not any(client.connected for client in clients)
