"""Which way a model is asked, with what, and what is said when there is none of that name."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from jupyter_frevagpt.domain.errors import BadRequest, CatalogueUnreadable, ModelFailed
from jupyter_frevagpt.domain.protocols import ChatModel, Message, Models
from jupyter_frevagpt.domain.values import ModelChunk, ModelInfo, ToolSpec
from jupyter_frevagpt.models.destination import Destination, destination, endpoint, proxy_base, sdk_params
from jupyter_frevagpt.models.failures import TEXTS, Refusal
from jupyter_frevagpt.models.prices import read_prices
from jupyter_frevagpt.models.router import CatalogueModels
from jupyter_frevagpt.models.secret import Secret
from jupyter_frevagpt.models.variables import Variables
from tests.scripted import Scripted

Start = Callable[..., Scripted]

PRICES = read_prices()
QUESTION: list[Message] = [{"role": "user", "content": "What?"}]


@asynccontextmanager
async def models(path: Path | None = None, **settings: Any) -> AsyncGenerator[CatalogueModels, None]:
    found = CatalogueModels(path, **settings)
    try:
        yield found
    finally:
        await found.aclose()


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "models.yaml"
    path.write_text(text)
    return path


async def ask(model: ChatModel, tools: Sequence[ToolSpec] = ()) -> str:
    async with aclosing(model.stream(QUESTION, tools)) as pieces:
        return "".join([piece.text async for piece in pieces])


class Local:
    """A further source."""

    async def list(self) -> Any:
        return [ModelInfo("local", note="small"), ModelInfo("shared", note="hidden"), ModelInfo("vectors", chat=False)]

    async def chat(self, name: str) -> Any:
        return Echo(name)


class Echo:
    """A model that says its own name."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def stream(self, messages: list[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[ModelChunk, None]:
        yield ModelChunk(self.name)


@pytest.mark.parametrize(
    ("params", "to"),
    [
        ({"model": "openai/gpt-4o"}, Destination(True, "openai", "gpt-4o")),
        ({"model": "gpt-4o"}, Destination(True, "openai", "gpt-4o")),
        ({"model": "openai/org/model", "api_base": "http://x"}, Destination(True, "openai", "org/model")),
        ({"model": "hosted_vllm/org/m", "api_base": "http://x"}, Destination(True, "hosted_vllm", "org/m")),
        ({"model": "hosted_vllm/org/m"}, Destination(False, "hosted_vllm", "org/m")),
        ({"model": "ollama/llama3"}, Destination(True, "ollama", "llama3")),
        ({"model": "ollama_chat/llama3:8b"}, Destination(True, "ollama_chat", "llama3:8b")),
        ({"model": "mine", "api_base": "http://x"}, Destination(True, "openai", "mine")),
        ({"model": "meta-llama/Llama-3", "api_base": "http://x"}, Destination(True, "openai", "meta-llama/Llama-3")),
        ({"api_base": "http://x"}, Destination(True, "openai", "the-name")),
        ({"model": "anthropic/claude-x"}, Destination(False, "anthropic", "claude-x")),
        ({"model": "anthropic/claude-x", "api_base": "http://x"}, Destination(False, "anthropic", "claude-x")),
        ({"model": "claude-sonnet-4-5"}, Destination(False, "anthropic", "claude-sonnet-4-5")),
        ({"model": "azure/mine", "api_base": "http://x"}, Destination(False, "azure", "mine")),
        ({"model": "text-completion-openai/x"}, Destination(False, "text-completion-openai", "x")),
        ({"model": "openai/responses/gpt-5"}, Destination(False, "openai", "responses/gpt-5")),
        ({"model": "nobody/knows"}, Destination(False, "", "nobody/knows")),
        ({"model": "x", "custom_llm_provider": "mistral"}, Destination(False, "mistral", "x")),
        ({"model": "x", "custom_llm_provider": "openai", "base_url": "http://x"}, Destination(True, "openai", "x")),
    ],
)
def test_which_way(params: dict[str, Any], to: Destination) -> None:
    assert destination(params, "the-name", PRICES) == to


def test_what_a_direct_request_takes_from_an_entry() -> None:
    params = {
        "model": "openai/m",
        "api_base": "http://x:1/",
        "api_key": "os.environ/SITE_API_KEY",
        "temperature": 0.2,
        "max_tokens": 100,
        "top_p": None,
        "rpm": 7,
        "organization": "org",
        "extra_headers": {"X-A": "b"},
        "extra_body": {"chat_template_kwargs": {"thinking": False}},
        "stream_timeout": 9,
        "callbacks": "evil.module",
    }
    to = destination(params, "n", PRICES)
    where = endpoint(params, to, Variables({"SITE_API_KEY": "canary"}), 5)
    assert (where.base, where.model, where.key.reveal(), where.read_seconds) == ("http://x:1/v1", "m", "canary", 9)
    assert where.options == {"temperature": 0.2, "max_tokens": 100, "chat_template_kwargs": {"thinking": False}}
    assert where.headers.reveal() == {"X-A": "b", "OpenAI-Organization": "org"}
    assert "canary" not in repr(where)


def test_a_providers_own_key_goes_to_its_own_address_only() -> None:
    variables = Variables({"OPENAI_API_KEY": "canary", "ANTHROPIC_API_KEY": "canary"})
    for model in ("openai/m", "anthropic/m"):
        for address in ({}, {"api_base": "http://evil.example"}):
            params = {"model": model, **address}
            to = destination(params, "n", PRICES)
            if to.direct:
                key: object = endpoint(params, to, variables, 5).key.reveal()
            else:
                key = sdk_params(params, "n", to, variables, 5).reveal().get("api_key", "")
            assert key == ("" if address else "canary")


def test_what_the_sdk_gets_from_an_entry() -> None:
    params = {
        "model": "bedrock/m",
        "aws_region_name": "eu",
        "api_version": "v",
        "temperature": 0.1,
        "custom_llm_provider": "bedrock",
        "callbacks": ["evil.module"],
        "success_callback": ["evil"],
        "custom_handler": "evil",
        "guardrails": ["evil"],
        "mock_response": "x",
        "litellm_logging_obj": "x",
        "num_retries": 9,
        "stream": False,
        "tags": ["a"],
    }
    found = sdk_params(params, "n", destination(params, "n", PRICES), Variables({}), 5)
    assert found.reveal() == {
        "model": "bedrock/m",
        "aws_region_name": "eu",
        "api_version": "v",
        "temperature": 0.1,
        "custom_llm_provider": "bedrock",
        "timeout": 5,
    }
    assert "bedrock" not in repr(found)


def test_address_of_a_proxy() -> None:
    assert proxy_base("http://x:4000") == "http://x:4000/v1"
    assert proxy_base("http://x:4000/") == "http://x:4000/v1"
    assert proxy_base("https://x/llm/v1/") == "https://x/llm/v1"
    assert proxy_base("https://x/llm") == "https://x/llm/v1"
    with pytest.raises(Refusal):
        proxy_base("x:4000")


async def test_nothing_configured() -> None:
    async with models() as found:
        assert await found.list() == []
        with pytest.raises(BadRequest, match="No model that can chat is configured"):
            await found.chat("x")


async def test_catalogue_then_further_sources(tmp_path: Path) -> None:
    text = "- model_name: shared\n- {model_name: embeds, model_info: {mode: embedding}}\n"
    async with models(written(tmp_path, text), extra=[Local()]) as found:
        checked: Models = found
        assert [info.name for info in await checked.list()] == ["shared", "embeds", "local", "vectors"]
        assert (await found.list())[0].note == ""
        assert await ask(await found.chat("local")) == "local"
        for name in ("nobody", "embeds", "vectors", "", "a\nb"):
            with pytest.raises(BadRequest, match=r"Choose one of: shared, local\."):
                await found.chat(name)


async def test_unreadable_catalogue(tmp_path: Path) -> None:
    async with models(tmp_path / "none.yaml", extra=[Local()]) as found:
        with pytest.raises(CatalogueUnreadable):
            await found.list()
        with pytest.raises(CatalogueUnreadable):
            await found.chat("local")
    async with models(tmp_path / "none.yaml", required=False, extra=[Local()]) as found:
        assert await ask(await found.chat("local")) == "local"


async def test_direct_and_fenced_and_sdk_from_one_file(tmp_path: Path, scripted: Start) -> None:
    service = scripted(
        [
            {"when": {"system": "fenced block"}, "reply": [{"text": "code:\n```python\n1\n```\nlies"}]},
            {"reply": [{"text": "hello"}]},
        ]
    )
    text = f"""
- {{model_name: direct, litellm_params: {{model: openai/a, api_base: "{service.url}", api_key: os.environ/A_API_KEY}}}}
- model_name: toolless
  litellm_params: {{model: ollama/b, api_base: "{service.url}/"}}
  model_info: {{supports_function_calling: false}}
- {{model_name: other, litellm_params: {{model: anthropic/c, api_base: "{service.url}", api_key: sk-literal}}}}
- {{model_name: unset, litellm_params: {{model: openai/a, api_base: "{service.url}", api_key: os.environ/B_API_KEY}}}}
- {{model_name: nowhere, litellm_params: {{model: openai/a, api_base: "not an address"}}}}
"""
    async with models(written(tmp_path, text), environment={"A_API_KEY": "key-a"}) as found:
        assert await ask(await found.chat("direct")) == "hello"
        assert await ask(await found.chat("toolless"), [ToolSpec("code_interpreter", "", {})]) == "code:\n"
        assert await ask(await found.chat("other")) == "hello"
        with pytest.raises(ModelFailed, match="B_API_KEY"):
            await ask(await found.chat("unset"))
        with pytest.raises(ModelFailed, match="not a web address"):
            await ask(await found.chat("nowhere"))
    first, second, third = service.requests()
    assert (first["body"]["model"], first["headers"]["authorization"]) == ("a", "Bearer key-a")
    assert (second["body"]["model"], "authorization" in second["headers"]) == ("b", False)
    assert (third["path"], third["headers"]["x-api-key"]) == ("/v1/messages", "sk-literal")


async def test_proxy_is_asked_for_every_name_of_the_file(tmp_path: Path, scripted: Start) -> None:
    service = scripted([{"reply": [{"text": "hello"}]}])
    text = "- {model_name: a, litellm_params: {model: anthropic/claude-x, api_key: os.environ/NOT_SET}}"
    async with models(written(tmp_path, text), proxy_address=service.url, proxy_key=Secret("proxy-key")) as found:
        assert await ask(await found.chat("a")) == "hello"
    (request,) = service.requests()
    assert (request["path"], request["body"]["model"]) == ("/v1/chat/completions", "a")
    assert request["headers"]["authorization"] == "Bearer proxy-key"


async def test_proxy_tells_the_names_where_there_is_no_file(scripted: Start) -> None:
    listed = ["gpt-4o", "mine", "text-embedding-3-small", "mine"]
    service = scripted({"models": listed, "rules": [{"reply": [{"text": "hello"}]}]})
    async with models(proxy_address=service.url) as found:
        assert await found.list() == [
            ModelInfo("gpt-4o", vision=True),
            ModelInfo("mine"),
            ModelInfo("text-embedding-3-small", chat=False, embeds=True),
        ]
        assert await ask(await found.chat("mine")) == "hello"
        service.kill()
        assert len(await found.list()) == 3  # for a while


async def test_proxy_that_cannot_tell(scripted: Start) -> None:
    service = scripted({"models": [], "rules": []})
    for address, told in (
        (service.url, "lists no model"),
        (service.url + "/nowhere", TEXTS["model"]),
        ("http://127.0.0.1:9", TEXTS["down"]),
        ("not an address", TEXTS["address"]),
    ):
        async with models(proxy_address=address, proxy_key=Secret("canary")) as found:
            with pytest.raises(CatalogueUnreadable) as caught:
                await found.list()
        assert told in str(caught.value)
        assert "127.0.0.1" not in str(caught.value)


FIRST_USE = """
import asyncio, sys, time
from contextlib import aclosing
from pathlib import Path
from jupyter_frevagpt.models.router import CatalogueModels

assert not {"litellm", "mcp", "httpx", "yaml"} & set(sys.modules)
longest = 0.0

async def watch():
    global longest
    while True:
        before = time.monotonic()
        await asyncio.sleep(0.001)
        longest = max(longest, time.monotonic() - before)

async def main():
    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.05)
    models = CatalogueModels(Path(sys.argv[1]))
    for info in await models.list():
        async with aclosing((await models.chat(info.name)).stream([{"role": "user", "content": "q"}], ())) as pieces:
            assert "".join([piece.text async for piece in pieces]) == "hello"
    await models.aclose()
    watching.cancel()

asyncio.run(main())
assert not {"litellm", "mcp"} & set(sys.modules)
print(longest)
"""


def test_first_use_does_not_hold_the_event_loop(tmp_path: Path, scripted: Start) -> None:
    service = scripted([{"reply": [{"text": "hello"}]}])
    text = "".join(
        f"- {{model_name: {name}, litellm_params: {{model: {model}, api_base: '{service.url}', api_key: k}}}}\n"
        for name, model in (("direct", "openai/a"), ("sdk", "anthropic/a"))
    )
    path = written(tmp_path, text)
    command = [sys.executable, "-c", FIRST_USE, str(path)]
    # The best of three: the machine may be busy with something else.
    times = [float(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(3)]
    assert min(times) < 0.05, times
