"""The catalogue: a LiteLLM config file, read anew whenever it changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from ..domain.errors import CatalogueUnreadable
from ..domain.values import ModelInfo
from .prices import Known, PriceFile, Prices
from .secret import Secret
from .service import Costs, costs_of

MAX_BYTES = 1024 * 1024

CHAT_MODES = (None, "", "chat", "completion", "responses")


class Entry(msgspec.Struct, frozen=True):
    """A model of the catalogue; ``params`` are its ``litellm_params``, which may hold keys.

    ``costs`` are dollars a token, read and written, None where nobody knows them; ``searches`` tells that its service
    can search the web for it.
    """

    info: ModelInfo
    params: Secret[dict[str, Any]]
    costs: Costs = (None, None)
    searches: bool = False


class Catalogue:
    """The entries of one file.

    ``path`` is None where no file is configured; with ``required=False`` a file that is not there counts as none. Of
    the file only the entries are used: callbacks, guardrails and everything else that would load code is ignored.
    """

    def __init__(self, path: Path | None, *, required: bool = True, prices: PriceFile | None = None) -> None:
        self._path = path
        self._required = required
        self._prices = prices or PriceFile()
        self._read: tuple[tuple[int, int, int], list[Entry]] | None = None
        self._reading = asyncio.Lock()

    async def entries(self) -> list[Entry] | None:
        """Return the entries in the file's order, each name once, None where there is no file.

        Raises CatalogueUnreadable, with the file's name but not its folder.
        """
        if self._path is None:
            return None
        async with self._reading:
            prices = await self._prices.prices()
            return await asyncio.to_thread(self._current, self._path, prices)

    def _current(self, path: Path, prices: Prices) -> list[Entry] | None:
        try:
            status = path.stat()
        except FileNotFoundError:
            if self._required:
                raise CatalogueUnreadable(
                    f"The model catalogue {path.name} is not there. Put the file where the server was told to find it, "
                    "or correct its path."
                ) from None
            return None
        except OSError as error:
            raise _unreadable(path, error) from None
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if self._read is None or self._read[0] != stamp:
            self._read = (stamp, read_entries(path, prices))
        return self._read[1]


def read_entries(path: Path, prices: Prices) -> list[Entry]:
    """Return the entries of a file; raises CatalogueUnreadable."""
    import yaml  # here, because the event loop imports this module

    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, error) from None
    if len(data) > MAX_BYTES:
        raise CatalogueUnreadable(f"The model catalogue {path.name} is larger than 1 MB. Is it the right file?")
    try:
        # safe_load's loader, in C where there is one: tags that would make Python objects are errors.
        document = yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise CatalogueUnreadable(f"The model catalogue {path.name} is not plain YAML{where}. Correct it.") from None
    entries: dict[str, Entry] = {}
    for node in _nodes(document):
        entries.setdefault(_name(node), _entry(node, prices))
    if not entries:
        raise CatalogueUnreadable(
            f"The model catalogue {path.name} lists no model. Add an entry with model_name and litellm_params."
        )
    return list(entries.values())


def _unreadable(path: Path, error: OSError) -> CatalogueUnreadable:
    return CatalogueUnreadable(
        f"The model catalogue {path.name} cannot be read ({error.strerror}). Make it a file that the server may read."
    )


def _nodes(document: object) -> Iterator[Mapping[str, Any]]:
    """Yield every mapping with a model name, at any depth, in order.

    Each node once: with YAML's aliases a small file can hold more paths than there is time for, or contain itself.
    """
    seen: set[int] = set()
    pending = [document]
    while pending:
        node = pending.pop()
        if not isinstance(node, dict | list) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, list):
            pending += reversed(node)
            continue
        if _name(node):
            yield node
        pending += reversed(node.values())


def _name(node: Mapping[Any, Any]) -> str:
    name = node.get("model_name")
    return str(name).strip() if isinstance(name, str | int | float) and not isinstance(name, bool) else ""


def _entry(node: Mapping[str, Any], prices: Prices) -> Entry:
    name = _name(node)
    params = node.get("litellm_params")
    params = {str(key): value for key, value in params.items()} if isinstance(params, dict) else {}
    told = node.get("model_info")
    told = told if isinstance(told, dict) else {}
    model = str(params.get("model") or name)
    base = told.get("base_model")
    known = prices.find([*([base] if isinstance(base, str) else []), model, name])
    costs = costs_of(known, params, told)
    return Entry(
        described(name, model, told, prices), Secret(params), costs, searches_of(known, f"{model} {base}", told)
    )


def searches_of(known: Known, names: str, told: Mapping[str, Any]) -> bool:
    """Return whether a model's service can search the web: as ``model_info`` tells, else as LiteLLM's table does."""
    said = told.get("supports_web_search")
    if isinstance(said, bool):
        return said
    # OpenAI's other models do that over another protocol only.
    over_chat = known.litellm_provider not in ("openai", "azure") or "search" in names
    return known.supports_web_search is True and over_chat


def described(name: str, model: str, told: Mapping[str, Any], prices: Prices) -> ModelInfo:
    """Return what is known of a model: as its ``model_info`` tells, else as LiteLLM's table does."""
    base = told.get("base_model")
    known = prices.find([*([base] if isinstance(base, str) else []), model, name])
    vision = told.get("supports_vision")
    return ModelInfo(
        name=name,
        note=str(told.get("note") or ""),
        vision=bool(known.supports_vision if vision is None else vision),
        tools=told.get("supports_function_calling") is not False,
        chat=(told.get("mode") or known.mode) in CHAT_MODES,
        embeds=(told.get("mode") or known.mode) == "embedding",
        prompt_set=str(told.get("prompt_set") or ""),
    )
