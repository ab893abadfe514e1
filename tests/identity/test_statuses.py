"""Who gets in with a Freva token, and what the others are told (contract 33, 34)."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from jupyter_frevagpt.handlers.routes import ROUTES

from .conftest import Site, detail
from .services import CHECK, Reply, Service


async def test_a_token_of_freva_gets_in_by_either_header(site: Site, token: str, service: Service) -> None:
    for headers in (
        {"Authorization": f"Bearer {token}"},
        {"Authorization": f"bearer   {token}"},
        {"x_freva_user_token": token},
        {"x_freva_user_token": f"Bearer {token}"},
        {"x_freva_user_token": token, "Authorization": f"Bearer {token}"},
        {"Authorization": f"Bearer {token}", "x_freva_user_token": ""},
    ):
        response = await site.get("availablechatbots", **headers)
        assert (response.status_code, response.json()) == (200, ["first"]), headers
        assert "Set-Cookie" not in response.headers
    assert service.asked[0][0] == CHECK
    assert set(service.tokens) == {token}


async def test_what_is_no_token_is_refused(site: Site, token: str) -> None:
    refused: tuple[tuple[dict[str, str], int, str], ...] = (
        ({}, 401, "Log in to Freva"),
        ({"Authorization": ""}, 401, "Log in to Freva"),
        ({"Authorization": "Basic YTpi"}, 422, "Bearer"),
        ({"Authorization": f"token {token}"}, 422, "Bearer"),
        ({"Authorization": "Bearer"}, 422, "Bearer"),
        ({"Authorization": token}, 422, "Bearer"),
        ({"Authorization": f"Bearer {token} {token}"}, 422, "Bearer"),
        ({"Authorization": f"Bearer {token}, Bearer {token}"}, 422, "Bearer"),
        ({"x_freva_user_token": f"{token};x"}, 422, "Bearer"),
        ({"x_freva_user_token": token, "Authorization": "Bearer other"}, 401, "two different"),
        ({"x_freva_user_token": token, "Authorization": "Basic YTpi"}, 401, "two different"),
        ({"Authorization": "Bearer unknown"}, 401, "does not accept"),
    )
    for headers, status, says in refused:
        response = await site.get("availablechatbots", **headers)
        assert response.status_code == status, headers
        assert says in detail(response)
        assert token not in response.text
    assert (await site.get("availablechatbots", token)).status_code == 200


@pytest.mark.parametrize("name", ["Authorization", "x-freva-user-token", "x-freva-rest-url", "freva-config"])
async def test_a_header_that_comes_twice_is_refused(site: Site, token: str, name: str, service: Service) -> None:
    values = {
        "Authorization": f"Bearer {token}",
        "x-freva-user-token": token,
        "x-freva-rest-url": service.url,
        "freva-config": "/etc/freva/home.conf",
    }
    url = f"{site.root}api/chatbot/availablechatbots"
    known = [] if name in ("Authorization", "x-freva-user-token") else [("Authorization", f"Bearer {token}")]
    once = await site.client.get(url, headers=[*known, (name, values[name])])
    twice = await site.client.get(url, headers=[*known, (name, values[name]), (name, values[name])])
    assert (once.status_code, twice.status_code) == (200, 400)
    assert "more than once" in detail(twice)


async def test_what_the_rest_service_answers_decides(site: Site, service: Service) -> None:
    replies = (
        (Reply(401, {"pw_name": "alice"}), 401, "does not accept"),
        (Reply(403, b""), 401, "does not accept"),
        (Reply(500, {"pw_name": "alice"}), 401, "does not accept"),
        (Reply(200, b"<html>alice</html>"), 502, "did not answer as it should"),
        (Reply(200, b""), 502, "did not answer as it should"),
        (Reply(200, ["alice"]), 502, "did not answer as it should"),
        (Reply(200, {}), 502, "did not answer as it should"),
        (Reply(200, {"pw_name": None, "username": None}), 502, "did not answer as it should"),
        (Reply(200, b"[" * 100_000), 502, "did not answer as it should"),
        (Reply(200, b'{"pw_name": "alice"}' + b" " * 1024 * 1024), 502, "did not answer as it should"),
        (Reply(200, b'{"pw_name": "alice"}', Content_Encoding="gzip"), 200, ""),  # not unpacked, so no bomb
        (Reply(200, {"pw_name": "alice"}), 200, ""),
        (Reply(200, {"username": "alice"}), 200, ""),
        (Reply(200, {"pw_name": None, "username": "alice"}), 200, ""),
        (Reply(200, {"pw_name": "alice", "detail": "x"}), 200, ""),
        (Reply(203, {"pw_name": "alice"}), 200, ""),
    )
    for number, (reply, status, says) in enumerate(replies):
        service.asked.clear()
        service.users[f"token-{number}"] = reply
        response = await site.get("availablechatbots", f"token-{number}")
        assert response.status_code == status, (number, response.text)
        assert len(service.asked) == 1
        if status != 200:
            assert says in detail(response)


async def test_a_detail_of_the_rest_service_is_told(site: Site, service: Service) -> None:
    told: tuple[tuple[Any, str], ...] = (
        ("Signature has expired", "Signature has expired"),
        ({"reason": 5}, '{"reason":5}'),
        ("100 % wrong", "100 % wrong"),
        ("token-3 at http://10.0.0.1:88/x?y", "[redacted] at [address]"),
        ("a\r\nb\u202e", "a  b "),
        ("x" * 1000, f"{'x' * 199}…"),
    )
    for number, (said, shown) in enumerate(told):
        service.users[f"token-{number}"] = Reply(200, {"detail": said})
        response = await site.get("availablechatbots", f"token-{number}")
        assert (response.status_code, detail(response)) == (401, f"Token check failed: {shown}")


async def test_a_redirect_is_not_followed(site: Site, service: Service, canary: Service, token: str) -> None:
    canary.users[token] = "alice"
    for status in (301, 302, 303, 307, 308):
        service.users[token] = Reply(status, {"pw_name": "alice"}, Location=f"{canary.url}{CHECK}")
        assert (await site.get("availablechatbots", token)).status_code == 502
    assert len(service.asked) == 5
    assert canary.asked == []
    service.users[token] = "alice"
    assert (await site.get("availablechatbots", token)).status_code == 200


async def test_a_rest_service_that_is_away_is_told_and_forgotten(
    site: Site, service: Service, other: Service, token: str
) -> None:
    away = other.url
    other.stop()
    response = await site.get("availablechatbots", token, x_freva_rest_url=away)
    assert response.status_code == 503
    assert "cannot be reached" in detail(response)
    assert away not in response.text
    assert (await site.get("availablechatbots", token)).status_code == 200


async def test_a_rest_service_that_hangs_up_is_asked_once_more(site: Site, service: Service, token: str) -> None:
    def hang_up() -> Reply:
        if len(service.asked) == 1:
            raise ConnectionAbortedError
        return Reply(200, {"pw_name": "alice"})

    service.serving.server.handle_error = lambda *_: None  # type: ignore[method-assign]
    service.replies[CHECK] = hang_up
    assert (await site.get("availablechatbots", token)).status_code == 200
    assert len(service.asked) == 2


async def test_open_routes_ask_nobody(site: Site, service: Service) -> None:
    """Among them ``ping``, with whatever credentials and a REST service that is away."""
    service.stop()
    routes = [name for name, handler in ROUTES.items() if handler.definition.is_open]
    assert "ping" in routes
    sent: list[dict[str, str]] = [{}, {"Authorization": "Bearer bad"}, {"Authorization": "Basic x"}]
    for route in routes:
        for headers in (*sent, {"x_freva_rest_url": "x"}):
            assert (await site.get(route, **headers)).status_code == 200, (route, headers)
    assert (await site.get("availablechatbots", "bad")).status_code == 503
    assert service.asked == []


HOSTILE: tuple[Any, ...] = (
    "",
    " ",
    " alice",
    ".",
    "..",
    "../alice",
    "a/b",
    "a\\b",
    "a\0b",
    "a\nb",
    "a\u202eb",
    "a\u200bb",
)
HOSTILE += ("e\u0301", "x" * 129, "x" * 900_000, {"$ne": None}, ["alice"], 5, True)
ODD = ("alice", "é", "x" * 128, "freva:home:bob", "service:x", "$ne", "a b", "O'Hara")


async def test_a_hostile_name_is_nobody_and_an_odd_one_somebody(site: Site, service: Service) -> None:
    for number, name in enumerate((*HOSTILE, *ODD)):
        service.users[f"token-{number}"] = Reply(200, {"pw_name": name})
        response = await site.get("getuserthreads", f"token-{number}")
        if number < len(HOSTILE):
            assert response.status_code == 502, name
            assert "did not answer as it should" in detail(response)
        else:
            assert response.json() == [[], 0], name


async def test_a_cookie_gets_nobody_in(site: Site, service: Service, token: str) -> None:
    """A cookie as Jupyter would sign it, by the server's own secret, which a site may have kept from before."""
    from tornado.web import create_signed_value

    name = site.provider.get_cookie_name(_Request(site.root.split("/")[2]))  # type: ignore[arg-type]
    value = create_signed_value(site.serverapp.web_app.settings["cookie_secret"], name, '{"username": "alice"}')
    cookie = f"{name}={value.decode()}"
    assert (await site.get("availablechatbots", Cookie=cookie)).status_code == 401
    assert (await site.get("availablechatbots", "wrong", Cookie=cookie)).status_code == 401
    assert (await site.get("availablechatbots", token, Cookie=cookie)).status_code == 200
    assert (await site.get(f"availablechatbots?token={token}")).status_code == 401


class _Request:
    def __init__(self, host: str) -> None:
        self.host = host

    @property
    def request(self) -> _Request:
        return self


async def test_a_token_is_in_no_log_and_no_file(
    site: Site, service: Service, token: str, caplog: pytest.LogCaptureFixture, tmp_path: Any, jp_logging_stream: Any
) -> None:
    caplog.set_level("DEBUG")
    bad = secrets.token_urlsafe(24)
    service.users[bad] = Reply(200, {"detail": f"{bad} is not valid"})
    odd = secrets.token_urlsafe(24)
    service.users[odd] = Reply(200, f"{odd} is not JSON".encode())
    answers = [
        await site.get("availablechatbots", token),
        await site.get("availablechatbots", x_freva_user_token=token, Referer=f"http://x/?token={token}"),
        await site.get("availablechatbots", bad),
        await site.get("availablechatbots", odd),
        await site.get("availablechatbots", f"{token};"),
        await site.get(f"availablechatbots?token={token}"),
        await site.get("availablechatbots", token, x_freva_rest_url="http://elsewhere/"),
        await site.send("GET", "api/kernels", token),
        await site.send("GET", "files/x", token),
        await site.send("POST", "api/chatbot/streamresponse", token, given={"input": "hello"}),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 401, 502, 422, 401, 403, 403, 403, 200]
    service.stop()
    assert (await site.get("availablechatbots", f"{token}-not-kept")).status_code == 503
    log = caplog.text + jp_logging_stream.getvalue()
    assert "/api/chatbot/availablechatbots" in log
    kept = b"".join(path.read_bytes() for path in (tmp_path / "frevagpt").rglob("*") if path.is_file())
    assert b"hello" in kept
    for secret in (token, bad, odd):
        assert secret not in log
        assert secret.encode() not in kept
        assert all(secret not in answer.text for answer in answers)
