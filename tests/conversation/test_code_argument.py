"""The code argument, cut anywhere: contract 4, and decision 2 on the fragments."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_frevagpt.conversation.code_argument import CodeArgument
from jupyter_frevagpt.domain.variants import code_content

CODE = st.text(alphabet=st.one_of(st.sampled_from('{}"\\\n\t :;xu0d8°😀'), st.characters(codec="utf-8")), max_size=80)


def write(raw: str, cuts: list[int]) -> tuple[list[str], str, str]:
    argument = CodeArgument()
    marks = sorted({cut % (len(raw) + 1) for cut in cuts} | {0, len(raw)})
    out = []
    for start, end in pairwise(marks):
        out += argument.feed(raw[start:end])
    rest, problem = argument.finish()
    return out + rest, argument.code, problem


@given(CODE, st.lists(st.integers(0, 500), max_size=12), st.booleans(), st.sampled_from(["", " ", "\n "]))
def test_fragments_join_whatever_the_cuts(code: str, cuts: list[int], ascii_only: bool, blank: str) -> None:
    raw = "{" + blank + '"code":' + blank + json.dumps(code, ensure_ascii=ascii_only) + blank + "}"
    fragments, read, problem = write(raw, cuts)
    assert "".join(fragments) == code_content(code)
    assert json.loads("".join(fragments)) == {"code": code}
    assert (read, problem) == (code, "")
    assert fragments[0] == '{"code":"'
    assert [fragment for fragment in fragments if fragment.endswith('"}')] == [fragments[-1]]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ('{"language": "python", "code": "a = 1"}', "a = 1"),
        ('{"python":"a = 1"}', "a = 1"),
        ("print('bare')", "print('bare')"),
        ('"a = 1"', "a = 1"),
        ('{"code": "a = 1\nb = 2"}', "a = 1\nb = 2"),
        ('{"code": "re.match(\'\\d+\', s)"}', "re.match('\\d+', s)"),
    ],
)
def test_what_models_write_instead(raw: str, code: str) -> None:
    fragments, read, problem = write(raw, [3, 7])
    assert (read, problem) == (code, "")
    assert json.loads("".join(fragments)) == {"code": code}


@pytest.mark.parametrize("raw", ["", "{}", '{"code": 5}', '{"code', '{"other": "x"}', "[1]", '{"code":""}x{'])
def test_a_call_without_code_says_so(raw: str) -> None:
    fragments, code, problem = write(raw, [])
    assert json.loads("".join(fragments)) == {"code": code}
    assert "nothing was run" in problem or code == ""


def test_a_call_that_breaks_off_is_not_run() -> None:
    fragments, _, problem = write('{"code": "import shutil\\nshutil.rmtr', [])
    assert "broke off" in problem
    assert json.loads("".join(fragments)) == {"code": "import shutil\nshutil.rmtr"}
