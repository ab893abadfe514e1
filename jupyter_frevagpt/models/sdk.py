"""Every provider that does not speak the OpenAI protocol, through LiteLLM's SDK in a helper process."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from ..domain.errors import ModelFailed, WorkerFailed
from ..domain.protocols import Message
from ..domain.values import ModelChunk, ToolSpec
from ..workers.host import Worker
from .chunks import ChunkReader, without_surrogates
from .failures import Refusal, failure, message_in
from .openai_protocol import tool_json
from .patience import patiently
from .secret import Secret

MODULE = "jupyter_frevagpt.models._sdk_worker"

ENVIRONMENT = {
    # Else it fetches tables over the network, when imported and at the first question.
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
    "LITELLM_MODE": "PRODUCTION",  # else it reads a .env file of the folder the server was started in
    "LITELLM_LOG": "CRITICAL",
    "LITELLM_TELEMETRY": "False",
}

MARGIN = 30.0
"""Seconds beyond a provider's own time-out; the first request also waits for the library to be imported."""

_CASES = {
    "ContextWindowExceededError": "context",
    "ContentPolicyViolationError": "filter",
    "BudgetExceededError": "quota",
    "AuthenticationError": "key",
    "PermissionDeniedError": "forbidden",
    "NotFoundError": "model",
    "Timeout": "silent",
    "APITimeoutError": "silent",
}
"""LiteLLM's classes, to cases of :data:`.failures.TEXTS`; the others go by status and message."""

_BROKEN = ("APIConnectionError", "InternalServerError", "ServiceUnavailableError", "MidStreamFallbackError")
_MISSING = re.compile(r"No module named '([\w.]+)|[Mm]issing (\w+) to call|pip install '?([\w.-]+)")
_SILENT = re.compile(r"timed?[ -]?out", re.I)
_WRAPPING = re.compile(r"\blitellm\.\w+: ?|\b\w+Exception - |\blitellm\b\.?", re.I)
_UNREACHED = re.compile(r"connection (error|refused)|cannot connect|connect call failed|attempts failed", re.I)


class SDKChat:
    """A model behind LiteLLM's SDK.

    ``find`` returns the arguments of ``litellm.acompletion`` (model, api_key, api_base, temperature, ...) when a
    question is asked; it may raise ModelFailed. They reach the helper in a frame, never by argv or environment.
    ``more`` are further ones.
    """

    def __init__(
        self,
        worker: Worker,
        find: Callable[[], Secret[dict[str, Any]]],
        read_seconds: float = 300.0,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        self._more = more or {}
        self._worker = worker
        self._find = find
        self._read_seconds = read_seconds

    async def stream(self, messages: list[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[ModelChunk, None]:
        """Yield the answer piece by piece; see :class:`~..domain.protocols.ChatModel`."""
        params = {"timeout": self._read_seconds, **self._find().reveal(), **self._more}
        request = without_surrogates(
            {"messages": messages, "tools": [tool_json(tool) for tool in tools], "params": params}
        )
        try:
            async with aclosing(patiently(lambda: self._attempt(request))) as pieces:
                async for piece in pieces:
                    yield piece
        except Refusal as refusal:
            secrets = tuple(str(value) for key, value in params.items() if _hides(key))
            raise refusal.explained(secrets) from None
        except WorkerFailed as error:
            raise ModelFailed(str(error)) from error

    async def _attempt(self, request: dict[str, Any]) -> AsyncGenerator[ModelChunk, None]:
        reader = ChunkReader()
        begun = False
        seconds = float(request["params"]["timeout"])
        async with aclosing(self._worker.stream(request)) as items:
            while True:
                try:
                    # LiteLLM keeps the time itself, but not with every provider.
                    async with asyncio.timeout(seconds + MARGIN):
                        item = await anext(items)
                except StopAsyncIteration:
                    break
                except TimeoutError:
                    raise Refusal(case="silent", seconds=seconds) from None
                if failed := item.get("failed"):
                    raise _refusal(_Failed(**failed), seconds, begun=begun)
                piece = reader.take(item["chunk"])
                if piece.text or piece.calls or piece.usage or piece.notice or piece.citations:
                    begun = True
                    yield piece
        if not reader.finished:
            raise Refusal(case="cut")


class _Failed(msgspec.Struct, frozen=True):
    kinds: list[str]
    status: int
    message: str
    retry_after: str


def refused(failed: dict[str, Any], seconds: float) -> Refusal | ModelFailed:
    """Return what a failure means that the helper told before anything came."""
    return _refusal(_Failed(**failed), seconds, begun=False)


def _refusal(failed: _Failed, seconds: float, *, begun: bool) -> Refusal | ModelFailed:
    message = _told(failed.message)
    if missing := _MISSING.search(failed.message):
        return failure("library", name=next(name for name in missing.groups() if name))
    if "LLM Provider NOT provided" in failed.message:
        return failure("provider")
    case = next((_CASES[kind] for kind in failed.kinds if kind in _CASES), "")
    if not case and any(kind in _BROKEN for kind in failed.kinds):
        if _SILENT.search(failed.message):
            case = "silent"
        elif begun:
            case = "cut"
        elif _UNREACHED.search(failed.message):
            case = "down"
    return Refusal(failed.status, message, failed.retry_after, case=case, seconds=seconds)


def _told(message: str) -> str:
    """Return what the provider said, out of the wrapping that LiteLLM puts around it."""
    at = message.find("{")
    if at >= 0:
        try:
            body, _ = json.JSONDecoder().raw_decode(message, at)
        except ValueError:
            pass
        else:
            message = message_in(json.dumps(body)) or message
    return _WRAPPING.sub("", message)


def _hides(name: str) -> bool:
    return bool(re.search(r"key|token|secret|password|credential|base|url", name))
