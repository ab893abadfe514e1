"""The gate on a real JupyterHub server: what links, images and other people's pages send changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ..handlers.test_requests import BY_BOTH, POST_ONLY, STATE, given
from .singleuser import SingleUser

NAVIGATE = {"Sec-Fetch-Mode": "navigate"}
IMAGE = {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "same-origin"}
FETCH = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def browser(alice: SingleUser) -> Iterator[httpx.Client]:
    with alice.browser() as made:
        yield made


@pytest.fixture(scope="module")
def thread(alice: SingleUser) -> str:
    return "gate"


def renew(alice: SingleUser, thread: str) -> None:
    """Make the thread, which a request that passed may have removed, with an answer to be rated."""
    with alice.client(alice.token) as client:
        assert alice.stream(client, input="hello", thread_id=thread)[-1]["content"] == "Finished."


def refused_gets(alice: SingleUser, xsrf: str) -> list[tuple[dict[str, str], dict[str, str]]]:
    """Query and headers of GETs with alice's cookies that are no proof, or none that counts."""
    return [
        ({}, {}),
        ({}, {"Referer": f"{alice.root}/lab"}),
        ({}, {"Authorization": "Bearer wrong"}),
        ({}, {"Sec-Fetch-Site": "same-origin"}),
        ({}, {**NAVIGATE, "Sec-Fetch-Site": "none"}),
        ({}, {**NAVIGATE, "Sec-Fetch-Site": "cross-site"}),
        ({}, {**NAVIGATE, "Sec-Fetch-Site": "same-origin"}),
        ({}, IMAGE),
        ({}, FETCH),
        ({"token": alice.token}, {}),
        ({"token": alice.token}, NAVIGATE),
        ({"token": alice.token}, {"Sec-Fetch-Mode": "websocket"}),
        ({"_xsrf": "abc"}, {"X-XSRFToken": "abc", **NAVIGATE}),
        ({"_xsrf": xsrf[:-4] + "AAAA"}, NAVIGATE),
        ({"_xsrf": xsrf}, {**NAVIGATE, "Sec-Fetch-Site": "cross-site"}),
        ({}, {**IMAGE, "Sec-Fetch-Site": "same-site", "X-XSRFToken": xsrf}),
    ]


def accepted_gets(alice: SingleUser, xsrf: str) -> list[tuple[dict[str, str], dict[str, str]]]:
    return [
        ({}, {"Authorization": f"token {alice.token}"}),
        ({}, {"Authorization": f"Bearer {alice.token}", **NAVIGATE, "Sec-Fetch-Site": "cross-site"}),
        ({}, {"X-XSRFToken": xsrf}),
        ({"_xsrf": xsrf}, NAVIGATE),
        ({}, {**FETCH, "X-XSRFToken": xsrf}),
    ]


@pytest.mark.parametrize("route", BY_BOTH)
def test_gets_that_change_state(alice: SingleUser, browser: httpx.Client, thread: str, route: str) -> None:
    xsrf = browser.cookies["_xsrf"]
    renew(alice, thread)
    for query, headers in refused_gets(alice, xsrf):
        answer = browser.get(f"{alice.url}/{route}", params={**given(route, thread), **query}, headers=headers)
        assert answer.status_code == 403, (query, headers, answer.text)
        assert set(answer.json()) == {"detail"}
    for query, headers in accepted_gets(alice, xsrf):
        renew(alice, thread)
        answer = browser.get(f"{alice.url}/{route}", params={**given(route, thread), **query}, headers=headers)
        assert answer.status_code == 200, (query, headers, answer.text)


def test_a_forged_cookie_is_no_proof(alice: SingleUser, browser: httpx.Client, thread: str) -> None:
    """Another user's page, on the hub's one origin, can set cookies; the hub's own check lets a navigation pass."""
    renew(alice, thread)
    cookies = {name: value for name, value in browser.cookies.items() if name != "_xsrf"}
    query = {"thread_id": thread}
    with httpx.Client(cookies={**cookies, "_xsrf": "abc"}, trust_env=False) as forged:
        for headers in (NAVIGATE, IMAGE, {}):
            assert forged.get(f"{alice.url}/getthread", params=query, headers=headers).status_code == 200
            answer = forged.get(
                f"{alice.url}/stop", params={**query, "_xsrf": "abc"}, headers={**headers, "X-XSRFToken": "abc"}
            )
            assert answer.status_code == 403


@pytest.mark.parametrize("route", STATE)
def test_posts_by_cookie_are_json_with_a_token(
    alice: SingleUser, browser: httpx.Client, thread: str, route: str
) -> None:
    renew(alice, thread)
    xsrf = {"X-XSRFToken": browser.cookies["_xsrf"]}
    body: dict[str, Any] = given(route, thread)
    url = f"{alice.url}/{route}"
    assert browser.post(url, json=body).status_code == 403
    assert browser.post(url, json=body, headers={"X-XSRFToken": "abc"}).status_code == 403
    assert browser.post(url, json=body, headers={**xsrf, "Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert browser.post(url, json=body, headers={**xsrf, "Origin": "http://evil.example"}).status_code in (403, 404)
    assert browser.post(url, json=body, params={"token": alice.token}, headers=xsrf).status_code == 403
    assert browser.post(url, data={"token": alice.token, **body}).status_code == 403
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = browser.post(url, content="{}", headers={"Content-Type": kind, **xsrf})
        assert answer.status_code == 415, answer.text
    passed = browser.post(url, json=body, headers=xsrf)
    assert passed.status_code == (200 if route not in POST_ONLY else passed.status_code), passed.text
    assert passed.status_code not in (403, 415), passed.text
    with alice.client(alice.token) as client:
        renew(alice, thread)
        assert client.post(url, json=body).status_code == passed.status_code


def test_without_a_login_and_with_a_token_of_nobodys(alice: SingleUser) -> None:
    for token in ("", "wrong", alice.hub.token("bob", scopes=["access:servers!server=bob/"])):
        with alice.client(token) as client:
            for route in ("getuserthreads", "settings", "streamresponse"):
                answer = client.post(f"{alice.url}/{route}", json=given(route))
                assert answer.status_code == 403, (token, route)
                assert set(answer.json()) == {"detail"}
            assert client.get(f"{alice.url}/ping").json() == {"status": "ok"}
