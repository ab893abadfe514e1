"""What a person may choose and what the site decided, their data and the site's record (decision 35, security 54)."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from jupyter_frevagpt.threads.folders import owner_key

from ..scripted import Scripted
from .conftest import SLOW, TEXT, Chat, code_rules, hints, joined
from .page import Page, tool_rules
from .test_variables import kernel_with

RISKY = "import os\nos.remove('no-such-file')"


@pytest.fixture
def rules() -> list[dict[str, Any]]:
    run = tool_rules("run it", ("run_cell", {"cell_id": "one", "hash": "h1"}))
    return [TEXT, SLOW, *run, *code_rules("count", "x = 6 * 7\nprint(x)"), *code_rules("delete", RISKY)]


def bodies(service: Scripted) -> list[dict[str, Any]]:
    return [request["body"] for request in service.requests()]


def told(service: Scripted) -> str:
    """Return all that the last request told the model."""
    return json.dumps(bodies(service)[-1]["messages"])


# ---- policy


async def test_the_site_is_told_of_and_where_models_are_asked(chat: Chat, service: Scripted) -> None:
    told = (await chat.get("settings")).json()
    assert told["site"] == {"policy": "run", "scratch_policy": "run", "variables": "values", "fixed": []}
    assert [(model["host"], model["local"]) for model in told["models"]] == [("127.0.0.1", True)] * 2
    assert service.base not in json.dumps(told)


@pytest.mark.parametrize("settings", [{"approval_policy": "ask", "send_variables": False}])
async def test_a_looser_policy_than_the_sites_is_refused_on_each_request(chat: Chat, service: Scripted) -> None:
    site = (await chat.get("settings")).json()["site"]
    assert (site["policy"], site["variables"], site["fixed"]) == ("ask", "nothing", ["variables"])
    for looser in ("run", "ask-when-risky"):
        for method in ("GET", "POST"):
            response = await chat.send(method, "streamresponse", {"input": "hello", "policy": looser})
            assert response.status_code == 403
            assert "more careful" in response.json()["detail"]
    assert bodies(service) == []
    assert (await chat.get("getuserthreads")).json() == [[], 0]
    kernel = await kernel_with(chat, "x = 1")
    for same in ({}, {"policy": "ask"}):  # the control
        lines = await chat.stream(input="count", kernel_id=kernel, rich=True, **same)
        assert "user's leave" in joined(lines, "CodeOutput")
    suggested = await chat.stream(input="count", kernel_id=kernel, rich=True, policy="suggest")
    assert "only suggest" in joined(suggested, "CodeOutput")
    thread = hints(suggested, "thread_id")[0]
    response = await chat.post("rerun", thread_id=thread, policy="run")
    assert response.status_code == 403
    assert (await chat.post("streamresponse", input="hello", policy="never")).status_code == 422


async def test_a_person_may_want_more_care_than_the_site(chat: Chat) -> None:
    kernel = await kernel_with(chat, "x = 1")
    assert joined(await chat.stream(input="count", kernel_id=kernel), "CodeOutput") == "42\n"
    for where in ({"kernel_id": kernel}, {}):  # a kernel of the thread's own counts too
        lines = await chat.stream(input="count", policy="ask", **where)
        assert "user's leave" in joined(lines, "CodeOutput")
    lines = await chat.stream(input="delete", policy="ask-when-risky", kernel_id=kernel)
    assert "user's leave" in joined(lines, "CodeOutput")
    assert joined(await chat.stream(input="count", policy="ask-when-risky", kernel_id=kernel), "CodeOutput") == "42\n"


# ---- what of variables is sent


async def test_what_a_person_lets_be_sent_of_variables(chat: Chat, service: Scripted) -> None:
    number = secrets.randbelow(10**9) + 10**9
    kernel = await kernel_with(chat, f"station_height = {number}")

    async def asked(**given: Any) -> tuple[str, set[str], dict[str, Any]]:
        lines = await chat.stream(input="hello", kernel_id=kernel, rich=True, **given)
        tools = {tool["function"]["name"] for tool in bodies(service)[-1]["tools"]}
        return told(service), tools, hints(lines, "usage")[0]["sent"]

    text, tools, sent = await asked()
    assert f"station_height: int = {number}" in text
    assert "inspect_variable" in tools
    assert "station_height" in sent["names"].split(", ")
    text, tools, sent = await asked(variables="names")
    assert "station_height: int" in text
    assert str(number) not in text
    assert "inspect_variable" not in tools
    assert "station_height" in sent["names"].split(", ")
    text, tools, sent = await asked(variables="nothing")
    assert "station_height" not in text
    assert "inspect_variable" not in tools
    assert (sent["variables"], sent["names"]) == (0, "")
    chip = {"kind": "variable", "name": "station_height"}
    refused = await chat.post("streamresponse", input="hello", kernel_id=kernel, variables="names", context=[chip])
    assert refused.status_code == 422
    assert "values of variables" in refused.json()["detail"]
    lines = await chat.stream(input="hello", kernel_id=kernel, rich=True, context=[chip])  # the control
    assert hints(lines, "usage")[0]["sent"]["chips"] == 1


async def test_what_was_sent_is_counted_and_kept(chat: Chat) -> None:
    lines = await chat.stream(input="count", rich=True)
    thread = hints(lines, "thread_id")[0]
    sent = hints(lines, "usage")[0]["sent"]
    assert (sent["requests"], sent["outputs"], sent["questions"]) == (2, 1, 1)
    again = hints(await chat.stream(input="hello", thread_id=thread, rich=True), "usage")[0]["sent"]
    assert (again["requests"], again["outputs"], again["questions"]) == (1, 1, 2)
    kept = (await chat.get("getthread", thread_id=thread, rich=True)).json()
    assert [one["sent"] for one in hints(kept, "usage")] == [sent, again]


@pytest.mark.parametrize("info", [{"input_cost_per_token": 2e-6, "output_cost_per_token": 4e-6}])
async def test_prices_of_the_catalogue_are_told(chat: Chat, catalogue: Path, info: dict[str, float]) -> None:
    entries = json.loads(catalogue.read_text())
    entries["model_list"][0]["model_info"] = info
    entries["model_list"][1]["litellm_params"]["api_base"] = "https://someone:secret@models.example.org:8443/v1"
    catalogue.write_text(json.dumps(entries))
    response = await chat.get("settings")
    first, second = response.json()["models"]
    assert (first["input_cost"], first["output_cost"]) == (2e-6, 4e-6)
    assert (second["host"], second["local"], second["input_cost"]) == ("models.example.org", False, None)
    assert "secret" not in response.text


# ---- the caller's data


def folder_of(tmp_path: Path, owner: str = "alice") -> Path:
    return tmp_path / "frevagpt" / owner_key(owner)


async def test_all_data_of_the_caller_goes_and_nothing_of_others(chat: Chat, tmp_path: Path) -> None:
    await chat.stream(input="count")
    await chat.stream(input="hello")
    unstored = hints(await chat.stream(input="hello", store_thread=False), "thread_id")[0]
    chat.app.owner = "bob"
    theirs = hints(await chat.stream(input="hello"), "thread_id")[0]
    chat.app.owner = "alice"
    assert list(folder_of(tmp_path).glob("threads/*")) != []
    assert list(folder_of(tmp_path).glob("scratch/*")) != []
    for wrong in ({}, {"confirm": "yes"}, {"confirm": "DELETE"}):
        assert (await chat.post("deleteall", **wrong)).status_code == 422
    assert (await chat.send("GET", "deleteall", {"confirm": "delete"})).status_code == 405
    chat.client.cookies.clear()
    assert (await chat.send("POST", "deleteall", {"confirm": "delete"}, headers={})).status_code == 403
    assert (await chat.get("getuserthreads")).json()[1] == 2
    async with chat.reading("streamresponse", input="slow") as lines:
        running = (await anext(lines))["content"]["thread_id"]
        answer = (await chat.post("deleteall", confirm="delete")).json()
        assert answer["threads"] == 4
        assert [line async for line in lines][-1]["variant"] == "StreamEnd"
    assert not folder_of(tmp_path).exists()
    assert (await chat.get("getuserthreads")).json() == [[], 0]
    for thread in (running, unstored):
        assert (await chat.get("getthread", thread_id=thread)).status_code == 404
    chat.app.owner = "bob"
    assert (await chat.get("getthread", thread_id=theirs)).status_code == 200
    assert (await chat.post("deleteall", confirm="delete")).json()["threads"] == 1
    assert (await chat.post("deleteall", confirm="delete")).json()["threads"] == 0


@pytest.mark.parametrize("settings", [{"freva_config": "/canary/config", "title_model": "canary-model"}])
async def test_the_bundle_for_who_helps_holds_no_content(chat: Chat, service: Scripted, tmp_path: Path) -> None:
    canary = f"hello {secrets.token_hex(8)}"
    await chat.stream(input=canary)
    await chat.stream(input="nobody has scripted this")
    chat.client.cookies.clear()
    assert (await chat.send("GET", "diagnostics", headers={})).status_code == 403
    response = await chat.get("diagnostics")
    bundle = response.json()
    assert "attachment" in response.headers["Content-Disposition"]
    assert bundle["counts"] == {"threads": 2, "models": 2}
    assert {"approval_policy", "catalogue", "freva_config"} <= set(bundle["settings"])
    assert bundle["versions"]["jupyter-frevagpt"]
    assert bundle["versions"]["python"]
    chat.app.owner = "bob"
    assert (await chat.get("diagnostics")).json()["counts"]["threads"] == 0
    assert ("ModelFailed", "jupyter_frevagpt.turn") in [(one["kind"], one["part"]) for one in bundle["failures"]]
    host, _, port = service.base.split("/")[2].partition(":")
    for hidden in (
        canary,
        "canary",
        "nobody has",
        str(tmp_path),
        host,
        port,
        "alice",
        chat.headers["Authorization"][6:],
    ):
        assert hidden not in response.text


@pytest.mark.parametrize("settings", [{"off_for": ["bob"]}])
async def test_a_site_can_switch_it_off_for_some(chat: Chat) -> None:
    assert (await chat.get("settings")).status_code == 200
    chat.app.owner = "bob"
    for route in ("settings", "getuserthreads", "diagnostics"):
        response = await chat.get(route)
        assert response.status_code == 403
        assert "switched off" in response.json()["detail"]


# ---- the site's record and its retention


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    return tmp_path / "record" / "audit.jsonl"


class TestAudit:
    """Code that runs, written down before it does."""

    @pytest.fixture
    def settings(self, audit: Path) -> dict[str, Any]:
        audit.parent.mkdir()
        return {"audit_file": str(audit)}

    async def test_each_run_is_in_it(self, chat: Chat, audit: Path) -> None:
        before = os.umask(0)
        try:
            thread = hints(await chat.stream(input="count"), "thread_id")[0]
        finally:
            os.umask(before)
        kernel = await kernel_with(chat, "pass")
        await chat.stream(input="delete", kernel_id=kernel)
        await chat.stream(input="delete", kernel_id=kernel, policy="ask")  # does not run
        first, second = map(json.loads, audit.read_text().splitlines())
        assert stat.S_IMODE(audit.stat().st_mode) == 0o600
        code = "x = 6 * 7\nprint(x)"
        assert (first["owner"], first["thread_id"], first["code"]) == ("alice", thread, code)
        assert first["sha256"] == hashlib.sha256(code.encode()).hexdigest()
        assert (second["kernel_id"], second["code"]) == (kernel, RISKY)
        assert first["date"] <= second["date"]
        assert first["kernel_id"] not in ("", kernel)

    async def test_a_cell_that_the_model_runs_is_in_it(self, chat: Chat, audit: Path) -> None:
        kernel = await kernel_with(chat, "pass")
        page = Page(chat, "6 * 7")
        await page.ask("run it", kernel_id=kernel, policy="suggest")
        assert not audit.exists()
        await page.ask("run it", kernel_id=kernel)
        assert "It ran." in page.told
        (line,) = map(json.loads, audit.read_text().splitlines())
        assert (line["owner"], line["kernel_id"], line["code"]) == ("alice", kernel, "6 * 7")

    async def test_nothing_runs_that_cannot_be_recorded(self, chat: Chat, audit: Path) -> None:
        audit.mkdir()
        lines = await chat.stream(input="count")
        assert "record" in joined(lines, "CodeOutput")
        assert "42" not in joined(lines, "CodeOutput")
        assert str(audit) not in json.dumps(lines)


class TestRetention:
    """Threads that nobody asked for long."""

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"retention_days": 30.0}

    @pytest.fixture
    def old(self, tmp_path: Path) -> dict[str, Path]:
        """Make threads of two owners before the server starts, one of each older than is allowed."""
        found = {}
        for owner in ("alice", "bob"):
            folder = folder_of(tmp_path, owner) / "threads"
            folder.mkdir(parents=True)
            for name, days in (("old", 31), ("new", 29)):
                thread_id = f"{owner}{name}".ljust(32, "x")
                date = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - days * 86400))
                meta = folder / f"{thread_id}.meta.json"
                told = {"user_id": owner, "thread_id": thread_id, "date": date, "topic": "t", "format": 1}
                meta.write_text(json.dumps(told))
                (folder / f"{thread_id}.txt").write_text('{"variant":"User","content":"hello"}\n')
                moment = time.time() - days * 86400
                os.utime(meta, (moment, moment))
                found[f"{owner} {name}"] = meta
        return found

    async def test_old_threads_go_when_the_server_starts(self, old: dict[str, Path], chat: Chat) -> None:
        await chat.app._start_jupyter_server_extension(chat.app.serverapp)
        async with asyncio.timeout(20):
            while old["alice old"].exists() or old["bob old"].exists():
                await asyncio.sleep(0.05)
        assert old["alice new"].exists()
        assert old["bob new"].exists()
        assert [one["thread_id"][:8] for one in (await chat.get("getuserthreads")).json()[0]] == ["alicenew"]
