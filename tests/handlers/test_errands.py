"""What a page is asked to do: claimed once, by whom, and when nobody does it (decision 12)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from .conftest import Chat, kernel_of
from .page import DANGEROUS, Page, tool_rules


@pytest.fixture
def rules() -> list[dict[str, Any]]:
    run = ("run_cell", {"cell_id": "one", "hash": "h1"})
    return [*tool_rules("read it", ("read_notebook", {})), *tool_rules("run it", run)]


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"approval_policy": "ask-when-risky"}


async def test_nobody_claims_it(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_frevagpt.conversation.errands.UNCLAIMED_SECONDS", 0.3)
    page = Page(chat)
    page.before = _never
    lines = await page.ask("read it")
    assert page.told == "No notebook is open."
    assert lines[-1]["content"] == "Finished."
    late = await page.post(page.asked[0], "claim")
    assert late.status_code == 404
    assert "Nobody waits" in late.json()["detail"]


async def _never(request: dict[str, Any]) -> bool:
    return False


async def test_the_first_claim_wins_and_nothing_is_done_twice(chat: Chat) -> None:
    page, other = Page(chat), Page(chat, client="other")

    async def race(request: dict[str, Any]) -> bool:
        other.thread_id = page.thread_id
        early = await page.post(request, "done", result={})
        assert early.status_code == 422
        claims = await asyncio.gather(*(one.post(request, "claim") for one in (page, other) for _ in range(5)))
        assert sorted(claim.status_code for claim in claims) == [200, *[409] * 9]
        winner, loser = (page, other) if 200 in [claim.status_code for claim in claims[:5]] else (other, page)
        for step in ("keep", "done"):
            assert (await loser.post(request, step, result={"trouble": "failed"})).status_code == 409
        assert (await winner.post(request, "keep")).status_code == 200
        answers = [await winner.post(request, "done", result={"notebook": f"{turn}.ipynb"}) for turn in range(2)]
        assert [answer.status_code for answer in answers] == [200, 404]
        return False

    page.before = race
    await page.ask("read it")
    assert page.told == "0.ipynb: 0 cells, in order."


async def test_a_page_that_goes_away_is_told_as_lost(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_frevagpt.conversation.errands.LOST_SECONDS", 0.5)
    page = Page(chat)
    alive = 0.0

    async def leave(request: dict[str, Any]) -> bool:
        nonlocal alive
        assert (await page.post(request, "claim")).status_code == 200
        began = asyncio.get_running_loop().time()
        for _ in range(4):
            await asyncio.sleep(0.25)
            assert (await page.post(request, "keep")).status_code == 200
        alive = asyncio.get_running_loop().time() - began
        return False

    page.before = leave
    await page.ask("read it")
    assert alive > 0.9
    assert "went away" in page.told
    again = await page.post(page.asked[0], "done", result={"notebook": "late.ipynb"})
    assert again.status_code == 404


async def test_who_may_answer(chat: Chat) -> None:
    page = Page(chat)

    async def attack(request: dict[str, Any]) -> bool:
        given = {"thread_id": page.thread_id, "id": request["id"], "client": "page", "step": "claim"}
        assert (await chat.send("POST", "toolresult", given, headers={})).status_code == 403
        assert (await chat.send("GET", "toolresult", given)).status_code == 405
        for wrong, status in (
            ({"id": "guessed"}, 404), ({"thread_id": "x" * 32}, 404), ({"step": "look"}, 422), ({"client": ""}, 422),
            ({"step": "done", "result": {"trouble": "bored"}}, 422), ({"step": "done", "result": {"cells": [1]}}, 422),
        ):  # fmt: skip
            assert (await chat.post("toolresult", **{**given, **wrong})).status_code == status, wrong
        chat.app.owner = "bob"
        assert (await chat.post("toolresult", **given)).status_code == 404
        chat.app.owner = "alice"
        return True

    page.before = attack
    await page.ask("read it")
    assert page.told.startswith("map.ipynb: 1 cell")


async def test_it_is_named_for_the_page_that_followed_last(chat: Chat) -> None:
    asked: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    first, second = Page(chat, DANGEROUS), Page(chat, DANGEROUS, client="second")

    async def hold(approval: dict[str, Any]) -> None:
        asked.set_result(approval["id"])

    first._decide = hold  # type: ignore[method-assign]
    reading = asyncio.create_task(first.ask("run it", kernel_id=await kernel_of(chat)))
    approval_id = await asked
    second.thread_id = first.thread_id
    second.before = _never

    async def decide(approval: dict[str, Any]) -> None:
        await chat.post("approve", thread_id=first.thread_id, id=approval_id, decision="once")

    second._decide = decide  # type: ignore[method-assign]
    await second.ask("", route="follow", thread_id=first.thread_id)
    await reading
    assert [request["client"] for request in first.asked] == ["page", "second"]


async def test_stop_ends_the_wait_and_tells_the_page(chat: Chat) -> None:
    page = Page(chat)

    async def stop(request: dict[str, Any]) -> bool:
        if request["tool"] != "run_cell":
            return True
        assert (await page.post(request, "claim")).status_code == 200
        await chat.post("stop", thread_id=page.thread_id)
        assert (await page.post(request, "done", result={"notebook": "late"})).status_code == 404
        return False

    page.before = stop
    lines = await page.ask("run it", kernel_id=await kernel_of(chat))
    assert lines[-1]["content"] == "Stopped."
    assert page.tools == ["read_notebook", "run_cell", "stop"]
    assert page.asked[1]["id"] == page.asked[2]["id"]
