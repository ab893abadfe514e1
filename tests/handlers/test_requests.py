"""Who may ask, what is refused and how it is said (contract section 3, 15 to 18, 31; decisions 4, 7 to 9)."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_frevagpt.handlers.definitions import DEFINITIONS
from jupyter_frevagpt.handlers.routes import ROUTES

from .conftest import Chat

GIVEN: dict[str, dict[str, Any]] = {
    "streamresponse": {"input": "hello"},
    "output": {"id": "call_1"},
    "undo": {"id": "call_1"},
    "searchthreads": {"query": "hello"},
    "setthreadtopic": {"topic": "Rain"},
    "editthread": {"user_index": 0},
    "userfeedback": {"feedback_index": 0, "feedback": "up"},
    "importthread": {"content": [{"variant": "User", "content": "hello"}]},
    "approve": {"id": "x", "decision": "once"},
    "toolresult": {"id": "x", "client": "page", "step": "claim"},
    "variables": {"kernel_id": "00000000-0000-0000-0000-000000000000"},
    "deleteall": {"confirm": "delete"},
    "indexresources": {"folder": "/nowhere"},
    "removeresource": {"name": "nowhere"},
}
OPEN = [name for name, handler in ROUTES.items() if handler.definition.is_open]
STATE = [name for name, handler in ROUTES.items() if handler.definition.changes_state]
POST_ONLY = [name for name, handler in ROUTES.items() if handler.definition.post_only]
BY_BOTH = [name for name in STATE if name not in POST_ONLY]
NEEDS_THREAD = {
    name: next(one for one in ("thread_id", "source_thread_id") if one in fields)
    for name, handler in ROUTES.items()
    if {"thread_id", "source_thread_id"} & (fields := {field.encode_name for field in handler.definition.fields})
}
# Routes that ask for a thread's owner; of the others one makes threads, the rest finds secret ids only.
BY_SECRET = ("approve", "toolresult")
OF_A_THREAD = [name for name in NEEDS_THREAD if name not in ("streamresponse", *BY_SECRET)]


def given(route: str, thread_id: str = "t" * 32) -> dict[str, Any]:
    named = {NEEDS_THREAD[route]: thread_id} if route in (*OF_A_THREAD, *BY_SECRET) else {}
    return {**GIVEN.get(route, {}), **named}


def test_the_table_of_routes() -> None:
    """What is open, what is behind the gate and what POST alone may do; and that no route is left out below."""
    assert sorted(OPEN) == ["docs", "help", "openapi.json", "ping"]
    assert sorted(POST_ONLY) == [
        "approve", "deleteall", "importthread", "indexresources", "removeresource", "rerun", "toolresult", "undo",
        "variables",
    ]  # fmt: skip
    assert sorted(BY_BOTH) == ["deletethread", "editthread", "setthreadtopic", "stop", "streamresponse", "userfeedback"]
    assert sorted(OF_A_THREAD) == [
        "deletethread", "editthread", "files", "follow", "getthread", "output", "rerun", "setthreadtopic", "stop",
        "undo", "userfeedback",
    ]  # fmt: skip
    assert list(ROUTES) == [definition.name for definition in DEFINITIONS]
    for handler in ROUTES.values():
        required = {field.encode_name for field in handler.definition.fields if field.required}
        assert required <= given(handler.definition.name).keys()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("route", ROUTES)
async def test_without_login(chat: Chat, route: str, method: str) -> None:
    response = await chat.send(method, route, given(route), headers={})
    if route in OPEN:
        # A POST without a login still needs Jupyter's proof that no foreign page sent it.
        assert response.status_code == (200 if method == "GET" else 403)
        return
    assert response.status_code == 403
    assert set(response.json()) == {"detail"}
    wrong = await chat.send(method, route, given(route), headers={"Authorization": "token wrong"})
    assert wrong.status_code == 403


async def test_ping_needs_nothing_and_leaks_nothing(chat: Chat) -> None:
    response = await chat.send("GET", "ping", headers={"Authorization": "Bearer nonsense"})
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({}, "`input` is missing"),
        ({"input": ""}, "`input` is missing"),
        ({"input": "  \n"}, "`input`"),
        ({"input": "q", "chatbot": "nobody"}, "nobody"),
        ({"input": "q", "chatbot": "vectors"}, "vectors"),
        ({"input": "q", "thread_id": "../../etc/passwd"}, "thread_id"),
        ({"input": "q", "thread_id": "a" * 65}, "thread_id"),
        ({"input": "q", "kernel_id": "no-such"}, "kernel_id"),
        ({"input": "q", "kernel_id": "00000000-0000-0000-0000-000000000000"}, "kernel_id"),
        ({"input": "x" * 200_001}, "input"),
        ({"input": "q", "store_thread": "perhaps"}, "store_thread"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_bad_questions_say_what_is_wrong(chat: Chat, bad: dict[str, Any], says: str, method: str) -> None:
    if method == "GET" and len(str(bad)) > 10_000:
        return
    response = await chat.send(method, "streamresponse", bad)
    assert response.status_code == 422
    assert says in response.json()["detail"]
    assert (await chat.get("getuserthreads")).json() == [[], 0]


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"x"', b"\xff"])
async def test_a_body_that_is_no_object_is_refused(chat: Chat, body: bytes) -> None:
    headers = {**chat.headers, "Content-Type": "application/json"}
    response = await chat.client.post(f"{chat.url}/streamresponse", headers=headers, content=body)
    assert response.status_code == 422
    assert "JSON" in response.json()["detail"]


async def test_hostile_values_of_other_types_are_refused(chat: Chat) -> None:
    for value in ({"$ne": None}, ["a"], 5):
        assert (await chat.post("getthread", thread_id=value)).status_code == 422


async def test_empty_strings_count_as_not_given_and_the_body_wins(chat: Chat) -> None:
    lines = await chat.stream(input="hello", chatbot="", thread_id="", kernel_id="")
    assert lines[-1]["content"] == "Finished."
    response = await chat.client.post(
        f"{chat.url}/getuserthreads", params={"num_threads": 1}, json={"num_threads": 500}, headers=chat.headers
    )
    assert response.status_code == 422
    response = await chat.client.post(f"{chat.url}/getuserthreads", params={"num_threads": 1}, headers=chat.headers)
    assert len(response.json()[0]) == 1


async def test_new_ids_work_at_once_and_unowned_ones_are_created(chat: Chat) -> None:
    thread_id = (await chat.get("newthread")).json()
    assert (len(thread_id), thread_id.isalnum()) == (32, True)
    assert (await chat.get("getthread", thread_id=thread_id)).status_code == 404
    lines = await chat.stream(input="hello", thread_id=thread_id)
    assert lines[0]["content"]["thread_id"] == thread_id
    assert (await chat.stream(input="hello", thread_id="my-own_1"))[0]["content"]["thread_id"] == "my-own_1"


@pytest.mark.parametrize("route", OF_A_THREAD)
async def test_unknown_threads_are_not_found(chat: Chat, route: str) -> None:
    response = await chat.post(route, **given(route, "u" * 32))
    assert (response.status_code, response.json()) == (404, {"detail": "Thread not found."})
    assert (await chat.post(route)).status_code == 422
    if route not in POST_ONLY:
        response = await chat.get(route, **given(route, "u" * 32))
        assert (response.status_code, response.json()) == (404, {"detail": "Thread not found."})


@pytest.mark.parametrize("route", [*OF_A_THREAD, "streamresponse"])
async def test_foreign_threads_look_like_unknown_ones(chat: Chat, route: str) -> None:
    lines = await chat.stream(input="hello")
    thread_id = lines[0]["content"]["thread_id"]
    assert (await chat.post("getthread", thread_id=thread_id)).status_code == 200
    chat.app.owner = "bob"
    foreign = await chat.post(route, **{**given(route), NEEDS_THREAD[route]: thread_id})
    assert (foreign.status_code, foreign.json()) == (404, {"detail": "Thread not found."})
    assert (await chat.get("getuserthreads")).json() == [[], 0]
    chat.app.owner = "alice"
    listing, total = (await chat.get("getuserthreads", full="true")).json()
    assert (total, listing[0]["topic"]) == (1, "hello")
    assert "feedback" not in str(listing)


async def test_a_foreign_running_thread_is_not_found_rather_than_busy(chat: Chat) -> None:
    async with chat.reading("streamresponse", input="stuck") as lines:
        thread_id = (await anext(lines))["content"]["thread_id"]
        chat.app.owner = "bob"
        assert (await chat.post("streamresponse", input="hello", thread_id=thread_id)).status_code == 404
        assert (await chat.post("stop", thread_id=thread_id)).status_code == 404
        chat.app.owner = "alice"
        assert (await chat.post("stop", thread_id=thread_id)).status_code == 200


async def test_the_owner_is_the_same_for_every_request_and_login(chat: Chat) -> None:
    await chat.stream(input="hello")
    for _ in range(3):
        async with httpx.AsyncClient(headers=chat.headers, trust_env=False) as fresh:
            assert (await fresh.get(f"{chat.url}/getuserthreads")).json()[1] == 1


async def test_pages_of_threads(chat: Chat) -> None:
    for number in range(3):
        await chat.stream(input=f"hello {number}", thread_id=f"thread-{number}")
    listing, total = (await chat.get("getuserthreads", num_threads=2, page=1)).json()
    assert (total, [entry["thread_id"] for entry in listing]) == (3, ["thread-0"])
    assert listing[0]["content"] == []
    full = (await chat.get("getuserthreads", num_threads=1, full="true")).json()[0][0]["content"]
    assert full[0]["content"] == "hello 2"
    for bad in ({"num_threads": 0}, {"num_threads": 101}, {"page": -1}, {"page": "x"}):
        assert (await chat.send("GET", "getuserthreads", bad)).status_code == 422


async def test_the_catalogue_in_order_without_embedders(chat: Chat) -> None:
    assert (await chat.get("availablechatbots")).json() == ["first", "second"]
    settings = (await chat.post("settings")).json()
    assert [model["name"] for model in settings["models"]] == ["first", "second"]
    assert (settings["default"], settings["advice"]) == ("first", "")


async def test_an_unreadable_catalogue_is_said(chat: Chat, catalogue: Path) -> None:
    for content in ("a: [", "model_list: []", "- 5"):
        catalogue.write_text(content)
        response = await chat.get("availablechatbots")
        assert response.status_code == 500
        assert str(catalogue.parent) not in response.json()["detail"]
        assert len(response.json()["detail"]) > 20


# ---- the gate


async def logged_in(chat: Chat) -> httpx.AsyncClient:
    browser = httpx.AsyncClient(trust_env=False, timeout=30)
    root = chat.url.removesuffix("/api/chatbot")
    token = chat.headers["Authorization"].split()[1]
    await browser.get(f"{root}/login", params={"token": token}, follow_redirects=True)
    assert "_xsrf" in browser.cookies
    return browser


@pytest.mark.parametrize("route", BY_BOTH)
async def test_gets_that_change_state(chat: Chat, route: str) -> None:
    thread_id = (await chat.stream(input="hello"))[0]["content"]["thread_id"]
    browser = await logged_in(chat)
    address, query = f"{chat.url}/{route}", given(route, thread_id)
    xsrf = browser.cookies["_xsrf"]
    host = chat.url.split("/")[2]
    token = chat.headers["Authorization"].split()[1]
    rows: list[tuple[dict[str, Any], dict[str, str], int]] = [
        ({}, {}, 403),
        ({}, {"Referer": f"http://{host}/lab"}, 403),
        ({}, {"Authorization": "Bearer wrong"}, 403),
        ({}, {"Sec-Fetch-Site": "same-origin"}, 403),
        ({}, {"Sec-Fetch-Site": "none"}, 403),
        ({"_xsrf": "forged"}, {"X-XSRFToken": "forged"}, 403),
        ({"token": token}, {}, 403),
        ({"_xsrf": xsrf}, {"Sec-Fetch-Site": "cross-site"}, 403),
        ({"_xsrf": xsrf}, {}, 200),
        ({}, {"X-XSRFToken": xsrf}, 200),
        ({}, {"Authorization": f"token {token}"}, 200),
        ({}, {"Authorization": f"Bearer {token}", "Sec-Fetch-Site": "cross-site"}, 200),
    ]
    for more, headers, status in rows:
        await chat.stream(input="hello", thread_id=thread_id)  # what is deleted comes back
        response = await browser.get(address, params={**query, **more}, headers=headers)
        assert response.status_code == status, (more, headers)
    await browser.aclose()


@pytest.mark.parametrize("route", BY_BOTH)
async def test_posts_by_cookie_are_json_with_a_token(chat: Chat, route: str) -> None:
    thread_id = (await chat.stream(input="hello"))[0]["content"]["thread_id"]
    browser = await logged_in(chat)
    body = json.dumps(given(route, thread_id))
    xsrf = {"X-XSRFToken": browser.cookies["_xsrf"]}
    rows = [
        ({"Content-Type": "application/json"}, 403),
        ({"Content-Type": "text/plain", **xsrf}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded", **xsrf}, 415),
        ({"Content-Type": "application/json", "Origin": "http://evil.example", **xsrf}, 404),
        ({"Content-Type": "application/json", **xsrf}, 200),
    ]
    for headers, status in rows:
        response = await browser.post(f"{chat.url}/{route}", content=body, headers=headers)
        assert response.status_code == status, headers
    token = {"token": chat.headers["Authorization"].split()[1]}
    async with httpx.AsyncClient(trust_env=False) as nobody:
        for sent in ({"data": token}, {"params": token, "json": {}}):  # a link or a form can carry an attacker's own
            assert (await nobody.post(f"{chat.url}/{route}", **sent)).status_code == 403
    chat.app.serverapp.web_app.settings["disable_check_xsrf"] = True
    response = await browser.post(f"{chat.url}/{route}", content=body, headers={"Content-Type": "text/plain"})
    assert response.status_code == 415
    assert (await browser.get(f"{chat.url}/{route}", params=given(route, thread_id))).status_code == 403
    await browser.aclose()


@pytest.mark.parametrize("route", STATE)
async def test_a_server_without_logins_takes_nothing_unproved(chat: Chat, route: str, jp_serverapp: Any) -> None:
    """There is no cookie and no token there, so each request looks alike; the XSRF token alone tells."""
    jp_serverapp.identity_provider.token = ""
    browser = httpx.AsyncClient(trust_env=False, timeout=30)
    root = chat.url.removesuffix("/api/chatbot")
    await browser.get(f"{root}/login", follow_redirects=True)
    xsrf = {"X-XSRFToken": browser.cookies["_xsrf"]}
    body, address = given(route, "t" * 32), f"{chat.url}/{route}"
    async with httpx.AsyncClient(trust_env=False) as nobody:
        for client, headers in ((nobody, {}), (browser, {}), (browser, {"Referer": f"{root}/lab"}), (nobody, xsrf)):
            refused = 405 if route in POST_ONLY else 403
            assert (await client.get(address, params=body, headers=headers)).status_code == refused
            assert (await client.post(address, json=body)).status_code == 403
    answer = await browser.post(address, json=body, headers=xsrf)
    assert answer.status_code not in (403, 415), answer.text
    await browser.aclose()


@pytest.mark.parametrize("settings", [{"allow_get_requests": False}])
async def test_gets_can_be_switched_off(chat: Chat) -> None:
    assert (await chat.get("streamresponse", input="hello")).status_code == 405
    assert (await chat.stream(input="hello"))[-1]["content"] == "Finished."
    assert (await chat.get("getuserthreads")).status_code == 200


async def test_each_route_asks_for_the_same_right_by_get_and_post(chat: Chat, jp_serverapp: Any) -> None:
    asked: list[tuple[str, str, str, str]] = []

    def record(handler: Any, user: Any, action: str, resource: str) -> bool:
        route = handler.request.path.rstrip("/").rpartition("/")[2]
        asked.append((route, handler.request.method, action, resource))
        return False

    jp_serverapp.authorizer.is_authorized = record
    for methods in (("GET", "POST"), ("POST", "GET")):
        for route in ROUTES:
            for method in methods:
                response = await chat.send(method, route, given(route))
                refused = 405 if route in POST_ONLY and method == "GET" else 403
                assert response.status_code == (200 if route in OPEN else refused)
    rights = {(route, action, resource) for route, _, action, resource in asked}
    assert rights == {
        ("availablechatbots", "read", "frevagpt"),
        ("settings", "read", "frevagpt"),
        ("health", "read", "frevagpt"),
        ("newthread", "write", "frevagpt"),
        ("streamresponse", "execute", "kernels"),
        ("rerun", "execute", "kernels"),
        ("undo", "execute", "kernels"),
        ("variables", "execute", "kernels"),
        ("output", "read", "frevagpt"),
        ("follow", "read", "frevagpt"),
        ("stop", "execute", "kernels"),
        ("approve", "execute", "kernels"),
        ("toolresult", "execute", "kernels"),
        ("getthread", "read", "frevagpt"),
        ("getuserthreads", "read", "frevagpt"),
        ("searchthreads", "read", "frevagpt"),
        ("setthreadtopic", "write", "frevagpt"),
        ("deletethread", "write", "frevagpt"),
        ("editthread", "write", "frevagpt"),
        ("userfeedback", "write", "frevagpt"),
        ("importthread", "write", "frevagpt"),
        ("deleteall", "write", "frevagpt"),
        ("resources", "read", "frevagpt"),
        ("indexresources", "write", "frevagpt"),
        ("removeresource", "write", "frevagpt"),
        ("diagnostics", "read", "frevagpt"),
        ("files", "read", "frevagpt"),
    }
    assert len(asked) == sum(2 if name in POST_ONLY else 4 for name in ROUTES if name not in OPEN)


async def test_questions_are_in_no_log(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    canary = secrets.token_hex(12)
    caplog.set_level(logging.DEBUG)
    await chat.get("streamresponse", input=f"hello {canary}")
    await chat.get("streamresponse", input=canary, chatbot="nobody")
    await chat.get("getthread", thread_id=canary * 9)
    await chat.post("streamresponse", input=f"unscripted {canary}")
    for send in (chat.get, chat.post):
        assert (await send("searchthreads", query=canary)).status_code == 200
        assert (await send("searchthreads", query=f"{canary}", page=canary)).status_code == 422
        assert (await send("setthreadtopic", thread_id="t" * 32, topic=canary)).status_code == 404
        assert (await send("help", endpoint=canary)).status_code == 422
    for name in ("input", "query", "topic"):  # no route of ours: the server itself logs its address, and the page's
        assert (await chat.get("streamrespons", **{name: canary})).status_code == 404
        headers = {**chat.headers, "Referer": f"{chat.url}/streamresponse?{name}={canary}"}
        assert (await chat.client.get(f"{chat.url}/streamrespons", headers=headers)).status_code == 404
    await asyncio.sleep(0.1)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert ours
    assert not any(canary in message for message in ours)
