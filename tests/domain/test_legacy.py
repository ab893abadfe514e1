"""Items of older services: each fixture reads as it should, and nothing at all can make a thread unreadable."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_frevagpt.domain.legacy import revive, revived, sound
from jupyter_frevagpt.domain.variants import Code, CodeOutput, Image, decode, encode

FIXTURES = sorted(Path(__file__).parents[1].joinpath("threads", "legacy").glob("*.json"))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_old_records_read_as_they_should(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fixture = json.loads(path.read_text("utf-8"))
    items = revive(fixture["stored"], "some-thread")
    assert [json.loads(encode(item)) for item in items] == fixture["expected"]
    warnings = [record.getMessage() for record in caplog.records]
    assert len(warnings) == fixture["left_out"] == len(fixture["stored"]) - len(items)
    assert all("some-thread" in warning for warning in warnings)
    assert revive(fixture["expected"]) == items, "read again they stay the same"


def test_there_are_fixtures() -> None:
    assert len(FIXTURES) == 9


def test_places_are_those_of_the_stored_list() -> None:
    stored = [None, {"variant": "User", "content": "a"}, 5, {"variant": "Image", "content": "b"}]
    assert [(place, type(item).__name__) for place, item in revived(stored)] == [(1, "User"), (3, "Image")]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=8)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec=None), max_size=4), inner),
    max_leaves=12,
)
KINDS = "User Assistant Code CodeOutput Image ToolCall ToolOutput ServerHint CodeError Prompt".split()
KEYS = "content id tool_name display feedback model kernel_id".split()
INNER = "code python text stdout display_data error created_files traceback data result_repr".split()
CONTENT = JSON | st.dictionaries(st.sampled_from(INNER), JSON) | JSON.map(lambda value: json.dumps(value, default=str))
REST = st.dictionaries(st.sampled_from(KEYS), CONTENT)
ITEM = st.builds(lambda kind, rest: {"variant": kind, **rest}, st.sampled_from(KINDS), REST)


@given(st.lists(ITEM | JSON, max_size=5))
def test_nothing_makes_reading_fail_and_all_that_is_read_can_be_sent(stored: list[Any]) -> None:
    for item in revive(stored):
        line = encode(item)
        assert decode(line) == item
        if isinstance(item, Code):
            assert item.content.startswith('{"code":"')
            assert isinstance(json.loads(item.content)["code"], str)
        if isinstance(item, Code | CodeOutput | Image):
            assert item.id


HOSTILE: list[Any] = [
    {"variant": "ServerHint", "content": "[" * 100_000},
    {"variant": "Code", "content": "[" * 100_000, "id": "c"},
    {"variant": "Assistant", "content": json.loads("[" * 500 + "]" * 500)},
    {"variant": "ServerHint", "content": {"a": 10**5000}},
    {"variant": "Assistant", "content": 10**5000},
    {"variant": "Code", "content": "9" * 5000, "id": "c"},
    {"variant": "ServerHint", "content": {"a": float("inf"), "b": datetime(2026, 1, 1), "c": b"x", "d": {1, 2}}},  # noqa: DTZ001
    {"variant": "Assistant", "content": "half \ud83d"},
    {"variant": "ServerHint", "content": {"\ud83d": 1}},
    {"variant": "Assistant", "content": {5: "a", None: "b"}},
]


@pytest.mark.parametrize("item", HOSTILE, ids=range(len(HOSTILE)))
def test_what_json_cannot_even_say(item: Any) -> None:
    for read in revive([item, {"variant": "User", "content": "after"}]):
        assert decode(encode(read)) == read
    assert revive([item, {"variant": "User", "content": "after"}])[-1].content == "after"


@given(JSON)
def test_sound_data_can_be_encoded_and_stays_as_it_is(value: Any) -> None:
    data = sound(value)
    assert sound(data) == data
    assert msgspec.json.decode(msgspec.json.encode(data)) == data
