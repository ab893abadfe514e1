"""What the model gets of printed text: bounded, linear, without control codes, with the error and the user's frames."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_frevagpt.conversation.digest import digest, without_controls
from jupyter_frevagpt.domain.cut import cut

HEADER = "-" * 75 + "\nKeyError                                  Traceback (most recent call last)\n"
MESSAGE = "\nKeyError: 'it'\n"


def cell(number: int, code: str = "look()") -> str:
    return f"Cell In[{number}], line 1\n----> 1 {code}\n\n"


def library(name: str, line: int = 7, path: str = "/opt/env/lib/python3.12/site-packages") -> str:
    return (
        f"File {path}/{name}/core.py:{line}, in deep(x)\n      {line - 1} if x:\n----> {line}     inner_{line}(x)\n\n"
    )


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
