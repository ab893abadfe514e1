"""What a model gets to see of a turn's runs: outputs within a budget, the newest figures small."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from ..domain.variants import CodeOutput, Image, StreamVariant, ToolOutput, User
from .context import pictured, pictures_of, shortened
from .digest import digest
from .pictures import PICTURES, Pictures

_WHOLE = 5
_OLDER = 25
_AT_ONCE = 20_000
_LEFT_OUT = "[an old output of {:,} characters was left out here]"


class Budget(msgspec.Struct, frozen=True):
    """How much of what runs showed is sent with one request.

    ``output_chars`` is for one output of the question being answered, ``older_output_chars`` for one of earlier
    questions; ``images`` is how many figures are sent, the newest ones, at most ``image_pixels`` wide and high.
    """

    output_chars: int = 20_000
    older_output_chars: int = 2_000
    images: int = 4
    image_pixels: int = 1024


class Sight:
    """Prepares a thread's items for a model; each output is worked on once a turn, long ones off the event loop."""

    def __init__(self, budget: Budget, *, vision: bool, pictures: Pictures = PICTURES) -> None:
        self._budget = budget
        self._vision = vision
        self._pictures = pictures
        # By identity, which stays one as long as the item is held.
        self._digests: dict[tuple[int, int], tuple[StreamVariant, str]] = {}

    async def of(self, items: Sequence[StreamVariant]) -> list[StreamVariant]:
        """Return the items with digests for outputs and small figures; a figure that is not sent has no content."""
        seen = list(items)
        limits = allotted(items, self._budget)
        new = [(items[at], limit) for at, limit in limits.items() if (id(items[at]), limit) not in self._digests]
        if sum(len(_text(item)) for item, _ in new) > _AT_ONCE:
            await asyncio.to_thread(self._learn, new)
        else:
            self._learn(new)
        for at, limit in limits.items():
            text = self._digests[id(items[at]), limit][1]
            seen[at] = msgspec.structs.replace(items[at], content=text)
        question = max((at for at, item in enumerate(items) if isinstance(item, User)), default=0)
        for at, item in enumerate(items[:question]):
            if isinstance(item, User) and item.context:
                seen[at] = shortened(item, self._budget.older_output_chars)
        figures = [(at, picture) for at, item in enumerate(items) for picture in _pictures(item)]
        count = min(self._budget.images, len(figures)) if self._vision else 0
        sent = figures[len(figures) - count :]
        small = await self._pictures.small([picture for _, picture in sent], self._budget.image_pixels)
        shown: dict[int, list[str]] = {}
        for (at, _), picture in zip(figures, [""] * (len(figures) - count) + small, strict=True):
            shown.setdefault(at, []).append(picture)
        for at, pictures in shown.items():
            seen[at] = _with(seen[at], pictures)
        return seen

    def _learn(self, new: Sequence[tuple[StreamVariant, int]]) -> None:
        for item, limit in new:
            text = _text(item)
            told = digest(text, limit) if limit else _LEFT_OUT.format(len(text))
            self._digests[id(item), limit] = item, told


def _text(item: StreamVariant) -> str:
    return item.content if isinstance(item, CodeOutput | ToolOutput) else ""


def _pictures(item: StreamVariant) -> list[str]:
    """Return the pictures of an item: a run's, or those that went with a question."""
    if isinstance(item, Image):
        return [item.content]
    return pictures_of(item) if isinstance(item, User) else []


def _with(item: StreamVariant, pictures: Sequence[str]) -> StreamVariant:
    """Return an item with these pictures in the places of its own, "" for one that is not sent."""
    return pictured(item, pictures) if isinstance(item, User) else Image(pictures[0], getattr(item, "id", ""))


def allotted(items: Sequence[StreamVariant], budget: Budget) -> dict[int, int]:
    """Return how many characters each output may have, by its place: fewer for older ones, 0 for the oldest.

    Within a question only a run of many long outputs changes what was sent before, so that a service's cache of the
    beginning of a request serves every round.
    """
    older = min(budget.older_output_chars, budget.output_chars)
    question = max((at for at, item in enumerate(items) if isinstance(item, User)), default=0)
    limits: dict[int, int] = {}
    whole, shortened = budget.output_chars * _WHOLE, older * _OLDER
    for at in range(len(items) - 1, -1, -1):
        size = len(_text(items[at]))
        if not size:
            continue
        if at > question and whole > 0:
            limits[at] = budget.output_chars
            whole -= min(size, budget.output_chars)
        elif shortened > 0 or size <= len(_LEFT_OUT):
            limits[at] = older
            shortened -= min(size, older)
        else:
            limits[at] = 0
    return limits
