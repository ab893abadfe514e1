"""The open routes: what they say, that they need and leave nothing, and that no setting is in them; and health."""

from __future__ import annotations

import re
import secrets
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from jupyter_frevagpt.handlers.routes import ROUTES

from ..scripted import Scripted
from .conftest import Chat

CANARY = secrets.token_hex(8)


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    return {
        "owner": f"owner-{CANARY}",
        "freva_config": f"/etc/{CANARY}.conf",
        "data_dir": str(tmp_path / f"d-{CANARY}"),
    }


@pytest.mark.parametrize("route", ["ping", "help", "docs", "openapi.json"])
async def test_open_routes_leave_no_cookie_and_tell_no_setting(
    chat: Chat, route: str, catalogue: Path, service: Scripted
) -> None:
    first, again = [await chat.send("GET", route, headers={}) for _ in range(2)]
    assert first.status_code == 200
    assert "Set-Cookie" not in first.headers
    token = chat.headers["Authorization"].split()[1]
    for secret in (CANARY, str(catalogue), service.url, token, "second", chat.url):
        assert secret not in first.text
    nonces = re.compile(r'nonce="[^"]+"')
    assert nonces.sub("", first.text) == nonces.sub("", again.text)


async def test_help_tells_of_all_or_of_one(chat: Chat) -> None:
    texts = (await chat.send("GET", "help", headers={})).json()
    assert list(texts) == list(ROUTES)
    assert "thread_id (required)" in texts["stop"]
    assert "no login" in texts["ping"]
    assert "default 20" in texts["getuserthreads"]
    assert (await chat.send("GET", "help", {"endpoint": "stop"}, headers={})).json() == texts["stop"]
    assert (await chat.post("help", endpoint="stop")).json() == texts["stop"]
    unknown = await chat.send("GET", "help", {"endpoint": "<script>alert(1)</script>"}, headers={})
    assert unknown.status_code == 422
    assert unknown.headers["Content-Type"].startswith("application/json")
    assert "script" not in unknown.text


class Page(HTMLParser):
    """Gathers what a page would load, and its sections."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.marked: list[str | None] = []
        self.sections: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.loaded += [str(given[name]) for name in ("src", "action", "data", "srcset") if name in given]
        assert not [name for name in given if name.startswith("on") or name == "style"]
        if tag in ("style", "script"):
            self.marked.append(given.get("nonce"))
        if tag == "link":
            self.loaded.append(str(given.get("href")))
        if tag == "section":
            self.sections.append(given.get("id"))


async def test_the_page_needs_nothing_from_elsewhere(chat: Chat) -> None:
    first, again = [await chat.send("GET", "docs", headers={}) for _ in range(2)]
    assert first.headers["Content-Type"] == "text/html; charset=utf-8"
    page = Page(first.text)
    assert page.loaded == []
    assert page.sections == list(ROUTES)
    (nonce,) = set(page.marked)
    assert nonce
    policy = dict(part.strip().split(" ", 1) for part in first.headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": f"'nonce-{nonce}'",
        "script-src": f"'nonce-{nonce}'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert Page(again.text).marked[0] != nonce


async def test_health_is_told_to_those_who_log_in(chat: Chat, catalogue: Path, tmp_path: Path) -> None:
    assert (await chat.send("GET", "health", headers={})).status_code == 403
    assert (await chat.get("health")).json() == {"models": 2, "status": "ok"}
    catalogue.write_text("a: [")
    broken = await chat.get("health")
    assert (broken.status_code, list(broken.json())) == (500, ["detail"])
    assert str(tmp_path) not in broken.text
