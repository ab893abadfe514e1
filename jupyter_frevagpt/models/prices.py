"""What LiteLLM's own table knows of models, read as a file: the library itself is never imported here."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

TABLE = "model_prices_and_context_window_backup.json"


class Known(msgspec.Struct, frozen=True):
    """What is known of one model; None where the table does not say."""

    litellm_provider: str | None = None
    mode: str | None = None
    supports_vision: bool | None = None
    supports_web_search: Any = None
    input_cost_per_token: Any = None
    output_cost_per_token: Any = None


class Prices:
    """The table, by the names that LiteLLM uses, and the providers that LiteLLM has."""

    def __init__(self, models: dict[str, Known], providers: frozenset[str]) -> None:
        self._models = models
        self.providers = providers

    def find(self, names: Iterable[str]) -> Known:
        """Return the first name's row that there is; a name counts with its provider and without."""
        for name in names:
            for candidate in (name, name.partition("/")[2]):
                if known := self._models.get(candidate):
                    return known
        return Known()


class PriceFile:
    """Reads the table at first use, in a thread: it is 3 MB."""

    def __init__(self) -> None:
        self._prices: Prices | None = None
        self._reading = asyncio.Lock()

    async def prices(self) -> Prices:
        """Return the table, an empty one where LiteLLM is not installed."""
        async with self._reading:
            if self._prices is None:
                self._prices = await asyncio.to_thread(read_prices)
        return self._prices


def read_prices() -> Prices:
    """Return the table of the installed LiteLLM, an empty one without it."""
    spec = importlib.util.find_spec("litellm")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place)
        try:
            rows = msgspec.json.decode((folder / TABLE).read_bytes(), type=dict[str, Known])
            named = {entry.name for entry in (folder / "llms").iterdir() if entry.is_dir()}
        except (OSError, msgspec.DecodeError):
            continue
        return Prices(rows, frozenset(named | {row.litellm_provider for row in rows.values() if row.litellm_provider}))
    return Prices({}, frozenset())
