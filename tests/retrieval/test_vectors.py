"""Vectors of the catalogue's model or of this machine; without them, and while they cannot be had, words count."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_frevagpt.domain.errors import ModelFailed
from jupyter_frevagpt.models.router import CatalogueModels
from jupyter_frevagpt.retrieval import embedding

from ..scripted import Scripted
from .conftest import MakeLibrary

SUN = "# Light\n\nSunshine duration is measured in hours.\n"
RAIN = "# Water\n\nPrecipitation is caught in a gauge.\n"


@pytest.fixture
def service(scripted: Callable[..., Scripted]) -> Scripted:
    return scripted({"rules": [], "models": ["text-embedding-3-small"]})


@pytest.fixture
def models(
    service: Scripted, tmp_path: Path, jp_asyncio_loop: asyncio.AbstractEventLoop
) -> Iterator[Callable[..., CatalogueModels]]:
    made: list[CatalogueModels] = []

    def make(**params: Any) -> CatalogueModels:
        path = tmp_path / "models.yaml"
        entry = {"model": "openai/vectors-1", "api_base": service.base, "api_key": "sk-vectors", **params}
        chats = {"model_name": "chats", "litellm_params": {"model": "openai/chats", "api_base": service.base}}
        embeds = {"model_name": "vectors", "litellm_params": entry, "model_info": {"mode": "embedding"}}
        path.write_text(json.dumps({"model_list": [chats, embeds]}))
        made.append(CatalogueModels(path))
        return made[-1]

    yield make
    for one in made:
        jp_asyncio_loop.run_until_complete(one.aclose())


async def test_the_catalogue_s_model_is_asked(models: Callable[..., CatalogueModels], service: Scripted) -> None:
    embedder = await models().embedder()
    assert embedder is not None
    assert (embedder.name, embedder.host) == ("vectors", "127.0.0.1")
    first, second, third = await embedder.embed(["much rain", "rain much", "sun"])
    assert first == second != third
    (asked,) = service.requests()
    assert asked["body"]["model"] == "vectors-1"
    assert asked["headers"]["authorization"] == "Bearer sk-vectors"
    assert await models().embedder("chats") is None
    assert (await models().embedder("vectors")) is not None


async def test_another_provider_is_asked_through_the_sdk(
    models: Callable[..., CatalogueModels], service: Scripted
) -> None:
    # A provider that LiteLLM reaches by the same protocol, but that does not count as plain.
    embedder = await models(model="nvidia_nim/vectors-2").embedder()
    assert type(embedder).__name__ == "SDKEmbedder"
    assert embedder is not None
    first, second = await embedder.embed(["much rain", "sun"])
    assert len(first) == len(second) == 64
    assert service.requests()[-1]["body"]["model"] == "vectors-2"


async def test_a_service_that_refuses_is_told_without_its_key(
    models: Callable[..., CatalogueModels], service: Scripted
) -> None:
    service.set_script([{"when": {"user": "x"}, "reply": [{"status": 401}]}])
    embedder = await models().embedder()
    assert embedder is not None
    with pytest.raises(ModelFailed, match="key") as failed:
        await embedder.embed(["x"])
    assert "sk-vectors" not in str(failed.value)
    assert "127.0.0.1" not in str(failed.value)


async def test_vectors_of_the_catalogue_s_model_find_and_change_with_it(
    models: Callable[..., CatalogueModels], library: MakeLibrary, corpus: Callable[..., Path], service: Scripted
) -> None:
    docs = library(corpus(sun=SUN, rain=RAIN), embedder=models().embedder)
    means = await docs.means()
    assert (means.way, means.model, means.host) == ("vectors and full text", "vectors", "127.0.0.1")
    found = await docs.search("sunshine hours", limit=2)
    assert (found.way, found.note) == ("vectors and full text", "")
    assert found.passages[0].source == "sun.md"
    assert len(found.passages) == 2  # by full text alone the other one would not be found
    sent = [text for asked in service.requests() for text in asked["body"]["input"]]
    assert "Light\nSunshine duration is measured in hours." in sent
    before = len(service.requests())
    await docs.search("gauge", limit=1)
    assert len(service.requests()) == before + 1  # the question alone
    service.set_script({"rules": [], "dimension": 32})
    later = library(corpus(sun=SUN, rain=RAIN), embedder=models().embedder)
    assert (await later.search("sunshine hours", limit=2)).passages[0].source == "sun.md"
    again = [text for asked in service.requests() for text in asked["body"]["input"]]
    assert "Light\nSunshine duration is measured in hours." in again  # vectors of another length: all are made anew
    (resource,) = await later.resources(counted=True)
    assert resource.passages == 2


async def test_without_its_answer_words_count(
    models: Callable[..., CatalogueModels], library: MakeLibrary, corpus: Callable[..., Path], service: Scripted
) -> None:
    docs = library(corpus(sun=SUN, rain=RAIN), embedder=models().embedder)
    service.kill()
    found = await docs.search("sunshine", limit=2)
    assert [one.source for one in found.passages] == ["sun.md"]
    assert found.way == "full text"
    assert "does not answer" in found.note


async def test_vectors_of_this_machine_find_what_other_words_say(
    library: MakeLibrary, corpus: Callable[..., Path]
) -> None:
    assert embedding.is_installed()
    docs = library(corpus(sun=SUN, rain=RAIN), local=True)
    assert await docs.means() == (await docs.means())
    assert (await docs.means()).model == embedding.MODEL
    found = await docs.search("how much did it drizzle", limit=1)
    assert found.passages[0].source == "rain.md"
    assert found.way == "vectors and full text"
    assert (await library(corpus(), local=False).search("how much did it drizzle", limit=1)).passages == []
