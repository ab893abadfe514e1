"""A review never raises, whatever it is given, and takes a bounded time."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_frevagpt.kernels.review import KernelFacts, review

from . import attacks, clever, climate, evasions, field_work
from .evasions import NOT_PYTHON
from .kernel import FACTS

_WORDS = (
    "np plt ds get_ipython() ( ) [ ] { } . , : = == := + - * ** / // % @ ! !! ? ?? ~ ^ | & < > -> \\ ; # ' \" ''' f' "
    "rb'' lambda yield await async def class for in if else elif while with as try except finally import from del "
    "global nonlocal match case _ return raise assert pass None True 0 1e9 0x 1_0 ... %time %%bash %% %pip > type "
    "__class__ In [1]: >>> ...: \t \r \x0c \x00 \u2028 \u00e9 \uff45"
)
PIECES = (*_WORDS.split(" "), "\n", "\n    ", "\n\n", " ", "    ")
TEXTS = st.one_of(
    st.text(max_size=2000),
    st.lists(st.sampled_from(PIECES), max_size=200).map(" ".join),
    st.lists(st.sampled_from(PIECES), max_size=200).map("".join),
)
CORPUS = (*climate.SNIPPETS, *field_work.SNIPPETS, *evasions.EVASIONS, *attacks.ATTACKS, *clever.EVASIONS)
QUICK = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SECONDS = 0.05
LENGTH = 20_000


@QUICK
@given(TEXTS)
def test_any_text(code: str) -> None:
    found = review(code, FACTS)
    assert found.harmless == (not any(reason.asks for reason in found.reasons))


@QUICK
@given(st.data())
def test_code_with_holes(data: st.DataObject) -> None:
    code = data.draw(st.sampled_from(CORPUS))
    start = data.draw(st.integers(0, len(code)))
    end = data.draw(st.integers(start, len(code)))
    review(code[:start] + data.draw(st.sampled_from(PIECES)) + code[end:], FACTS)


@QUICK
@given(st.lists(st.sampled_from(CORPUS), min_size=1, max_size=4))
def test_an_evasion_among_other_code_still_asks(parts: list[str]) -> None:
    if any(part.startswith("%%") for part in parts):
        return
    found = review("\n".join(part.strip("\n") for part in parts), FACTS)
    if any(part in evasions.PLAIN for part in parts) and not any(part in NOT_PYTHON for part in parts):
        assert not found.harmless


@QUICK
@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20)), st.text(max_size=200))
def test_any_facts(names: dict[str, str], text: str) -> None:
    facts = KernelFacts(transformed=text, modules=names, variables=names, files=frozenset(names), cwd=text)
    review(" + ".join(name for name in names if name.isidentifier()) or text, facts)


def _seconds(code: str) -> float:
    best = 1e9
    for _ in range(3):
        start = time.process_time()
        review(code, FACTS)
        best = min(best, time.process_time() - start)
    return best


def _filled(block: str) -> str:
    return (block + "\n") * (LENGTH // (len(block) + 1))


def test_ordinary_code_of_20_kb_takes_50_ms() -> None:
    plain = [code.strip() for code in climate.SNIPPETS if "%" not in code and "?" not in code]
    assert _seconds(_filled("\n".join(plain[:60]))) < SECONDS * 2  # a busy machine of CI may take twice as long


@pytest.mark.parametrize(
    "code",
    [
        _filled("x=1"),
        _filled("exit"),
        _filled("ds?"),
        _filled("%time x=1"),
        _filled("x = !ls"),
        _filled("x=1") + "!ls\n" * 40,
        "-" * LENGTH + "1",
        "not " * (LENGTH // 4) + "1",
        "x" + ".a" * (LENGTH // 2),
        "ds" + ".sel(a=1)" * (LENGTH // 9),
        "ds.a(" * 190 + "ds" + ")" * 190,
        "a='x'\n" + "\n".join(f"a{i + 1}=f'{{a{i}}}{{a{i}}}'" for i in range(700)).replace("a0", "a"),
        "x=[a for a,b in zip(" * 60 + "ds" + ",ds)]" * 60,
        "\n".join(f"a{i + 1}=[a{i},a{i}]" for i in range(1200)),
        "plt.savefig('" + "*" * LENGTH + ".png')",
        "xr.open_mfdataset('" + "*a" * 400 + "')",
        "df.query('" + "(" * LENGTH + "')",
        "'" + "![" * (LENGTH // 2) + "'",
        "'" + "< " * (LENGTH // 2) + "'",
        "'" + "{0}" * (LENGTH // 3) + "'.format(1)",
        "(\n" * (LENGTH // 2),
        "'''" * (LENGTH // 3),
        "lambda:" * (LENGTH // 7) + "1",
    ],
    ids=lambda code: repr(code[:20]),
)
def test_hostile_code_of_20_kb_takes_a_bounded_time(code: str) -> None:
    assert _seconds(code) < SECONDS * 10
