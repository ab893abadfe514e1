"""What the documentation states and tests find."""

from __future__ import annotations

from pathlib import Path

from jupyter_frevagpt.kernels.limits import GuestLimits
from jupyter_frevagpt.kernels.registry import GuestRegistry

from .kernels.injected.edits import EDITS, as_markdown, expected

DOCS = Path(__file__).parents[1] / "docs"


def test_the_table_of_edits_is_the_expectation_of_the_tests_in_kernels() -> None:
    assert len(EDITS) >= 40
    assert as_markdown(expected()) in (DOCS / "kernel.md").read_text()


def test_the_budgets_in_the_documentation_are_the_defaults() -> None:
    text = (DOCS / "kernel.md").read_text().replace("\n  ", " ")
    limits = GuestLimits()
    for words, value in (
        ("at most 16 MB", limits.undo_item_bytes),
        ("one run 64 MB", limits.undo_run_bytes),
        ("up to 500 MB", limits.undo_hold_bytes),
        ("at most 1 GB", limits.undo_kernel_bytes),
    ):
        assert words in text
        number = int(words.split()[-2]) * (10**9 if words.endswith("GB") else 10**6)
        assert number == value
    for name in ("undo_item_bytes", "undo_run_bytes", "undo_hold_bytes", "undo_kernel_bytes"):
        assert GuestRegistry.class_traits()[name].default_value == getattr(limits, name)
    assert GuestRegistry.class_traits()["own_run_seconds"].default_value == 600
