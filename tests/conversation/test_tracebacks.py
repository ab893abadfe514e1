"""What the model gets of tracebacks of real kernels: the user's frames and the messages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from jupyter_frevagpt.conversation.digest import digest
from jupyter_frevagpt.kernels.output import OutputCollector


class Shell:
    """A real kernel, and what a run's output is as the extension makes it."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def shown(self, code: str) -> str:
        collector = OutputCollector(10**7)
        self.client.execute_interactive(
            code, output_hook=lambda message: collector.take(message["msg_type"], message["content"]), timeout=60
        )
        return collector.result("done").text


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    manager, client = start_new_kernel()
    yield Shell(client)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


PANDAS = """import pandas as pd
frame = pd.DataFrame({'a': [1, 2]})
def pick(table, name):
    return table[name]
pick(frame, 'temperature')"""
XARRAY = """import xarray as xr
field = xr.DataArray([1.0, 2.0], dims='x')
field.mean('nowhere')"""
DASK = """import dask.array as da
def bad(block):
    raise ValueError('this block is bad')
da.ones((4, 4), chunks=2).map_blocks(bad, dtype=float).sum().compute()"""
CALLBACK = "frame.apply(lambda row: row['absent'], axis=1)"
CHAINED = """import json
def read(text):
    try:
        return json.loads(text)
    except ValueError:
        raise RuntimeError('no settings in ' + text)
read('{x')"""


def test_pandas_keeps_the_users_frames_their_neighbour_and_both_messages(shell: Shell) -> None:
    text = shell.shown(PANDAS)
    told = digest(text, 20_000)
    assert len(told) < len(text) / 2
    assert told.rstrip().endswith("KeyError: 'temperature'")
    assert told.count("KeyError: 'temperature'") == 2
    assert "----> 5 pick(frame, 'temperature')" in told
    assert "----> 4     return table[name]" in told
    assert "DataFrame.__getitem__" in told
    assert "self.columns.get_loc(key)" in told
    assert re.search(r"\[\d frames inside pandas left out\]", told)
    assert "hashtable" in text
    assert "hashtable" not in told


def test_xarray_leaves_its_inner_frames_out(shell: Shell) -> None:
    text = shell.shown(XARRAY)
    told = digest(text, 20_000)
    assert "----> 3 field.mean('nowhere')" in told
    assert told.rstrip().endswith("ValueError: 'nowhere' not found in array dimensions ('x',)")
    assert "The above exception was the direct cause" in told
    assert re.search(r"\[\d frames inside xarray left out\]", told)
    assert "Reduce this DataArray's data" in text
    assert "Reduce this DataArray's data" not in told


def test_dask_keeps_the_function_that_failed_inside(shell: Shell) -> None:
    told = digest(shell.shown(DASK), 20_000)
    assert "----> 3     raise ValueError('this block is bad')" in told
    assert ".sum().compute()" in told
    assert told.rstrip().endswith("ValueError: this block is bad")


def test_a_callback_stays_between_the_libraries_frames(shell: Shell) -> None:
    shell.shown(PANDAS)
    told = digest(shell.shown(CALLBACK), 20_000)
    assert told.count("frame.apply(lambda row: row['absent'], axis=1)") == 2
    assert "in <lambda>(row)" in told
    assert told.rstrip().endswith("KeyError: 'absent'")


def test_chained_errors_keep_both_messages(shell: Shell) -> None:
    told = digest(shell.shown(CHAINED), 20_000)
    assert "JSONDecodeError: Expecting property name" in told
    assert "During handling of the above exception, another exception occurred:" in told
    assert told.rstrip().endswith("RuntimeError: no settings in {x")
    assert "----> 7 read('{x')" in told
    assert re.search(r"\[\d frames? inside Python left out\]", told)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("x = (1,\nprint('a'", "SyntaxError: incomplete input"),
        ("def f():\n  x = 1\n    y = 2", "IndentationError: unexpected indent"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_short_ones_stay_as_they_are(shell: Shell, code: str, message: str) -> None:
    text = shell.shown(code)
    assert digest(text, 20_000) == text
    assert text.rstrip().endswith(message)


@pytest.mark.parametrize("body", ["return one(n + 1)", "return two(n + 1)\ndef two(n):\n    return one(n + 1)"])
def test_endless_recursion_is_told_briefly(shell: Shell, body: str) -> None:
    text = shell.shown(f"def one(n):\n    {body}\none(0)")
    told = digest(text, 20_000)
    assert len(told) < 2500
    assert "one(0)" in told
    assert told.rstrip().endswith("RecursionError: maximum recursion depth exceeded")
    assert re.search(r"\[[\d,]+ frames more of this code left out\]|\[the \d lines above [\d,]+ more times\]", told)


@pytest.mark.parametrize("mode", ["Plain", "Verbose", "Minimal"])
def test_the_other_styles_of_ipython(shell: Shell, mode: str) -> None:
    shell.shown(PANDAS)
    text = shell.shown(f"%xmode {mode}\npick(frame, 'temperature')")
    shell.shown("%xmode Context")
    told = digest(text, 20_000)
    assert told.rstrip().endswith("KeyError: 'temperature'")
    if mode != "Minimal":
        assert "return table[name]" in told
        assert "pick(frame, 'temperature')" in told
        assert re.search(r"\[\d frames inside pandas left out\]", told)


def test_pythons_own_style_and_a_file_of_the_users(shell: Shell, tmp_path: Any) -> None:
    (tmp_path / "mine.py").write_text("import json\ndef load():\n    return json.loads('{')\n")
    shell.shown(f"import sys, traceback; sys.path.insert(0, {str(tmp_path)!r}); import mine")
    text = shell.shown("try:\n    mine.load()\nexcept ValueError:\n    traceback.print_exc()")
    told = digest(text, 20_000)
    assert "mine.load()" in told
    assert "return json.loads('{')" in told
    assert "raw_decode" in text
    assert "raw_decode" not in told
    assert re.search(r"\[\d frames? inside Python left out\]", told)
    assert "JSONDecodeError" in told.splitlines()[-1]


def test_groups_of_exceptions_keep_each_message(shell: Shell) -> None:
    told = digest(shell.shown("raise ExceptionGroup('many', [ValueError('first'), TypeError('second')])"), 20_000)
    for message in ("ExceptionGroup: many (2 sub-exceptions)", "ValueError: first", "TypeError: second"):
        assert message in told


def test_what_follows_a_traceback_is_kept(shell: Shell) -> None:
    shell.shown(PANDAS)
    code = (
        "import traceback\ntry:\n    pick(frame, 'q')\nexcept KeyError:\n    traceback.print_exc()\nprint('after', 17)"
    )
    assert "after 17\n" in digest(shell.shown(code), 20_000)


def test_coloured_tracebacks_of_a_real_kernel_lose_their_colours(shell: Shell) -> None:
    raw: list[str] = []
    shell.shown("%colors linux")

    def take(message: Any) -> None:
        if message["msg_type"] == "error":
            raw.extend(message["content"]["traceback"])

    shell.client.execute_interactive(PANDAS, output_hook=take, timeout=60)
    text = "\n".join(raw)
    assert "\x1b[" in text
    told = digest(text, 20_000)
    assert "\x1b" not in json.dumps(told, ensure_ascii=False)
    assert re.search(r"\[\d frames inside pandas left out\]", told)
