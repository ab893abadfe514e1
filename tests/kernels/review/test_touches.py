"""What code touches: a table of statements."""

from __future__ import annotations

import textwrap

import pytest

from jupyter_frevagpt.kernels.review import Review, review

from .kernel import FACTS
from .touched import TOUCHED


def shown(found: Review) -> set[str]:
    names: dict[str, set[str]] = {}
    for touch in found.touches:
        names.setdefault(touch.name, set()).add(touch.how[0])
    every = {"*"} if found.touches_all else set()
    return every | {f"{name}:{''.join(sorted(how))}" for name, how in names.items()}


@pytest.mark.parametrize(("code", "expected"), TOUCHED, ids=[textwrap.shorten(code, 50) for code, _ in TOUCHED])
def test_touches(code: str, expected: str) -> None:
    assert shown(review(code, FACTS)) == set(expected.split())


def test_the_table_is_large() -> None:
    assert len(TOUCHED) >= 40
