"""Every evasion asks, hardly any snippet of a climate scientist does, and each entry is code that a kernel takes."""

from __future__ import annotations

import ast
import textwrap

import pytest

from jupyter_frevagpt.kernels.review import review
from jupyter_frevagpt.kernels.review.reading import transformed

from . import attacks, clever, climate, evasions, field_work, held_out
from .evasions import NOT_PYTHON
from .ids import short
from .kernel import FACTS

ALL_EVASIONS = evasions.EVASIONS + attacks.ATTACKS + clever.EVASIONS
WRONGLY_ASKED = 0.05
"""The share of the snippets that may be asked about."""
WRONGLY_ASKED_HELD_OUT = 0.06


def _compiles(code: str) -> None:
    text = transformed(code)
    assert text is not None
    compile(text, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize("code", ALL_EVASIONS, ids=short)
def test_an_evasion_asks(code: str) -> None:
    found = review(code, FACTS)
    assert not found.harmless
    asking = [reason for reason in found.reasons if reason.asks]
    assert asking
    assert all(reason.text.endswith(".") and reason.line >= 1 for reason in found.reasons)


def test_the_corpora_are_large_and_without_repeats() -> None:
    assert len(set(ALL_EVASIONS)) == len(ALL_EVASIONS) >= 600
    assert len(set(climate.SNIPPETS)) == len(climate.SNIPPETS) >= 120
    assert len(set(held_out.SNIPPETS)) == len(held_out.SNIPPETS) >= 50
    assert len(set(clever.EVASIONS)) == len(clever.EVASIONS) >= 190
    assert len(set(field_work.SNIPPETS)) == len(field_work.SNIPPETS) >= 40


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize(
    "code",
    climate.SNIPPETS + held_out.SNIPPETS + field_work.SNIPPETS,
    ids=short,
)
def test_a_snippet_compiles(code: str) -> None:
    _compiles(code)


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
def test_evasions_compile() -> None:
    broken = []
    for code in ALL_EVASIONS:
        try:
            _compiles(code)
        except SyntaxError:
            broken.append(code)
    unexplained = [code for code in broken if code not in NOT_PYTHON]
    assert unexplained == []


@pytest.mark.parametrize(
    ("corpus", "most"),
    [
        (climate.SNIPPETS, WRONGLY_ASKED),
        (held_out.SNIPPETS, WRONGLY_ASKED_HELD_OUT),
        (field_work.SNIPPETS, WRONGLY_ASKED_HELD_OUT),
    ],
)
def test_few_snippets_are_wrongly_asked(
    corpus: tuple[str, ...], most: float, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = {code: found for code in corpus if not (found := review(code, FACTS)).harmless}
    share = len(asked) / len(corpus)
    with capsys.disabled():
        print(f"\nwrongly asked: {len(asked)} of {len(corpus)} ({share:.1%})")  # noqa: T201 - the figure is wanted
        for code, found in asked.items():
            print(f"  {textwrap.shorten(code, 60)}: {found.reasons[0].text}")  # noqa: T201
    assert share <= most


def test_a_name_of_the_allow_list_counts_only_when_the_kernel_says_so() -> None:
    assert review("np.mean([1, 2])", FACTS).harmless
    assert not review("np.mean([1, 2])").harmless
    assert review("import numpy as np\nnp.mean([1, 2])").harmless
