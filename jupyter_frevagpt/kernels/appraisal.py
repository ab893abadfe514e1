"""What code may do in one kernel, as far as that can be told there."""

from __future__ import annotations

import asyncio

from ..domain.values import CodeReview, ReviewReason
from .about import KernelAbout
from .review import ADDRESSES, PRINTED, KernelFacts, review


async def appraise(code: str, about: KernelAbout, facts: KernelFacts | None) -> CodeReview:
    """Return what the code may do; without ``facts`` of the kernel, and in other languages, none is called harmless."""
    if not about.python:
        reason = f"{about.sentence} What the code does cannot be told."
        return CodeReview(False, (ReviewReason("unknown", reason, 1),), standing=False, touches=None)
    told = await asyncio.to_thread(review, code, facts or KernelFacts())
    reasons = [ReviewReason(each.kind, each.text, each.line, each.asks) for each in told.reasons]
    if facts is None:
        reasons.append(ReviewReason("unknown", "The kernel does not tell what the names in it are now.", 1))
    touches = None if told.touches_all else tuple(dict.fromkeys(touch.name for touch in told.touches))
    harmless = told.harmless and facts is not None
    outside = tuple(source for source in told.reads if _online(source, code))
    return CodeReview(harmless, tuple(reasons), not told.never_standing, touches, told.reads, outside)


def _online(source: str, code: str) -> bool:
    """Whether text that code brings in comes over the network: from an address, or a program that was given one."""
    return source.startswith(ADDRESSES) or (source == PRINTED and "://" in code)
