"""What a review is told about a kernel: asked of our helper in it, and believed only as far as it can be read."""

from __future__ import annotations

import logging
import re

from .injection import GuestFailed, GuestOps
from .review import KernelFacts

_log = logging.getLogger("jupyter_frevagpt.kernels")

_NAME = re.compile(r"[^\W\d]\w*")
_MOST_NAMES = 500
_MOST_BYTES = 400_000


async def facts_of(ops: GuestOps, code: str) -> KernelFacts | None:
    """Return what the kernel says of the names in the code, their sizes, its files and its own transform of the code.

    None where it does not answer, or where the code holds more names than can be asked about.
    """
    names = sorted(set(_NAME.findall(code)))
    if len(names) > _MOST_NAMES:
        return None
    try:
        described = await ops.describe(names=names, depth=1, max_vars=_MOST_NAMES, max_bytes=_MOST_BYTES)
        lazy = [variable.name for variable in described.variables if variable.lazy]
        told = await ops.review_facts({}, lazy)
        transformed = await ops.transform(code)
        listing = await ops.files()
    except GuestFailed as error:
        _log.info("a kernel told nothing for a review (%s)", error.reason)
        return None
    numbers = ops.capabilities.python.split(".")[:2] if ops.capabilities is not None else []
    python = (int(numbers[0]), int(numbers[1])) if len(numbers) == 2 and all(map(str.isdigit, numbers)) else None
    return KernelFacts(
        transformed=transformed,
        modules={each.name: each.module or "" for each in described.variables if each.kind == "module"},
        variables={each.name: _short(each.type) for each in described.variables if each.kind != "module"},
        lazy={name: size.bytes for name, size in told.sizes.items() if size.lazy and size.bytes is not None},
        free_memory=told.memory_available,
        cwd=told.directory,
        files=frozenset(listing.files) if listing.complete else None,
        python=python,
    )


def _short(kind: str) -> str:
    """Return a type as reviews know it: ``xarray.Dataset`` for ``xarray.core.dataset.Dataset``."""
    root, _, rest = kind.partition(".")
    return f"{root}.{rest.rpartition('.')[2]}" if rest else root
