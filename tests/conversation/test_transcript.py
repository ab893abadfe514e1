"""Views of a conversation: fold by the golden turns, messages by contract 14, 19 and 20."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from jupyter_frevagpt.conversation.transcript import closed, fold, to_messages
from jupyter_frevagpt.domain.variants import (
    Assistant,
    Code,
    CodeError,
    CodeOutput,
    Image,
    ServerError,
    ServerHint,
    StreamEnd,
    StreamVariant,
    ToolCall,
    ToolOutput,
    User,
    decode,
)

TURNS = Path(__file__).parents[1] / "turns"
NAMES = sorted(path.stem for path in TURNS.glob("*.ndjson"))


def thread(name: str) -> list[StreamVariant]:
    return msgspec.json.decode((TURNS / f"{name}.thread.json").read_bytes(), type=list[StreamVariant])


@pytest.mark.parametrize("name", NAMES)
def test_golden_turns_fold_to_their_threads(name: str) -> None:
    lines = [decode(line) for line in (TURNS / f"{name}.ndjson").read_bytes().splitlines()]
    assert fold(lines) == thread(name)


def test_there_are_golden_turns() -> None:
    assert {"text", "code", "figures", "broken", "stopped", "tool"} <= set(NAMES)


def test_messages_in_order_each_once() -> None:
    items = [
        User("one"),
        Assistant("I look."),
        Code('{"code":"a"}', "c1"),
        CodeOutput("1\n", "c1"),
        ServerHint({"usage": {"seconds": 1}}),
        Image("iVBOR", "c1_0"),
        Assistant("It is 1."),
        StreamEnd("Finished."),
        User("two"),
        ToolCall('{"q":1}', "search", "t1"),
        ToolOutput("found", "search", "t1"),
    ]
    messages = to_messages(items, vision=True, limit=100)
    assert [message["role"] for message in messages] == [
        "user", "assistant", "tool", "user", "assistant", "user", "assistant", "tool",
    ]  # fmt: skip
    assert messages[1]["content"] == "I look."
    assert messages[1]["tool_calls"][0]["function"] == {"name": "code_interpreter", "arguments": '{"code":"a"}'}
    assert messages[2] == {"role": "tool", "tool_call_id": "c1", "content": "1\n"}
    assert messages[3]["content"][0]["image_url"]["url"] == "data:image/png;base64,iVBOR"
    assert messages[6]["tool_calls"][0]["function"]["name"] == "search"
    assert "image_url" not in str(to_messages(items, vision=False, limit=100))


def test_a_call_without_output_gets_an_empty_one() -> None:
    messages = to_messages([User("q"), Code('{"code":"a"}', "c1"), User("again")], vision=False, limit=100)
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "user"]


def test_an_output_without_call_and_a_call_twice_are_left_out() -> None:
    items = [CodeOutput("x", "c0"), Code('{"code":"a"}', "c1"), CodeOutput("y", "c1"), Code('{"code":"a"}', "c1")]
    assert [message["role"] for message in to_messages(items, vision=False, limit=9)] == ["assistant", "tool"]


def test_arguments_that_are_no_object_are_not_sent_on() -> None:
    messages = to_messages([ToolCall("not json", "search", "t1")], vision=False, limit=9)
    assert messages[0]["tool_calls"][0]["function"]["arguments"] == "{}"


def test_old_errors_are_told() -> None:
    assert to_messages([CodeError(["boom"])], vision=False, limit=9) == [{"role": "user", "content": "boom"}]


def test_images_that_are_not_sent_are_mentioned_where_they_were_shown() -> None:
    items = [
        *(User("q"), Code('{"code":"a"}', "c1"), CodeOutput("1\n", "c1"), Image("iVBOR", "c1_0")),
        *(Code('{"code":"b"}', "c2"), CodeOutput("", "c2"), Image("iVBOR", "c2_0"), Image("iVBOR", "c2_1")),
        *(Code('{"code":"c"}', "c3"), CodeOutput("3", "c3")),
    ]
    outputs = [m["content"] for m in to_messages(items, vision=False, limit=100) if m["role"] == "tool"]
    assert outputs == ["1\n[a figure was shown to the user]", "[2 figures were shown to the user]", "3"]

    items[3] = Image("", "c1_0")
    messages = to_messages(items, vision=True, limit=100)
    assert messages[2]["content"] == "1\n[an image was shown here]"
    assert [m["role"] for m in messages[3:]] == ["assistant", "tool", "user", "user", "assistant", "tool"]
    assert messages[4]["content"] == "(no output)"
    assert to_messages([Image("iVBOR")], vision=False, limit=100) == []


def test_images_are_sent_as_what_they_are() -> None:
    urls = [
        message["content"][0]["image_url"]["url"]
        for message in to_messages([Image("iVBORw0K"), Image("/9j/4AAQ")], vision=True, limit=100)
    ]
    assert urls == ["data:image/png;base64,iVBORw0K", "data:image/jpeg;base64,/9j/4AAQ"]


def test_long_outputs_are_cut() -> None:
    items = [Code('{"code":"a"}', "c1"), CodeOutput("a" * 500 + "b" * 500, "c1")]
    content = to_messages(items, vision=False, limit=200)[1]["content"]
    assert len(content) <= 200
    assert content.startswith("aaa")
    assert content.endswith("bbb")


def test_a_turn_that_never_ended_is_closed() -> None:
    items: list[StreamVariant] = [User("q"), Code('{"code":"a"}', "c1")]
    missing = closed(items)
    assert missing[0] == CodeOutput("", "c1")
    assert isinstance(missing[1], ServerError)
    assert isinstance(missing[2], StreamEnd)
    assert closed([*items, *missing]) == []
    assert closed([]) == []


def test_what_the_user_undid_stands_in_the_output_of_its_run() -> None:
    undone = {"restored": ["a", "b"], "not_restored": {}, "cannot_vouch": {}}
    items = [
        User("q"),
        Code('{"code":"a = 1"}', "c1"),
        CodeOutput("out", "c1"),
        StreamEnd("Finished."),
        ServerHint({"changes": {"id": "c1", "undone": undone}}),
        User("next"),
    ]
    messages = to_messages(items, vision=False, limit=1000)
    assert messages[2]["content"] == "out\n[Afterwards the user undid what this run changed: a, b]"
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "user"]
    odd = ServerHint({"changes": {"id": "c1", "undone": None}})
    assert "nothing could be restored" in to_messages([*items[:3], odd], vision=False, limit=1000)[2]["content"]


def test_each_output_follows_its_call_wherever_it_was_recorded() -> None:
    """A service refuses a call whose output is not the next message: older ones stored calls side by side."""
    items = [
        User("q"),
        Code('{"code":"a"}', "c1"),
        Code('{"code":"b"}', "c2"),
        CodeOutput("of a", "c1"),
        Assistant("between"),
        Code('{"code":"c"}', "c3"),
        User("next"),
        CodeOutput("of b", "c2"),
        CodeOutput("", "c3"),
        CodeOutput("of nothing", "c4"),
    ]
    messages = to_messages(items, vision=False, limit=100)
    told = [(message["role"], message.get("tool_call_id"), message["content"]) for message in messages]
    assert told == [
        ("user", None, "q"),
        ("assistant", None, None), ("tool", "c1", "of a"),
        ("assistant", None, None), ("tool", "c2", "of b"),
        ("assistant", None, "between"), ("tool", "c3", "(no output)"),
        ("user", None, "next"),
    ]  # fmt: skip
