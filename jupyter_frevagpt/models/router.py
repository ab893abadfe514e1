"""The models of this server: those of the catalogue, or of the proxy, and those of further sources."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import msgspec

from ..domain.errors import BadRequest, CatalogueUnreadable
from ..domain.protocols import ChatModel, Embedder
from ..domain.values import ModelInfo, Service
from ..workers.host import Worker
from .catalogue import Catalogue, Entry, described, searches_of
from .connections import Connections, whole
from .destination import OWN_ADDRESS, destination, endpoint, proxy_base, sdk_params
from .embedding import OpenAIEmbedder, SDKEmbedder
from .failures import Refusal, message_in
from .fenced import FencedChat
from .openai_protocol import Endpoint, OpenAIChat
from .prices import PriceFile
from .sdk import ENVIRONMENT, MODULE, SDKChat
from .secret import Secret
from .service import costs_of, service_at
from .variables import ALLOWED, Variables

SEARCHING = {"web_search_options": {"search_context_size": "medium"}}
"""What a request holds that is to be answered from the web."""

LISTED_SECONDS = 30.0
"""How long a proxy's list of models is used."""


class ModelSource(Protocol):
    """Models that stand behind those of the catalogue, the embedded one for example."""

    async def list(self) -> list[ModelInfo]:
        """Return its models in order."""

    async def chat(self, name: str) -> ChatModel:
        """Return a model of its list."""


class CatalogueModels:
    """Implements the protocol ``Models``.

    ``path`` is the catalogue's file (None: none is configured); with ``required=False`` it may be missing. With
    ``proxy_address`` every name is asked there with ``proxy_key``, and without a file the proxy tells the names; else
    each entry's ``litellm_params`` count. ``environment`` holds the variables of the server's start, those too that
    were taken out of ``os.environ``; ``allowed`` are patterns of the names that a catalogue may refer to.
    ``read_seconds`` is how long a service may be silent, ``idle_seconds`` how long LiteLLM's helper is kept.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        required: bool = True,
        proxy_address: str = "",
        proxy_key: Secret[str] | None = None,
        environment: Mapping[str, str] | None = None,
        allowed: Sequence[str] = ALLOWED,
        extra: Sequence[ModelSource] = (),
        read_seconds: float = 300.0,
        idle_seconds: float = 300.0,
    ) -> None:
        self._prices = PriceFile()
        self._catalogue = Catalogue(path, required=required, prices=self._prices)
        self._proxy_address = proxy_address.strip()
        self._proxy_key = proxy_key or Secret("")
        self._variables = Variables(environment or {}, allowed)
        self._extra = tuple(extra)
        self._read_seconds = read_seconds
        self._connections = Connections()
        # The helper gets keys in frames only: LiteLLM would send those of its environment to any address.
        without_keys = {name: None for name in environment or {} if name.endswith("_API_KEY")}
        self._worker = Worker(MODULE, idle_seconds=idle_seconds, environment={**without_keys, **ENVIRONMENT})
        self._listed: tuple[float, list[Entry]] | None = None
        self._listing = asyncio.Lock()

    async def list(self) -> list[ModelInfo]:
        """Return the models, each name once, those of further sources last; raises CatalogueUnreadable."""
        infos = {entry.info.name: entry.info for entry in await self._entries()}
        for source in self._extra:
            for info in await source.list():
                infos.setdefault(info.name, info)
        return [*infos.values()]

    async def services(self) -> dict[str, Service]:
        """Return where each model is asked and what it costs; those of further sources work inside this server."""
        prices = await self._prices.prices()
        found: dict[str, Service] = {}
        for entry in await self._entries():
            params = entry.params.reveal()
            address = self._proxy_address
            if not address:
                to = destination(params, entry.info.name, prices)
                address = self._variables.or_nothing(params.get("api_base") or params.get("base_url"))
                address = address or OWN_ADDRESS.get(to.provider) or to.provider
            found.setdefault(entry.info.name, service_at(address, entry.costs))
        for source in self._extra:
            for info in await source.list():
                found.setdefault(info.name, Service(local=True))
        return found

    async def chat(self, name: str) -> ChatModel:
        """Return the model of that name; raises BadRequest for one that is not there or only embeds."""
        for entry in await self._entries():
            if entry.info.name == name:
                if not entry.info.chat:
                    raise BadRequest(f"The model {name} cannot chat. {await self._choices()}")
                model = await self._model(entry)
                return model if entry.info.tools else FencedChat(model)
        for source in self._extra:
            if any(info.name == name and info.chat for info in await source.list()):
                return await source.chat(name)
        shown = "".join(c for c in name if c.isprintable())[:80]
        raise BadRequest(f"There is no model named {shown}. {await self._choices()}")

    async def embedder(self, name: str = "") -> Embedder | None:
        """Return the model of that name that makes vectors, the first one where none is named, None without one."""
        entry = next((one for one in await self._entries() if one.info.embeds and name in ("", one.info.name)), None)
        if entry is None:
            return None
        service = (await self.services())[entry.info.name]
        told = (entry.info.name, service.host)
        if self._proxy_address:
            return OpenAIEmbedder(*told, self._connections, partial(self._at_proxy, entry.info.name))
        params = entry.params.reveal()
        to = destination(params, entry.info.name, await self._prices.prices())
        if to.direct:
            find = partial(endpoint, params, to, self._variables, self._read_seconds)
            return OpenAIEmbedder(*told, self._connections, find)
        find_params = partial(sdk_params, params, entry.info.name, to, self._variables, self._read_seconds)
        return SDKEmbedder(*told, self._worker, find_params)

    async def searching(self, name: str) -> ChatModel | None:
        """Return the model of that name as one that searches the web before it answers, None where it cannot."""
        for entry in await self._entries():
            if entry.info.name == name and entry.info.chat and entry.searches:
                return await self._model(entry, SEARCHING)
        return None

    async def aclose(self) -> None:
        """Close the connections and end the helper."""
        await self._connections.aclose()
        await self._worker.close()

    async def _model(self, entry: Entry, more: Mapping[str, Any] | None = None) -> ChatModel:
        if self._proxy_address:
            return OpenAIChat(self._connections, partial(self._at_proxy, entry.info.name), more)
        params = entry.params.reveal()
        to = destination(params, entry.info.name, await self._prices.prices())
        if to.direct:
            there = partial(endpoint, params, to, self._variables, self._read_seconds)
            return OpenAIChat(self._connections, there, more)
        find = partial(sdk_params, params, entry.info.name, to, self._variables, self._read_seconds)
        return SDKChat(self._worker, find, self._read_seconds, more)

    def _at_proxy(self, name: str) -> Endpoint:
        try:
            base = proxy_base(self._proxy_address)
        except Refusal as refusal:
            raise refusal.explained() from None
        return Endpoint(base=base, model=name, key=self._proxy_key, read_seconds=self._read_seconds)

    async def _entries(self) -> Sequence[Entry]:
        entries = await self._catalogue.entries()
        if entries is None:
            return await self._at_proxy_listed() if self._proxy_address else []
        return entries

    async def _at_proxy_listed(self) -> Sequence[Entry]:
        async with self._listing:
            now = time.monotonic()
            if self._listed is None or now - self._listed[0] > LISTED_SECONDS:
                try:
                    names = await self._names_at_proxy()
                except Refusal as refusal:
                    text = refusal.explained((self._proxy_key.reveal(), self._proxy_address))
                    raise CatalogueUnreadable(f"The proxy's list of models cannot be read. {text}") from None
                prices = await self._prices.prices()
                entries = [
                    Entry(
                        described(name, name, {}, prices),
                        Secret({}),
                        costs_of(known := prices.find([name])),
                        searches_of(known, name, {}),
                    )
                    for name in names
                ]
                self._listed = (now, entries)
            return self._listed[1]

    async def _names_at_proxy(self) -> Sequence[str]:
        response = await self._connections.open(
            proxy_base(self._proxy_address) + "/models", key=self._proxy_key.reveal(), headers={}, read_seconds=10.0
        )
        try:
            body = await whole(response)
        finally:
            await response.aclose()
        if response.status_code != 200:
            raise Refusal(response.status_code, message_in(body))
        try:
            rows = msgspec.json.decode(body, type=_Rows).data
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Refusal(case="nonsense") from None
        names = [*dict.fromkeys(row.id for row in rows if row.id)]
        if not names:
            raise CatalogueUnreadable("The proxy lists no model. Add one to it, or configure a catalogue.")
        return names

    async def _choices(self) -> str:
        names = [info.name for info in await self.list() if info.chat]
        if not names:
            return "No model that can chat is configured: add one to the catalogue."
        return f"Choose one of: {', '.join(names)}."


class _Row(msgspec.Struct):
    id: str = ""


class _Rows(msgspec.Struct):
    data: list[_Row]
