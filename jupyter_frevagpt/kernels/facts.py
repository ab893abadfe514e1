"""What a review is told about a kernel: asked of our helper in it, and believed only as far as it can be read."""

from __future__ import annotations

import logging
import posixpath
import re
from collections.abc import Iterable

import msgspec

from .injection import GuestFailed, GuestOps
from .meant import meant_files
from .replies import Meant, Reviewed
from .review import KernelFacts
from .review.known import BUILTINS

_log = logging.getLogger("jupyter_frevagpt.kernels")

_NAME = re.compile(r"[^\W\d]\w*")
_MOST_NAMES = 500
_CLAIMED = frozenset("numpy numpy.linalg numpy.fft pandas xarray matplotlib.pyplot math statistics".split())
"""Modules whose functions the kernel can vouch for."""
_NOT_CLAIMED = frozenset(("open", "display", "__name__"))  # IPython's own in each kernel
_UNSEEN = ("ast_transformers.", "events.")


class SiteFacts(msgspec.Struct, frozen=True):
    """What a site allows without a question.

    ``hosts`` may be reached, ``readable`` folders be read, and ``freva_host`` is where the kernel's Freva client goes
    when code does not say.
    """

    hosts: frozenset[str] = frozenset()
    freva_host: str = ""
    readable: tuple[str, ...] = ()


NOTHING_ALLOWED = SiteFacts()


async def facts_of(
    ops: GuestOps, code: str, site: SiteFacts = NOTHING_ALLOWED, *, made: Iterable[str] = ()
) -> KernelFacts | None:
    """Return what the kernel says of the names in the code, their sizes, its files and its own transform of the code.

    None where it does not answer, or where the code holds more names than can be asked about. ``made`` are the
    snapshots of this chat's runs: which chat made what, only the server knows; what of it is unchanged, the kernel.
    """
    names = set(_NAME.findall(code))
    if len(names) > _MOST_NAMES:
        return None
    try:
        told = await ops.review(
            code,
            builtin=sorted(names & BUILTINS - _NOT_CLAIMED),
            vouched=sorted(_CLAIMED),
            files=meant_files(code),
            made=list(made),
        )
        transformed = await _rewritten(ops, code, told) if told.transformers else told.transformed
    except GuestFailed as error:
        _log.info("a kernel told nothing for a review (%s)", error.reason)
        return None
    numbers = ops.capabilities.python.split(".")[:2] if ops.capabilities is not None else []
    python = (int(numbers[0]), int(numbers[1])) if len(numbers) == 2 and all(map(str.isdigit, numbers)) else None
    variables = {name: _short(kind) for name, kind in told.variables.items() if name in names}
    return KernelFacts(
        transformed=transformed,
        rewriters=tuple(told.transformers) if transformed is None else (),
        modules={name: module for name, module in told.modules.items() if name in names},
        variables=variables,
        changed=frozenset(told.changed),
        lazy=told.lazy,
        free_memory=told.memory_available,
        cwd=told.files.directory,
        files=frozenset(told.files.names) if told.files.complete else None,
        links=frozenset(_leading_out(told.files, site.readable)),
        hosts=site.hosts,
        readable=site.readable,
        freva_host=site.freva_host,
        own=frozenset(told.still) & frozenset(variables),
        python=python,
    )


async def _rewritten(ops: GuestOps, code: str, told: Reviewed) -> str | None:
    """Return the cell as functions of the user's rewrite it, None where that cannot be told.

    They are called where the user's cells run, never beside one of them.
    """
    if told.running or any(name.startswith(_UNSEEN) for name in told.transformers):
        return None
    try:
        return await ops.transform(code, channel="shell")
    except GuestFailed:
        return None


def _leading_out(listing: Meant, readable: Iterable[str]) -> Iterable[str]:
    """Yield the links that lead to where one may not read: out of the folder, or to what is hidden in it."""
    folders = [posixpath.normpath(folder) + "/" for folder in (listing.directory, *readable) if folder.strip("/")]
    for name, target in listing.links.items():
        inside = [target.removeprefix(folder) for folder in folders if target.startswith(folder)]
        if not inside or any(part.startswith(".") for part in inside[0].split("/")):
            yield name


def _short(kind: str) -> str:
    """Return a type as reviews know it: ``xarray.Dataset`` for ``xarray.core.dataset.Dataset``."""
    root, _, rest = kind.partition(".")
    return f"{root}.{rest.rpartition('.')[2]}" if rest else root
