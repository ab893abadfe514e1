"""Says in words what a piece of code may do in the user's kernel, before it runs: an explanation, not a wall.

``review(code, facts)`` is pure: it reads the code's syntax tree and what the kernel told, runs nothing, never raises.
Code is *harmless* only when every part of it is of a known kind; whatever is not known asks.
"""

from .findings import ADDRESSES, PRINTED
from .reading import review
from .report import KernelFacts, Reason, Review, Touch

__all__ = ["ADDRESSES", "PRINTED", "KernelFacts", "Reason", "Review", "Touch", "review"]
