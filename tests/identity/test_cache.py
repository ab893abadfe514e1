"""How long an answer about a token counts, and that one question is asked once (security of tokens)."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from tornado.httputil import HTTPHeaders

from jupyter_frevagpt.identity.cache import Cache, Found
from jupyter_frevagpt.identity.credential import Credential, credential_of
from jupyter_frevagpt.identity.fetcher import Fetcher, Unreachable
from jupyter_frevagpt.identity.people import People
from jupyter_frevagpt.identity.realms import Realm, Realms
from jupyter_frevagpt.identity.refused import Refused

from .services import CHECK, Reply, Service


class Clock:
    def __init__(self) -> None:
        self.time = 1_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def people(clock: Clock, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[People]:
    fetcher = Fetcher()
    made = People(fetcher, Cache(clock=clock), clock)
    yield made
    jp_asyncio_loop.run_until_complete(made.aclose())
    jp_asyncio_loop.run_until_complete(fetcher.aclose())


@pytest.fixture
def realm(service: Service) -> Realm:
    return next(iter(Realms({"home": {"rest": service.url}})))


def credential(token: str) -> Credential:
    return credential_of(HTTPHeaders({"Authorization": f"Bearer {token}"}))


def jwt(**claims: Any) -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part(claims)}.{secrets.token_urlsafe(8)}"


async def test_a_good_answer_counts_for_a_minute(
    people: People, realm: Realm, service: Service, clock: Clock, token: str
) -> None:
    assert await people.name(realm, credential(token)) == "alice"
    del service.users[token]  # revoked
    clock.time += 59.9
    assert await people.name(realm, credential(token)) == "alice"
    clock.time += 0.2
    with pytest.raises(Refused) as refused:
        await people.name(realm, credential(token))
    assert refused.value.status == 401
    assert len(service.asked) == 2


async def test_a_refusal_counts_for_five_seconds(
    people: People, realm: Realm, service: Service, clock: Clock, token: str
) -> None:
    user = service.users.pop(token)
    for _ in range(3):
        with pytest.raises(Refused):
            await people.name(realm, credential(token))
    assert len(service.asked) == 1
    service.users[token] = user
    clock.time += 4.9
    with pytest.raises(Refused):
        await people.name(realm, credential(token))
    clock.time += 0.2
    assert await people.name(realm, credential(token)) == "alice"


@pytest.mark.parametrize("reply", [Reply(500), Reply(503), Reply(302), Reply(200, b"no JSON"), Reply(200, {})])
async def test_a_fault_of_the_service_is_not_kept(
    people: People, realm: Realm, service: Service, token: str, reply: Reply
) -> None:
    service.users[token] = reply
    with pytest.raises(Refused):
        await people.name(realm, credential(token))
    service.users[token] = "alice"
    assert await people.name(realm, credential(token)) == "alice"


@pytest.mark.parametrize(
    ("left", "asked"),
    [(20, 2), (0, 3), (-5, 3), (59, 1), (3600, 1), (10**400, 1), ("soon", 1)],
    ids=["20", "0", "-5", "59", "3600", "huge", "text"],
)
async def test_no_answer_counts_past_the_end_of_the_token(
    people: People, realm: Realm, service: Service, clock: Clock, left: Any, asked: int
) -> None:
    exp = left if isinstance(left, str) or left > 1e9 else clock.time + left
    token = jwt(exp=exp)
    service.users[token] = "alice"
    for later in (0, 15, 15):
        clock.time += later
        assert await people.name(realm, credential(token)) == "alice"
    assert len(service.asked) == asked


@pytest.mark.parametrize(
    "token",
    ["a.b.c", "..", f"x.{'A' * 9000}.y", "a.bnVsbA.c", jwt(exp=True), jwt(exp=None), jwt()],
    ids=["three parts", "none", "long", "null", "true", "no time", "nothing"],
)
async def test_what_is_no_jwt_ends_never(token: str) -> None:
    assert credential(token).expires == float("inf")
    assert credential(jwt(exp=12)).expires == 12


async def test_many_who_ask_at_once_ask_once(people: People, realm: Realm, service: Service, token: str) -> None:
    service.users["second"] = "bob"
    service.go_on.clear()
    asking = [asyncio.create_task(people.name(realm, credential(token))) for _ in range(20)]
    assert await asyncio.to_thread(service.arrived.acquire, timeout=20)
    another = asyncio.create_task(people.name(realm, credential("second")))
    assert await asyncio.to_thread(service.arrived.acquire, timeout=20)
    asking[0].cancel()  # the one whose request it was
    service.go_on.set()
    assert await asyncio.gather(*asking[1:], another) == ["alice"] * 19 + ["bob"]
    assert asking[0].cancelled()
    assert sorted(service.tokens) == sorted([token, "second"])


async def test_all_who_wait_get_the_fault(people: People, realm: Realm, service: Service, token: str) -> None:
    service.users[token] = Reply(200, b"no JSON")
    service.go_on.clear()
    asking = [asyncio.create_task(people.name(realm, credential(token))) for _ in range(5)]
    assert await asyncio.to_thread(service.arrived.acquire, timeout=20)
    service.go_on.set()
    for said in await asyncio.gather(*asking, return_exceptions=True):
        assert isinstance(said, Refused)
        assert said.status == 502
    assert len(service.asked) == 1


async def test_two_services_do_not_share_answers(
    people: People, service: Service, other: Service, realm: Realm, token: str
) -> None:
    other.users[token] = "mallory"
    away = next(iter(Realms({"away": {"rest": other.url}})))
    assert await people.name(realm, credential(token)) == "alice"
    assert await people.name(away, credential(token)) == "mallory"


async def test_what_is_kept_is_bounded_and_refusals_push_nobody_out() -> None:
    cache: Cache[int] = Cache(most=3)

    async def get(key: int, *, refusal: bool = False) -> int:
        async def ask() -> Found[int]:
            asked.append(key)
            return Found(key, 60, refusal)

        return await cache.get(bytes([key]), ask)

    asked: list[int] = []
    for key in (1, 2, 3, 1, 4):  # 2 was used least recently
        await get(key)
    for key in range(10, 40):
        await get(key, refusal=True)
    assert len(cache) == 6
    asked.clear()
    for key in (1, 3, 4, 2):
        await get(key)
    assert asked == [2]


async def test_no_token_is_kept(people: People, realm: Realm, token: str, service: Service) -> None:
    await people.name(realm, credential(token))
    with pytest.raises(Refused):
        await people.name(realm, credential("refused-token"))
    kept = repr(vars(people.cache)) + repr([list(kept) for kept in people.cache._kept.values()])
    assert "alice" in kept
    for secret in (token, "refused-token"):
        assert secret not in kept
        assert secret not in repr(credential(secret))
    assert len(people.cache) == 2


async def test_a_service_that_drips_is_left_in_time(service: Service, token: str) -> None:
    fetcher = Fetcher(seconds=0.3)
    service.go_on.clear()
    with pytest.raises(Unreachable):
        await fetcher.get(f"{service.url}{CHECK}")
    service.go_on.set()
    fetcher = Fetcher(seconds=20)
    assert (await fetcher.get(f"{service.url}{CHECK}")).status == 401
    await fetcher.aclose()


async def test_a_proxy_of_the_environment_counts(
    canary: Service, monkeypatch: pytest.MonkeyPatch, service: Service
) -> None:
    monkeypatch.setenv("http_proxy", canary.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    fetcher = Fetcher()
    assert (await fetcher.get("http://freva.invalid/x")).status == 401
    assert [path for path, _ in canary.asked] == ["http://freva.invalid/x"]
    assert (await fetcher.get(f"{service.url}/own")).status == 401  # this machine's own services go without
    assert len(canary.asked) == 1
    await fetcher.aclose()
