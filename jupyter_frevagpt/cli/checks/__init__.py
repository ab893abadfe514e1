"""The looks of ``jupyter frevagpt check``, one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from . import data, helpers, kernels, models
from .finding import Finding

if TYPE_CHECKING:
    from ...app import FrevaGPT

__all__ = ["Finding", "examine"]


async def examine(settings: FrevaGPT, *, ask: bool, kernel: str | None) -> AsyncIterator[Finding]:
    """Yield what was found; ``kernel`` is a kernel spec, "" for the configured one, None for no kernel at all."""
    looks: list[AsyncIterator[Finding] | Iterator[Finding]] = [
        models.catalogue(settings, ask=ask),
        data.folder(settings),
        data.store(settings),
        data.prompts(settings),
        helpers.mcp_servers(settings),
        helpers.processes(),
        helpers.local_model(settings),
    ]
    if kernel is not None:
        looks.append(kernels.environment(settings, kernel))
    for look in looks:
        try:
            if isinstance(look, AsyncIterator):
                async for finding in look:
                    yield finding
            else:
                for finding in look:
                    yield finding
        except Exception as error:  # noqa: BLE001 - one look that breaks is a finding, not the end
            yield Finding("FAIL", "check", f"a look at this broke off ({type(error).__name__}). Report it.")
