"""Where an entry of the catalogue is asked, and with what: LiteLLM's ``litellm_params`` read for either path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from .failures import Refusal
from .openai_protocol import Endpoint, base_of
from .prices import Prices
from .secret import Secret
from .variables import Variables

PLAIN = frozenset(
    "openai litellm_proxy hosted_vllm vllm ollama ollama_chat lm_studio llamafile openai_like custom_openai xinference"
    " docker_model_runner lemonade".split()
)
"""Providers that speak the plain OpenAI protocol."""

OWN_ADDRESS = {
    "openai": "https://api.openai.com/v1",
    "ollama": "http://127.0.0.1:11434/v1",
    "ollama_chat": "http://127.0.0.1:11434/v1",
    "lm_studio": "http://127.0.0.1:1234/v1",
    "llamafile": "http://127.0.0.1:8080/v1",
}
"""Where they are when the entry names no address."""

OPTIONS = frozenset(
    "temperature top_p top_k min_p max_tokens max_completion_tokens frequency_penalty presence_penalty"
    " repetition_penalty seed stop user reasoning_effort response_format parallel_tool_calls logit_bias service_tier"
    " verbosity tool_choice".split()
)
"""Fields of ``litellm_params`` that go into a direct request as they are."""

_NOT_FOR_THE_SDK = re.compile(
    r"(custom_(?!llm_provider$)|mock_|litellm_|callback|cache|caching|guardrail|fallback|input_cost|output_cost).*"
    r"|.*_callbacks?|.*_fallbacks|logger_fn|hooks?|rpm|tpm|max_parallel_requests|weight|order|tags|model_info"
    r"|num_retries|max_retries|max_budget|budget_duration|stream|stream_options|stream_timeout|messages|tools|tool_choice"
    r"|use_in_pass_through|prompt_id|prompt_variables"
)
"""What would load code, answer by itself, or is the business of a proxy."""


class Destination(msgspec.Struct, frozen=True):
    """How an entry is asked: ``direct`` or through the SDK, its provider and the model's name there."""

    direct: bool
    provider: str
    model: str


def destination(params: Mapping[str, Any], name: str, prices: Prices) -> Destination:
    """Tell how the entry with these ``litellm_params`` is asked; ``name`` is its name in the catalogue."""
    full = str(params.get("model") or name)
    address = _address(params)
    prefix, slash, rest = full.partition("/")
    given = str(params.get("custom_llm_provider") or "")
    if given:
        provider, model = given, rest if slash and prefix == given else full
    elif slash and (prefix in PLAIN or prefix in prices.providers):
        provider, model = prefix, rest
    elif address:
        provider, model = "openai", full  # no provider, but an address: it can only be meant so
    else:
        provider, model = prices.find([full]).litellm_provider or "", full
    # Some models of OpenAI's own are reached by another of its protocols, which the SDK translates.
    other = model.startswith("responses/") or prices.find([full]).mode == "responses"
    reachable = bool(address or provider in OWN_ADDRESS)
    return Destination(provider in PLAIN and reachable and not other, provider, model)


def endpoint(params: Mapping[str, Any], to: Destination, variables: Variables, read_seconds: float) -> Endpoint:
    """Return where a direct entry is asked; raises ModelFailed for variables and addresses that cannot be used."""
    found: dict[str, Any] = variables.resolved(dict(params))
    address = _address(found)
    key = str(found.get("api_key") or "")
    if not key and not address:
        key = variables.provider_key(to.provider)  # never sent to an address that the file names
    headers = {str(n): str(v) for n, v in _mapping(found.get("extra_headers") or found.get("headers")).items()}
    if organization := found.get("organization"):
        headers["OpenAI-Organization"] = str(organization)
    options = {n: v for n, v in found.items() if n in OPTIONS and v is not None}
    try:
        base = base_of(address or OWN_ADDRESS[to.provider])
    except Refusal as refusal:
        raise refusal.explained() from None
    return Endpoint(
        base=base,
        model=to.model,
        key=Secret(key),
        options={**options, **_mapping(found.get("extra_body"))},
        headers=Secret(headers),
        read_seconds=seconds_of(found, read_seconds),
    )


def sdk_params(
    params: Mapping[str, Any], name: str, to: Destination, variables: Variables, read_seconds: float
) -> Secret[dict[str, Any]]:
    """Return the arguments of ``litellm.acompletion`` for an entry; raises ModelFailed for unusable variables."""
    kept = {n: v for n, v in params.items() if not _NOT_FOR_THE_SDK.fullmatch(n) and v is not None}
    found: dict[str, Any] = variables.resolved(kept)
    found["model"] = str(found.get("model") or name)
    found["timeout"] = seconds_of(params, read_seconds)
    if not found.get("api_key") and not _address(found) and (key := variables.provider_key(to.provider)):
        found["api_key"] = key
    return Secret(found)


def proxy_base(address: str) -> str:
    """Return the address of a LiteLLM proxy's OpenAI protocol, ``{address}/v1``; raises Refusal for no web address."""
    address = address.strip().rstrip("/")
    base_of(address)
    return address if address.endswith("/v1") else address + "/v1"


def seconds_of(params: Mapping[str, Any], otherwise: float) -> float:
    """Return how long the service may be silent, as the entry says."""
    for name in ("stream_timeout", "timeout"):
        value = params.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return float(value)
    return otherwise


def _address(params: Mapping[str, Any]) -> str:
    return str(params.get("api_base") or params.get("base_url") or "")


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
