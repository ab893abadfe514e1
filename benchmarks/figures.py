"""A measured figure with its floor and target, the table of them, and what ``--check`` says about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

SLACK = 3.0
"""How many times its stated ratio a timed figure may reach before ``--check`` fails: machines are noisy."""

_HEAD = ("what", "unit", "floor", "product", "ratio", "target", "met")


@dataclass(frozen=True)
class Figure:
    """What was measured, less is better.

    ``limit`` is the target in the unit, ``ratio`` the target in floors; both must hold where both are given.
    ``stated`` is the ratio that ``limit`` was when it was set, where ``ratio`` is not given. A ``counted`` figure
    (bytes, MB, imports) does not depend on how busy the machine is, so its limit holds without slack.
    """

    what: str
    product: float
    unit: str = "ms"
    floor: float | None = None
    limit: float | None = None
    ratio: float | None = None
    stated: float | None = None
    counted: bool = False
    note: str = ""

    @property
    def times(self) -> float | None:
        """The product in floors."""
        return self.product / self.floor if self.floor else None

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        if self.limit is not None and self.product > self.limit:
            return False
        return self.ratio is None or self.times is None or self.times <= self.ratio

    @property
    def failed(self) -> bool:
        """Whether it is so far from its target that ``--check`` fails."""
        if self.counted:
            return self.limit is not None and self.product > self.limit
        if self.times is not None and (stated := self.ratio or self.stated):
            return self.times > SLACK * stated
        return self.limit is not None and self.product > SLACK * self.limit

    @property
    def target(self) -> str:
        """The target as text."""
        parts = [] if self.limit is None else [number(self.limit)]
        parts += [] if self.ratio is None else [f"{self.ratio:g} x"]
        return ", ".join(parts)


def number(value: float | None) -> str:
    """Return a value in three digits, "" for none."""
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as a Markdown table."""
    rows = [list(_HEAD), ["---", "---", *["--:"] * 4, "---"]]
    for figure in figures:
        times = "" if figure.times is None else f"{figure.times:.2f}"
        met = "" if not figure.target else "yes" if figure.met else "**no**"
        what = f"{figure.what} ({figure.note})" if figure.note else figure.what
        rows.append(
            [what, figure.unit, number(figure.floor), number(figure.product), times, figure.target, met],
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def failures(figures: Iterable[Figure]) -> list[str]:
    """Return a sentence for each figure that ``--check`` does not accept."""
    told = []
    for figure in figures:
        if figure.failed:
            times = "" if figure.times is None else f", {figure.times:.2f} times the floor"
            slack = "" if figure.counted else f" even {SLACK:g} times over"
            told.append(f"{figure.what}: {number(figure.product)} {figure.unit}{times}, beyond {figure.target}{slack}")
    return told


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the values (0 to 1) does not exceed, between two by proportion."""
    if not values:
        raise ValueError("there is no percentile of nothing")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def middle(values: Sequence[float]) -> float:
    """Return the median."""
    return float(median(values))
