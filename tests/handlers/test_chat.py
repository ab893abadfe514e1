"""Ask, follow, stop over HTTP (contract 1 to 10, 17, 25, 26, 28; decisions 4, 5, 7, 11)."""

from __future__ import annotations

import asyncio
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from ..scripted import Scripted
from .conftest import SLOW, STUCK, TEXT, Chat, code_rules, hints, joined

RUN = code_rules("sum", "print(sum(temps))")


@pytest.fixture
def rules() -> list[dict[str, Any]]:
    plot = "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt\n%matplotlib inline\n"
    two_figures = plot + "for i in range(2):\n    plt.figure(); plt.plot([1, i]); plt.show()"
    return [
        TEXT,
        SLOW,
        STUCK,
        *RUN,
        *code_rules("figures", two_figures),
        *code_rules("own", "import os\nn = globals().get('n', 0) + 1\nprint(n, os.getcwd(), os.environ['THREAD_ID'])"),
        *code_rules("wait", "import time\nprint('begun', flush=True)\ntime.sleep(60)"),
        *code_rules("fail", "1 / 0"),
        *code_rules("big", "print('{' + 'x' * 30000 + '}')"),
        *code_rules("secret", "import os; print(sorted(k for k in os.environ if 'FREVAGPT' in k))"),
    ]


async def start_kernel(chat: Chat) -> str:
    return str(await chat.app.serverapp.kernel_manager.start_kernel())


async def run_as_user(chat: Chat, kernel_id: str, code: str) -> None:
    client = chat.app.serverapp.kernel_manager.get_kernel(kernel_id).client()
    client.session.session = "the user"
    client.start_channels()
    await client.wait_for_ready()
    reply = await client.execute_interactive(code, store_history=True, output_hook=lambda _: None)
    assert reply["content"]["status"] == "ok"
    client.stop_channels()


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_text_streams_and_is_kept(chat: Chat, method: str) -> None:
    response = await chat.send(method, "streamresponse", {"input": "hello", "chatbot": "second"})
    assert response.headers["X-Accel-Buffering"] == "no"
    assert response.headers["Cache-Control"] == "no-cache, no-transform"
    lines = [json.loads(line) for line in response.text.splitlines()]
    thread_id = lines[0]["content"]["thread_id"]
    assert (len(thread_id), lines[0]["content"]["running"]) == (32, True)
    assert joined(lines, "Assistant") == "Good day, 14 °C today."
    assert len([line for line in lines if line["variant"] == "Assistant"]) > 3
    assert lines[-1] == {"variant": "StreamEnd", "content": "Finished."}
    thread = (await chat.get("getthread", thread_id=thread_id)).json()
    assert thread[0] == {"variant": "User", "content": "hello", "model": "second"}
    assert {"variant": "Assistant", "content": "Good day, 14 °C today."} in thread


async def test_code_runs_in_the_named_kernel(chat: Chat, service: Scripted) -> None:
    temps = [random.uniform(-20, 30) for _ in range(3)]
    kernel_id = await start_kernel(chat)
    await run_as_user(chat, kernel_id, f"temps = {temps!r}")
    lines = await chat.stream(input="sum of temps", kernel_id=kernel_id)
    assert json.loads(joined(lines, "Code")) == {"code": "print(sum(temps))"}
    assert joined(lines, "CodeOutput") == f"{sum(temps)}\n"
    assert joined(lines, "Assistant") == "I look. Done."
    tool = service.requests()[-1]["body"]["messages"][-1]
    assert (tool["role"], tool["content"]) == ("tool", f"{sum(temps)}\n")
    question = (await chat.get("getthread", thread_id=lines[0]["content"]["thread_id"])).json()[0]
    assert question["kernel_id"] == kernel_id


async def test_figures_are_images_with_something_between(chat: Chat) -> None:
    lines = await chat.stream(input="two figures", kernel_id=await start_kernel(chat))
    thread = (await chat.get("getthread", thread_id=lines[0]["content"]["thread_id"])).json()
    images = [item for item in thread if item["variant"] == "Image"]
    call_id = next(item["id"] for item in thread if item["variant"] == "Code")
    assert [image["id"] for image in images] == [f"{call_id}_0", f"{call_id}_1"]
    assert all(image["content"].startswith("iVBOR") for image in images)
    for image in images:
        pieces = [line["content"] for line in lines if line["variant"] == "Image" and line["id"] == image["id"]]
        assert "".join(pieces) == image["content"]
        assert all(len(piece) <= 8192 for piece in pieces)


async def test_rich_readers_get_outputs_states_and_live_text(chat: Chat) -> None:
    lines = await chat.stream(input="two figures", kernel_id=await start_kernel(chat), rich=True)
    output = next(line for line in lines if line["variant"] == "CodeOutput")
    pointers = [shown["metadata"]["frevagpt"]["image"] for shown in output["display"] if "metadata" in shown]
    assert pointers == [line["id"] for line in lines if line["variant"] == "Image"]
    states = [run["state"] for run in hints(lines, "run")]
    assert states == ["running", "done"]


async def test_a_thread_without_kernel_gets_one_of_its_own_and_keeps_it(chat: Chat, tmp_path: Path) -> None:
    first = await chat.stream(input="own kernel", rich=True)
    thread_id = first[0]["content"]["thread_id"]
    states = [run["state"] for run in hints(first, "run")]
    assert states == ["starting", "running", "done"]
    second = await chat.stream(input="own kernel", thread_id=thread_id)
    number, cwd, named = joined(second, "CodeOutput").split()
    assert (number, named) == ("2", thread_id)
    assert Path(cwd).parent.name == "scratch"
    assert Path(cwd).is_relative_to(tmp_path / "frevagpt")


async def test_a_traceback_reaches_model_and_client(chat: Chat, service: Scripted) -> None:
    lines = await chat.stream(input="fail please", kernel_id=await start_kernel(chat))
    assert "ZeroDivisionError: division by zero" in joined(lines, "CodeOutput")
    assert "ZeroDivisionError" in service.requests()[-1]["body"]["messages"][-1]["content"]


async def test_long_output_comes_in_slices_and_is_cut_for_the_model(chat: Chat, service: Scripted) -> None:
    lines = await chat.stream(input="big output", kernel_id=await start_kernel(chat))
    assert joined(lines, "CodeOutput") == "{" + "x" * 30000 + "}\n"
    assert any("30003" in str(line["content"]) for line in lines if line["variant"] == "ServerHint")
    assert len(service.requests()[-1]["body"]["messages"][-1]["content"]) < 20_200


async def test_a_closed_connection_ends_no_turn_and_any_number_may_follow(chat: Chat) -> None:
    async with chat.reading("streamresponse", input="slow", rich=True) as lines:
        thread_id = (await anext(lines))["content"]["thread_id"]
        seen = [await anext(lines), await anext(lines)]
    given = {"thread_id": thread_id, "from": 2, "rich": True}
    rest = await asyncio.gather(*(chat.stream("follow", **given) for _ in range(5)))
    for lines_of_one in rest:
        hint = {"thread_id": thread_id, "running": True, "topic": "slow", "question": "slow", "model": "first"}
        assert lines_of_one[0]["content"] == hint
        assert joined([*seen, *lines_of_one], "Assistant") == "one two three four"
        assert lines_of_one[-1]["variant"] == "StreamEnd"
    late = await chat.stream("follow", thread_id=thread_id)
    assert late[0]["content"] == {"thread_id": thread_id, "running": False}
    await chat.post("setthreadtopic", thread_id=thread_id, topic="renamed")
    assert (await chat.stream("follow", thread_id=thread_id, rich=True))[0]["content"]["topic"] == "renamed"
    assert joined(late, "Assistant") == "one two three four"


async def test_plain_followers_count_the_lines_they_get(chat: Chat) -> None:
    lines = await chat.stream(input="big output", kernel_id=await start_kernel(chat))
    thread_id = lines[0]["content"]["thread_id"]
    counted = [line for line in lines[1:] if not hints([line], "memory")]
    for start in (0, 3, 7, len(counted) - 1):
        assert (await chat.stream("follow", thread_id=thread_id, **{"from": start}))[1:] == counted[start:]


@pytest.mark.parametrize("question", ["stuck", "wait"])
async def test_stop_ends_within_a_second(chat: Chat, question: str) -> None:
    async with chat.reading("streamresponse", input=question, rich=True) as lines:
        thread_id = (await anext(lines))["content"]["thread_id"]
        async for line in lines:
            if line["content"] == "so" or hints([line], "output"):
                break
        began = time.monotonic()
        stopped = await chat.post("stop", thread_id=thread_id)
        rest = [line async for line in lines]
    assert time.monotonic() - began < 1.0
    assert stopped.json() == {"detail": "Conversation stopped."}
    assert rest[-1] == {"variant": "StreamEnd", "content": "Stopped."}
    if question == "wait":
        output = next(line for line in rest if line["variant"] == "CodeOutput")
        assert output["content"].startswith("begun\n")
        assert "KeyboardInterrupt" in output["content"]
    thread = (await chat.get("getthread", thread_id=thread_id)).json()
    assert thread[-1]["content"] == "Stopped."
    assert (await chat.post("stop", thread_id=thread_id)).status_code == 200


async def test_a_running_thread_is_busy_and_marked(chat: Chat) -> None:
    async with chat.reading("streamresponse", input="stuck") as lines:
        thread_id = (await anext(lines))["content"]["thread_id"]
        await anext(lines)
        refused = await chat.post("streamresponse", input="hello", thread_id=thread_id)
        assert refused.status_code == 409
        assert "still answering" in refused.json()["detail"]
        listing, total = (await chat.get("getuserthreads")).json()
        assert (total, listing[0]["running"], listing[0]["topic"]) == (1, True, "stuck")
        finished = (await chat.get("getthread", thread_id=thread_id, finished="true")).json()
        assert finished == []
    await chat.post("stop", thread_id=thread_id)


async def test_heartbeats_come_in_silence_and_split_no_run(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_frevagpt.handlers.stream.HEARTBEAT_SECONDS", 0.1)
    async with chat.reading("streamresponse", input="stuck") as lines:
        thread_id = (await anext(lines))["content"]["thread_id"]
        seen = [await anext(lines)]
        while hints(seen, "memory"):  # before the first word they are hints
            seen = [await anext(lines)]
        seen += [await anext(lines) for _ in range(2)]
    assert seen == [{"variant": "Assistant", "content": piece} for piece in ("so", "", "")]
    await chat.post("stop", thread_id=thread_id)
    async with chat.reading("streamresponse", input="wait", kernel_id=await start_kernel(chat)) as lines:
        thread_id = (await anext(lines))["content"]["thread_id"]
        async for line in lines:
            if hints([line], "memory"):
                break
        expected = {"memory", "total_memory", "cpu_usage", "cpu_last_minute", "process_cpu", "process_memory"}
        assert line["content"].keys() == expected
        assert all(isinstance(value, int | float) for value in line["content"].values())
    await chat.post("stop", thread_id=thread_id)
    assert "memory" not in str((await chat.get("getthread", thread_id=thread_id)).json())


@pytest.mark.parametrize("strict", [True, False])
async def test_heartbeats_inside_code(
    chat: Chat, service: Scripted, monkeypatch: pytest.MonkeyPatch, strict: bool
) -> None:
    """An empty piece of the same Code; strict readers, one of whom fails on it, get a line without anything."""
    monkeypatch.setattr("jupyter_frevagpt.handlers.stream.HEARTBEAT_SECONDS", 0.1)
    call = {"name": "code_interpreter", "arguments": {"code": "print(1)"}, "fragments": 3}
    service.set_script([{"reply": [{"call": call, "delay": 0.5}]}])
    given = {"input": "q", "strict": strict}
    code: list[str] = []
    async with chat.client.stream("POST", f"{chat.url}/streamresponse", headers=chat.headers, json=given) as response:
        lines = response.aiter_lines()
        thread_id = json.loads(await anext(lines))["content"]["thread_id"]
        async for line in lines:
            if code or '"Code"' in line:
                code.append(line)
            if '\\"}"' in line:
                break
    await chat.post("stop", thread_id=thread_id)
    pieces = [json.loads(line) for line in code if line]
    assert {piece["variant"] for piece in pieces} == {"Code"}
    assert json.loads("".join(piece["content"] for piece in pieces)) == {"code": "print(1)"}
    assert ("" in code) is strict
    assert any(not piece["content"] for piece in pieces) is not strict


async def test_unstored_threads_leave_nothing_on_disk(chat: Chat, tmp_path: Path) -> None:
    lines = await chat.stream(input="own kernel", store_thread=False)
    cwd = Path(joined(lines, "CodeOutput").split()[1])
    assert not cwd.is_relative_to(tmp_path / "frevagpt")
    assert not list((tmp_path / "frevagpt").rglob("*.txt"))
    assert (await chat.get("getuserthreads")).json() == [[], 0]
    again = await chat.stream(input="own kernel", thread_id=lines[0]["content"]["thread_id"], store_thread=False)
    assert joined(again, "CodeOutput").startswith("2 ")
    await chat.app.stop_extension()
    assert not cwd.exists()


async def test_our_keys_are_in_no_kernel(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    assert joined(await chat.stream(input="secret names"), "CodeOutput") == "[]\n"


async def test_a_kernel_that_is_gone_in_between_is_told_to_the_model(chat: Chat, service: Scripted) -> None:
    kernel_id = await start_kernel(chat)
    delayed = code_rules("late", "1")
    delayed[0]["reply"].insert(0, {"stall": 0.5})
    service.set_script(delayed)
    task = asyncio.create_task(chat.stream(input="late", kernel_id=kernel_id))
    await asyncio.sleep(0.2)
    await chat.app.serverapp.kernel_manager.shutdown_kernel(kernel_id, now=True)
    assert "kernel is gone" in joined(await task, "CodeOutput")


async def test_a_model_that_fails_gives_one_error_and_keeps_the_rest(chat: Chat, service: Scripted) -> None:
    service.set_script([{"reply": [{"text": "half"}, {"cut": True}]}])
    lines = await chat.stream(input="q")
    assert [line["variant"] for line in lines if line["variant"] != "ServerHint"] == [
        "Assistant", "OpenAIError", "StreamEnd",
    ]  # fmt: skip
    assert service.url not in str(lines)
    service.kill()
    lines = await chat.stream(input="q")
    assert lines[-2]["variant"] in ("OpenAIError", "ServerHint")
    assert any(line["variant"] == "OpenAIError" for line in lines)
    assert "127.0.0.1" not in str(lines)
