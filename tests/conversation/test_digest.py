"""What the model gets of printed text: bounded, linear, without control codes, with the error and the user's frames."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jupyter_client.manager import start_new_kernel

from jupyter_frevagpt.conversation.digest import digest, without_controls
from jupyter_frevagpt.domain.cut import cut
from jupyter_frevagpt.kernels.output import OutputCollector

HEADER = "-" * 75 + "\nKeyError                                  Traceback (most recent call last)\n"
MESSAGE = "\nKeyError: 'it'\n"


def cell(number: int, code: str = "look()") -> str:
    return f"Cell In[{number}], line 1\n----> 1 {code}\n\n"


def library(name: str, line: int = 7, path: str = "/opt/env/lib/python3.12/site-packages") -> str:
    return (
        f"File {path}/{name}/core.py:{line}, in deep(x)\n      {line - 1} if x:\n----> {line}     inner_{line}(x)\n\n"
    )


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


# ---- tracebacks of real kernels

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


# ---- order of importance


def test_the_error_survives_what_was_printed_before_it() -> None:
    printed = "".join(f"reading {chr(97 + n % 26)}{chr(97 + n // 26 % 26)} {n}\n" for n in range(3000))
    text = printed + HEADER + cell(4) + "".join(library("xarray", n) for n in range(10, 40)) + MESSAGE
    told = digest(text, 1000)
    assert len(told) <= 1000
    assert told.startswith(printed[:100])
    assert "characters in" in told
    assert "Cell In[4], line 1\n----> 1 look()" in told
    assert "[29 frames inside xarray left out]" in told
    assert told.endswith(MESSAGE)


def test_with_little_room_the_message_is_what_stays() -> None:
    text = HEADER + "".join(cell(n, f"call_{n}({'x' * 400})") for n in range(30)) + MESSAGE
    for limit in (90, 200, 400, 1000, 3000, 8000):
        told = digest(text, limit)
        assert len(told) <= limit
        assert told.endswith(MESSAGE.lstrip())
    assert "call_0(" in digest(text, 3000)
    assert "call_29(" in digest(text, 3000)
    assert "call_29(" not in digest(text, 200)


def test_an_endless_message_keeps_its_head_and_tail() -> None:
    text = HEADER + cell(1) + "\nKeyError: begin" + "z" * 100_000 + "end\n"
    told = digest(text, 2000)
    assert len(told) <= 2000
    assert "KeyError: begin" in told
    assert told.endswith("zend\n")
    assert "look()" in told


def test_where_nothing_is_the_users_own_the_outermost_and_innermost_frames_stand() -> None:
    text = HEADER + "".join(library("tornado", n) for n in range(10, 30)) + MESSAGE
    told = digest(text, 20_000)
    assert "inner_10(x)" in told
    assert "inner_29(x)" in told
    assert "[18 frames inside tornado left out]" in told


def test_libraries_are_named_wherever_they_are_installed() -> None:
    frames = [
        library("a", path="/opt/conda/lib/python3.12/site-packages"),
        library("xarray", path=r"C:\Users\me\env\Lib\site-packages").replace("/", "\\"),
        library("pandas", path="~/.local/lib/python3.11/site-packages"),
        library("numpy", path="/usr/lib/python3/dist-packages"),
        "File pandas/_libs/index.pyx:201, in get_loc()\n--> 201 'Could not get source'\n\n",
        library("json", path="/usr/lib64/python3.11"),
        "File <frozen importlib._bootstrap>:1176, in _find(name)\n\n",
        library("last"),
    ]
    told = digest(HEADER + cell(1) + "".join(frames) + cell(2) + MESSAGE, 20_000)
    assert "[6 frames inside xarray, pandas and others left out]" in told
    own = [library("work", path="/home/me/thesis"), library("lib", path="/home/me"), library("x", path=r"C:\me")]
    text = HEADER + cell(1) + "".join(own) * 2 + MESSAGE
    assert digest(text, 20_000) == text


def test_arguments_of_many_lines_belong_to_their_frame() -> None:
    frames = "".join(library("xarray", n) for n in range(10, 19))
    shown = frames.replace("deep(x)", "deep(x=<xarray.Dataset>\nDimensions: (x: 3)\nData: none)")
    told = digest(HEADER + cell(1) + shown + MESSAGE, 20_000)
    assert "[8 frames inside xarray left out]" in told
    assert "Dimensions" not in told


def test_text_behind_a_traceback_that_was_cut_off_is_no_frame() -> None:
    frames = "".join(library("xarray", n) for n in range(10, 19))
    text = HEADER + cell(1) + frames + "the next thing that was printed\n"
    told = digest(text, 20_000)
    assert "[8 frames inside xarray left out]" in told
    assert told.endswith("the next thing that was printed\n")


# ---- repeats


def test_exact_repeats_are_counted_whatever_the_limit() -> None:
    warning = "/tmp/ipykernel_9/1.py:3: UserWarning: bad values\n  warnings.warn('bad values')\n"
    assert digest("begin\n" + warning * 1000 + "end\n", 20_000) == (
        f"begin\n{warning}[the 2 lines above 999 more times]\nend\n"
    )
    assert digest("still waiting for data\n" * 50, 20_000) == (
        "still waiting for data\n[the line above 49 more times]\n"
    )


@pytest.mark.parametrize("text", ["a\nb\na\n", "0\n0\n1\n0\n0\n", "\n" * 20 + "x", "same\n" * 3, "", "x"])
def test_what_is_not_worth_it_stays(text: str) -> None:
    assert digest(text, 1000) == text


def test_repeats_behind_other_repeats_are_found() -> None:
    text = "x row of text\ny row of text\n" * 10 + "y row of text\n" * 100
    told = digest(text, 10_000)
    assert "[the 2 lines above 9 more times]" in told
    assert "[the line above 99 more times]" in told


def test_a_warning_in_the_middle_of_progress_is_seen() -> None:
    lines = [f"step {n}/9000 loss {n / 7:.4f}\n" for n in range(9000)]
    lines.insert(4711, "UserWarning: the sea ice is negative\n")
    told = digest("".join(lines), 2000)
    assert "the sea ice is negative" in told
    assert told.startswith("step 0/9000")
    assert "step 8999/9000" in told
    assert "more lines that differ in numbers only]" in told
    assert 1000 < len(told) <= 2000
    assert digest("".join(lines[:50]), 2000) == "".join(lines[:50])


@given(st.lists(st.sampled_from(["a\n", "bb bb bb bb bb bb\n", "cc cc cc cc cc 1\n", "\n"]), max_size=60))
def test_counts_tell_how_much_there_was(lines: list[str]) -> None:
    text = "".join(lines)
    told: list[str] = []
    for line in digest(text, 10**6).splitlines(keepends=True):
        if found := re.fullmatch(r"\[the (?:line|(\d) lines) above (\d+) more times\]\n", line):
            told += told[-int(found[1] or 1) :] * int(found[2])
        else:
            told.append(line)
    assert "".join(told) == text


# ---- length


def test_cut_keeps_head_and_tail_at_line_ends() -> None:
    text = "".join(f"line {n:04}\n" for n in range(1000))
    short = cut(text, 300)
    head, note, tail = re.split(r"(\[.*\]\n)", short)
    assert text.startswith(head)
    assert head.endswith("\n")
    assert text.endswith(tail)
    assert tail.startswith("line ")
    left, lines = len(text) - len(head) - len(tail), 1000 - short.count("line ")
    assert note == f"[{left:,} characters in {lines:,} lines left out here]\n"
    assert len(head) > 1.5 * len(tail) > 0
    assert 250 < len(short) <= 300


def test_cut_of_one_long_line() -> None:
    short = cut("a" * 500 + "b" * 500, 200)
    assert re.fullmatch(r"a+\n\[8\d\d characters left out here\]\nb+", short)
    assert len(short) <= 200
    assert cut("short", 5) == "short"
    assert cut("longer", 3) == "lon"


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from([HEADER, cell(1), library("xarray"), MESSAGE, "step 1\n", "x" * 90, "\x1b[31m", "\n", "\r"]),
        max_size=40,
    ),
    st.integers(0, 900),
)
def test_no_text_is_longer_than_the_limit_and_equal_texts_give_equal_digests(pieces: list[str], limit: int) -> None:
    text = "".join(pieces)
    told = digest(text, limit)
    assert len(told) <= limit
    assert told == digest("".join(pieces), limit)
    assert "\x1b" not in told
    assert "\r" not in told


N = 2_000_000
HOSTILE = {
    "one line": "x" * N,
    "line feeds": "\n" * N,
    "returns": "\r" * N,
    "escapes": "\x1b" * N,
    "open codes": "\x1b[" * (N // 2),
    "open titles": "\x1b]" * (N // 2),
    "an endless title": "\x1b]" + "a" * N,
    "endless parameters": "\x1b[" + "1" * N,
    "eight bits": "\x9b1" * (N // 2),
    "short lines": "a\nb\n" * (N // 4),
    "no period": "".join("abcdefg"[n * n % 7] + "\n" for n in range(N // 2)),
    "frames": HEADER + cell(5) * (N // 40),
    "libraries": HEADER + library("pandas") * (N // 110),
    "headers": HEADER * (N // 140),
    "colons": HEADER + "File " + "a:1" * (N // 3),
    "quotes": HEADER + 'File "' + "a" * N,
    "bars": HEADER + "| " * (N // 2),
    "arguments": HEADER + "Cell In[1], line 5\n" + "x: y\n" * (N // 5),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_megabytes_take_linear_time(name: str) -> None:
    """A quadratic way takes minutes here; the linear one half a second at most."""
    began = time.process_time()
    told = digest(HOSTILE[name], 20_000)
    assert time.process_time() - began < 5.0
    assert len(told) <= 20_000


# ---- control codes


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b[38:2::255:0:0mred", "red"),
        ("\x1b[?25lhidden cursor\x1b[K", "hidden cursor"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;https://a.example\x1b\\a link\x1b]8;;\x1b\\", "a link"),
        ("\x9d0;a title\x9ctext", "text"),
        ("\x9b31mred\x9b0m", "red"),
        ("\x1bP1$r0m\x1b\\text", "text"),
        ("\x1b(Bset\x1b)0", "set"),
        ("\x1b7saved\x1b8\x1bcreset\x1b=", "savedreset"),
        ("a lone \x1b", "a lone "),
        ("cut off \x1b[31", "cut off [31"),
        ("cut off \x1b]0;a title", "cut off ]0;a title"),
        ("\x00\x07\x08bell\x7f\x85", "bell"),
        ("tab\tand\r\nline\rreturn", "tab\tand\nline\nreturn"),
        ("grün 14 °C ☀ ", "grün 14 °C ☀ "),
    ],
)
def test_control_codes_go(text: str, left: str) -> None:
    assert without_controls(text) == left
    assert digest(text, 1000) == left


@given(st.text(alphabet="a1;[]()\\mP\x1b\x07\x9b\x9c\x9d\x90\r\n\t", max_size=80))
def test_no_control_character_is_left(text: str) -> None:
    left = without_controls(text)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", left)
    assert without_controls(left) == left


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
