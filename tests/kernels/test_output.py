"""What a run showed, made into text and outputs: bounded, linear, sound whatever the kernel sent."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_frevagpt.kernels.output import OutputCollector, plain

from .conftest import Bench

SEND = "k = get_ipython().kernel\nk.send_response(k.iopub_socket, {!r}, {!r})"
ODD: list[tuple[str, Any]] = [
    ("stream", {"name": "stdout", "text": None}),
    ("stream", {}),
    ("stream", {"name": "stdout", "text": ["a", "b"]}),
    ("display_data", {"data": ["a"], "metadata": {}}),
    ("display_data", {"data": {"text/plain": "x"}, "metadata": ["a"]}),
    ("display_data", {"data": {"image/png": "iVBORw0KGgo="}, "metadata": ["a"]}),
    ("display_data", {"data": {"image/png": {"a": 1}}, "metadata": None}),
    ("display_data", {"data": {"text/plain": "x"}, "metadata": {}, "transient": ["a"]}),
    ("update_display_data", {"transient": {"display_id": "q"}}),
    ("error", {"ename": None, "evalue": 3, "traceback": [1, None]}),
    ("error", {"ename": "E", "evalue": "v", "traceback": "oops"}),
    ("status", {}),
    ("clear_output", [1]),
]


@pytest.mark.parametrize(("message_type", "content"), ODD)
async def test_no_message_of_a_kernel_makes_the_guest_deaf(bench: Bench, message_type: str, content: Any) -> None:
    await bench.run(SEND.format(message_type, content))
    began = time.monotonic()
    run = await bench.run("print('heard')")
    assert run.output().text == "heard\n"
    assert time.monotonic() - began < 1.5


@given(st.text(alphabet="ab\r\n\x1b[0m", max_size=60))
def test_plain_text_is_what_a_terminal_leaves(text: str) -> None:
    shown = plain(text)
    assert "\r" not in shown
    assert shown.count("\n") == text.count("\n")


def test_progress_keeps_its_last_state() -> None:
    assert plain("1/3\r2/3\r3/3\r") == "3/3"
    assert plain("a\r\nb\r\n") == "a\nb\n"


@pytest.mark.parametrize(
    ("mime", "body"),
    [
        ("text/html", "<td></td>" * 40_000),
        ("text/html", "<" * 400_000),
        ("text/html", "<script" * 60_000),
        ("text/html", "\n" * 400_000),
        ("text/plain", "x" * 900_000),
        ("text/plain", "\x1b[" * 200_000),
    ],
)
def test_long_text_takes_linear_time(mime: str, body: str) -> None:
    """A quadratic way took seconds to minutes here; a second is hundreds of times what the linear one needs."""
    collector = OutputCollector(10**6)
    began = time.process_time()
    collector.take("display_data", {"data": {mime: body}, "metadata": {}})
    collector.result("done")
    assert time.process_time() - began < 1.0


def test_parts_too_large_are_named_and_the_rest_is_kept() -> None:
    collector = OutputCollector(1000)
    json_part = {"a": "z" * 1_100_000}
    data = {"text/html": "<p>" + "x" * 1_500_000, "text/plain": "y" * 1_200_000, "application/json": json_part}
    collector.take("execute_result", {"data": data, "metadata": {}, "execution_count": 7})
    collector.take("display_data", {"data": {"text/html": "<p>" + "x" * 1_500_000}, "metadata": {}})
    output = collector.result("done")
    assert list(output.display[0]["data"]) == ["text/plain"]
    assert "200000 more characters are not kept" in output.text
    assert "[text/html of 1500003 characters is too large to be kept]" in output.text
    assert len(msgspec.json.encode(output.display)) < 1_100_000


def test_half_characters_and_endless_numbers_can_be_written() -> None:
    collector = OutputCollector(1000)
    for data in ({"text/html": "<b>\ud83d</b>"}, {"application/json": {"a": 10**5000}}, {"text/\ud83d": "x"}):
        collector.take("display_data", {"data": data, "metadata": {}})
    collector.take("error", {"ename": "E", "evalue": "\ud83d", "traceback": ["\ud83d"]})
    msgspec.json.encode(collector.result("done"))


def test_results_without_end_are_bounded_and_counted() -> None:
    collector = OutputCollector(1000)
    for number in range(1200):
        collector.take("display_data", {"data": {"text/plain": str(number)}, "metadata": {}})
    output = collector.result("done")
    assert len(output.display) == 1001
    assert output.text.endswith("[200 more results and figures were shown than are kept]\n")
    lines = [f"{number} " + "x" * 100_000 for number in range(100)]
    collector = OutputCollector(1000)
    collector.take("error", {"ename": "E", "evalue": "", "traceback": [*lines, "E: what was raised"]})
    text = collector.result("failed").text
    assert len(text) < 2_001_000
    assert text.startswith("0 xxx")
    assert text.endswith("99 " + "x" * 100_000 + "\nE: what was raised\n")
    assert "parts of the traceback are left out" in text
