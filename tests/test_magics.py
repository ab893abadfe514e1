"""``%frevagpt`` in a real kernel, whose page is played by the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

Message = dict[str, Any]
_SECONDS = 60


@pytest.fixture(scope="module")
def kernel() -> Iterator[BlockingKernelClient]:
    manager, client = start_new_kernel(startup_timeout=_SECONDS)
    assert _run(client, "%load_ext jupyter_frevagpt")[0]["status"] == "ok"
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def _until(client: BlockingKernelClient, last: Callable[[Message], bool]) -> list[Message]:
    messages = []
    while True:
        messages.append(client.get_iopub_msg(timeout=_SECONDS))
        if last(messages[-1]):
            return messages


def _run(client: BlockingKernelClient, code: str) -> tuple[Message, list[Message]]:
    """Run a cell; returns the content of its reply and what came on iopub."""
    sent = client.execute(code)
    while (reply := client.get_shell_msg(timeout=_SECONDS))["parent_header"]["msg_id"] != sent:
        pass  # of a question whether it is there, asked when it started
    messages = _until(
        client,
        lambda one: (
            one["parent_header"].get("msg_id") == sent
            and one["msg_type"] == "status"
            and one["content"]["execution_state"] == "idle"
        ),
    )
    return reply["content"], [one for one in messages if one["parent_header"].get("msg_id") == sent]


def _of(messages: list[Message], kind: str) -> list[Message]:
    return [one["content"] for one in messages if one["msg_type"] == kind]


def _answer(client: BlockingKernelClient, kind: str, comm_id: str, **data: Any) -> Message:
    """Send what the page sends; returns the next change of what is shown."""
    client.shell_channel.send(client.session.msg(kind, {"comm_id": comm_id, "data": data}))
    found: Message = _until(client, lambda one: one["msg_type"] == "update_display_data")[-1]["content"]
    return found


@pytest.mark.parametrize(
    ("cell", "question", "code"),
    [
        ("%frevagpt what's in `df`, {and} $why$?", "what's in `df`, {and} $why$?", False),
        ("%frevagpt --code plot it", "plot it", True),
        ("%frevagpt what is 'tas'?", "what is 'tas'?", False),
        ("for x in range(1):\n    %frevagpt --code and this? \n", "and this?", True),
        ("x = 1\n%frevagpt really??", "really??", False),
        ("%%frevagpt\nfirst line\n  second --code line\n", "first line\n  second --code line", False),
        ("%%frevagpt --code about tas:\n\nplot it", "about tas:\nplot it", True),
    ],
)
def test_a_question_goes_to_the_page_and_the_answer_below_the_cell(
    kernel: BlockingKernelClient, cell: str, question: str, code: bool
) -> None:
    reply, messages = _run(kernel, cell)
    assert reply["status"] == "ok", reply
    (shown,) = _of(messages, "display_data")
    (opened,) = _of(messages, "comm_open")
    place = shown["metadata"]["frevagpt"]["answer"]
    assert opened["target_name"] == "frevagpt"
    assert opened["data"] == {"id": place, "question": question, "code": code}
    for text in ("It holds", "It holds *temperatures*."):
        changed = _answer(kernel, "comm_msg", opened["comm_id"], markdown=text)
        assert changed["data"]["text/markdown"] == changed["data"]["text/plain"] == text
        assert changed["transient"]["display_id"] == shown["transient"]["display_id"] == place
        assert changed["metadata"] == shown["metadata"]
    kernel.shell_channel.send(kernel.session.msg("comm_close", {"comm_id": opened["comm_id"], "data": {"taken": True}}))
    assert not _of(_run(kernel, "None")[1], "update_display_data")


def test_a_page_without_the_panel_is_told_of(kernel: BlockingKernelClient) -> None:
    _, messages = _run(kernel, "%frevagpt anybody there?")
    (opened,) = _of(messages, "comm_open")
    shown = _answer(kernel, "comm_close", opened["comm_id"])
    assert "Nobody took this question" in shown["data"]["text/markdown"]


@pytest.mark.parametrize("cell", ["%frevagpt", "%%frevagpt\n  \n", "%frevagpt --code", "%frevagpt --cods plot it"])
def test_what_is_no_question_says_how_to_ask(kernel: BlockingKernelClient, cell: str) -> None:
    reply, messages = _run(kernel, cell)
    assert reply["status"] == "error"
    assert reply["ename"] == "UsageError"
    assert not _of(messages, "comm_open")
    said = "".join(one["text"] for one in _of(messages, "stream"))
    assert "Ask like this: %frevagpt [--code] question" in said


def test_questions_of_others_are_ipythons(kernel: BlockingKernelClient) -> None:
    reply, _ = _run(kernel, "len?")
    assert "Return the number of items" in reply["payload"][0]["data"]["text/plain"]


def test_loading_it_loads_no_server(kernel: BlockingKernelClient) -> None:
    heavy = {"tornado.web", "jupyter_server", "litellm", "motor", "msgspec"}
    _, messages = _run(kernel, f"import sys; print(sorted({heavy} & set(sys.modules)))")
    assert _of(messages, "stream")[0]["text"] == "[]\n"


def test_unloading_it(kernel: BlockingKernelClient) -> None:
    _run(kernel, "%unload_ext jupyter_frevagpt")
    count = "print(len(get_ipython().input_transformers_cleanup))"
    _, before = _run(kernel, count)
    assert _run(kernel, "%load_ext jupyter_frevagpt")[0]["status"] == "ok"
    assert _run(kernel, "%reload_ext jupyter_frevagpt")[0]["status"] == "ok"
    _, after = _run(kernel, count)
    assert int(_of(after, "stream")[0]["text"]) == int(_of(before, "stream")[0]["text"]) + 1
