"""Whose tokens count on a hub: not the one that each kernel has, and not a visitor's unless the site says so."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tornado.web import create_signed_value

from jupyter_frevagpt.handlers.definition import EXECUTE
from jupyter_frevagpt.handlers.routes import ROUTES

from ..handlers.conftest import code_rules, hints, joined
from ..handlers.test_requests import given
from ..scripted import Scripted
from .conftest import TEXT, script_kernel_code
from .hub import Hub
from .singleuser import SingleUser

PEOPLE_ONLY = [name for name, handler in ROUTES.items() if handler.definition.people_only]


def test_where_something_runs_people_alone_may() -> None:
    running = {name for name, handler in ROUTES.items() if handler.definition.right == EXECUTE}
    assert {"streamresponse", "approve", "rerun", "undo"} <= running
    assert running - set(PEOPLE_ONLY) <= {"stop", "variables"}  # those two run nobody's code


@pytest.mark.parametrize("route", PEOPLE_ONLY)
def test_the_servers_own_token_is_refused(alice: SingleUser, route: str) -> None:
    """By each header that carries it, also where alice's cookie would do; her other token is the control."""
    body = given(route, "t" * 32)
    own = alice.own_token
    with alice.browser() as browser:
        xsrf = {"X-XSRFToken": browser.cookies["_xsrf"]}
        for header in (f"token {own}", f"Bearer {own}", f"bearer   {own}", f"TOKEN {own}"):
            answer = browser.post(f"{alice.url}/{route}", json=body, headers={"Authorization": header, **xsrf})
            assert answer.status_code == 403, header
            assert "Code in the kernels can read this token" in answer.json()["detail"]
            assert own not in answer.text
    with alice.client(alice.token) as client:
        assert client.post(f"{alice.url}/{route}", json=body).status_code != 403
    with alice.client(own) as client:
        assert client.get(f"{alice.url}/getuserthreads").status_code == 200  # reading is what it is for


def baked(server: SingleUser, token: str) -> httpx.Client:
    """Return a client with cookies as code in a kernel can bake them: it can read the secret that signs them."""
    secret = hmac.digest(next(server.base.rglob("jupyter_cookie_secret")).read_bytes(), b"", "sha256")
    proof = create_signed_value(secret, "_xsrf", f"x:{hashlib.sha256(token.encode()).hexdigest()}")
    xsrf = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
    name = "jupyterhub-user-alice"
    cookies = {name: create_signed_value(secret, name, token).decode(), "jupyterhub-session-id": "x", "_xsrf": xsrf}
    return httpx.Client(cookies=cookies, headers={"X-XSRFToken": xsrf}, trust_env=False, timeout=30)


@pytest.mark.parametrize("more", [{}, {"Authorization": "token wrong"}], ids=["alone", "behind a wrong header"])
def test_a_cookie_that_holds_the_servers_own_token_is_refused(alice: SingleUser, more: dict[str, str]) -> None:
    for token, status in ((alice.own_token, 403), (alice.token, 200)):
        with baked(alice, token) as client:
            assert client.get(f"{alice.url}/getuserthreads", headers=more).status_code == 200
            answer = client.post(f"{alice.url}/streamresponse", json={"input": "hello"}, headers=more)
            assert answer.status_code == status, answer.text


def approved(server: SingleUser, client: httpx.Client, **asked: Any) -> list[dict[str, Any]]:
    """Return the lines of a turn whose every question is answered with yes."""
    lines = []
    turn = {"approval": True, "rich": True, **asked}
    with client.stream("POST", f"{server.url}/streamresponse", json=turn) as stream:
        assert stream.status_code == 200
        for line in map(json.loads, stream.iter_lines()):
            lines.append(line)
            for question in hints([line], "approval"):
                if question["id"]:
                    decision = {"thread_id": lines[0]["content"]["thread_id"], "id": question["id"]}
                    answer = client.post(f"{server.url}/approve", json={**decision, "decision": "once"})
                    assert answer.status_code == 200, answer.text
    return lines


def start_kernel(server: SingleUser, client: httpx.Client) -> str:
    answer = client.post(f"{server.root}/api/kernels", json={})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_code_in_a_kernel_can_neither_ask_nor_decide(alice: SingleUser, service: Scripted) -> None:
    script_kernel_code(service, alice, "nested")
    with alice.client(alice.token) as client:
        lines = approved(alice, client, input="nested", kernel_id=start_kernel(alice, client))
        assert joined(lines, "CodeOutput") == f"{len(alice.own_token)} 200 403 403 403 403\n"


def test_a_kernel_of_ours_does_not_have_the_token(alice: SingleUser, service: Scripted) -> None:
    names = "import os; print(sorted(name for name in os.environ if name.endswith('API_TOKEN')))"
    service.set_script(code_rules("names", names))
    with alice.client(alice.token) as client:
        lines = alice.stream(client, input="names", rich=True)
        assert joined(lines, "CodeOutput") == "[]\n"
        lines = approved(alice, client, input="names", kernel_id=start_kernel(alice, client))
        assert joined(lines, "CodeOutput") == "['JPY_API_TOKEN', 'JUPYTERHUB_API_TOKEN']\n"
    service.set_script([TEXT])


@pytest.mark.parametrize(("name", "kind"), [("bob", "user"), ("alice", "service"), ("service:x", "user")])
def test_visitors_are_refused(alice: SingleUser, name: str, kind: str) -> None:
    """Whom alice has let onto her server, and services of the hub's, be they called like her."""
    with alice.client(alice.hub.token(name, kind)) as visitor, alice.client(alice.token) as own:
        assert visitor.get(f"{alice.root}/api/kernels").status_code == 200  # the hub lets them in
        for route, handler in ROUTES.items():
            answer = visitor.post(f"{alice.url}/{route}", json=given(route, "t" * 32))
            if handler.definition.is_open:
                assert answer.status_code == 200, route
                continue
            assert answer.status_code == 403, route
            says = "reads like a service" if name == "service:x" else "somebody else"
            assert says in answer.json()["detail"]
            assert own.post(f"{alice.url}/{route}", json=given(route, "t" * 32)).status_code != 403


def test_a_visitor_is_refused_by_cookie_too(alice: SingleUser) -> None:
    for name, status in (("bob", 403), ("alice", 200)):
        with alice.browser(name) as browser:
            assert browser.get(f"{alice.url}/getuserthreads").status_code == status


@pytest.fixture(scope="module")
def lax(hub: Hub, service: Scripted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SingleUser]:
    """A site that allows more: visitors with threads of their own, tokens in addresses, no XSRF check."""
    service.set_script([TEXT])
    made = SingleUser(
        tmp_path_factory.mktemp("hub") / "lax", hub, service.base, "FrevaGPT.visitors=own-threads",
        "ServerApp.disable_check_xsrf=True", "FrevaGPT.approval_policy=run", JUPYTERHUB_ALLOW_TOKEN_IN_URL="1",
    )  # fmt: skip
    yield made
    made.close()


def test_the_gate_holds_without_the_hubs_help(lax: SingleUser) -> None:
    with lax.browser() as browser, lax.client() as nobody:
        url, token = f"{lax.url}/streamresponse", {"token": lax.token}
        forms: tuple[tuple[dict[str, str], int], ...] = (
            ({"Content-Type": "text/plain"}, 415),
            ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
            ({"Content-Type": "application/json", "Sec-Fetch-Site": "same-site"}, 403),
            ({"Content-Type": "application/json"}, 200),
        )
        for headers, status in forms:
            answer = browser.post(url, content='{"input": "hello"}', headers=headers)
            assert answer.status_code == status, headers
        for query in ({"input": "hello"}, {"input": "hello", "_xsrf": "abc"}, {"input": "hello", **token}):
            assert browser.get(url, params=query).status_code == 403
        # A link with an attacker's token logs the victim in as the attacker; it asks nothing.
        assert nobody.get(f"{lax.url}/getuserthreads", params=token).status_code == 200
        nobody.cookies.clear()
        assert nobody.get(url, params={"input": "hello", **token}).status_code == 403
        assert nobody.post(url, params=token, json={"input": "hello"}).status_code == 403
        assert nobody.post(url, data={"input": "hello", **token}).status_code == 403


def test_a_visitor_with_threads_of_their_own_is_asked(lax: SingleUser, hub: Hub, service: Scripted) -> None:
    service.set_script([TEXT, *code_rules("sum", "print(20 + 22)")])
    listing = f"{lax.url}/getuserthreads"
    with lax.client(lax.token) as alice, lax.client(hub.token("bob")) as bob:
        kernel = start_kernel(lax, alice)
        mine = lax.stream(alice, input="hello")[0]["content"]["thread_id"]
        for route in ("getthread", "stop", "deletethread", "follow"):
            foreign = bob.post(f"{lax.url}/{route}", json={"thread_id": mine})
            absent = bob.post(f"{lax.url}/{route}", json={"thread_id": "z" * 32})
            assert foreign.status_code == absent.status_code == 404, route
            assert foreign.text == absent.text
        assert bob.get(listing).json() == [[], 0]
        assert joined(lax.stream(alice, input="sum", kernel_id=kernel), "CodeOutput") == "42\n"
        refused = joined(lax.stream(bob, input="sum", kernel_id=kernel), "CodeOutput")
        assert "needs the user's leave" in refused
        assert "42\n" not in refused
        assert joined(approved(lax, bob, input="sum", kernel_id=kernel), "CodeOutput") == "42\n"
        theirs, total = bob.get(listing).json()
        assert ({one["user_id"] for one in theirs}, total) == ({"bob"}, 2)
        mine_now = [one["thread_id"] for one in alice.get(listing).json()[0]]
        assert not set(mine_now) & {one["thread_id"] for one in theirs}
        assert mine in mine_now
        taken = alice.post(f"{lax.url}/getthread", json={"thread_id": theirs[0]["thread_id"]})
        assert taken.status_code == 404
    service.set_script([TEXT])


@pytest.mark.parametrize("trouble", ["away", "ill"])
def test_a_hub_that_does_not_answer_is_told_without_its_address(lax: SingleUser, hub: Hub, trouble: str) -> None:
    token = hub.token("alice")
    hub.trouble = trouble
    try:
        with lax.client(token) as client:
            answer = client.get(f"{lax.url}/getuserthreads")
    finally:
        hub.trouble = ""
    assert answer.status_code in (500, 502)
    assert answer.json() == {
        "detail": "Who you are could not be checked. Try again in a minute; if that does not help, log in again."
    }
    with lax.client(token) as client:
        assert client.get(f"{lax.url}/getuserthreads").status_code == 200


def test_questions_are_in_no_log_of_a_hubs_server(lax: SingleUser, service: Scripted) -> None:
    """A hub's server logs each request with its query, and here also what is for programmers only."""
    canary = secrets.token_hex(12)
    with lax.client(lax.token) as client, lax.browser() as browser:
        asked = (
            ("streamresponse", {"input": f"hello {canary}"}, 200),
            ("streamresponse", {"input": canary, "chatbot": "nobody"}, 422),
            ("searchthreads", {"query": canary}, 200),
            ("setthreadtopic", {"thread_id": "t" * 32, "topic": canary}, 404),
            ("help", {"endpoint": canary}, 422),
        )
        for route, given_, status in asked:
            assert client.get(f"{lax.url}/{route}", params=given_).status_code == status, route
            assert client.post(f"{lax.url}/{route}", json=given_).status_code == status, route
        assert client.request("PUT", f"{lax.url}/streamresponse?input={canary}").status_code == 405
        assert client.head(f"{lax.url}/streamresponse?input={canary}").status_code == 405
        assert browser.get(f"{lax.url}/streamresponse", params={"input": canary}).status_code == 403
        assert httpx.get(f"{lax.url}/streamresponse?input={canary}", trust_env=False).status_code == 403
    log = lax.log
    assert log.count("GET /user/alice/api/chatbot/streamresponse") >= 3
    assert canary not in log
    for token in (lax.own_token, lax.token):
        assert token not in log
