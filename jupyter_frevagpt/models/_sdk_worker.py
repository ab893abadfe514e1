"""The helper process that holds LiteLLM's SDK; asked by :mod:`.sdk`."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from collections.abc import AsyncGenerator
from typing import Any

from ..workers.child import serve


async def complete(request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
    """Yield ``{"chunk": {...}}`` as the OpenAI protocol writes chunks; at a failure one ``{"failed": {...}}``.

    The request holds ``messages``, ``tools`` and ``params``: everything else that ``litellm.acompletion`` takes.
    One with ``input`` asks for vectors of these texts: ``{"vectors": [...]}``.
    """
    try:
        litellm = await asyncio.to_thread(_litellm)
        if texts := request.get("input"):
            made = await litellm.aembedding(input=texts, max_retries=0, **request["params"])
            yield {"vectors": [one["embedding"] for one in made.data]}
            return
        response = await litellm.acompletion(
            messages=request["messages"],
            stream=True,
            stream_options={"include_usage": True},
            max_retries=0,  # the server waits and tells the user of it
            **({"tools": request["tools"]} if request["tools"] else {}),
            **request["params"],
        )
        try:
            written = 0
            async for chunk in response:
                plain = _plain(chunk, written)
                written += sum(len(choice["delta"]["content"] or "") for choice in plain["choices"])
                yield {"chunk": plain}
        finally:
            # Leaving the loop does not end the request.
            if close := getattr(response, "aclose", None):
                with contextlib.suppress(Exception):
                    await close()
    except Exception as error:  # noqa: BLE001 - each of its providers fails in its own way; the server tells them apart
        yield {"failed": _described(error)}


def _litellm() -> Any:
    """Import LiteLLM (seconds), silent and without a network: the variables for that are set by the server."""
    logging.disable(logging.CRITICAL)  # it logs addresses, bodies and keys
    litellm: Any = importlib.import_module("litellm")
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.drop_params = True
    litellm.turn_off_message_logging = True
    return litellm


def _plain(chunk: Any, written: int) -> dict[str, Any]:
    """Return a chunk as the protocol writes it; ``written`` is how much text came before."""
    plain: dict[str, Any] = {"choices": []}
    if citations := getattr(chunk, "citations", None):
        plain["citations"] = [address for address in citations if isinstance(address, str)]
    for choice in chunk.choices[:1]:
        delta = choice.delta
        calls = [
            {
                "index": call.index,
                "id": call.id,
                "function": {"name": call.function.name, "arguments": call.function.arguments},
            }
            for call in getattr(delta, "tool_calls", None) or []
        ]
        content = _clean(getattr(delta, "content", None))
        plain["choices"].append(
            {
                "delta": {
                    "content": content,
                    "tool_calls": calls or None,
                    "annotations": _annotations(delta, written + len(content or "")) or None,
                },
                "finish_reason": choice.finish_reason,
            }
        )
    if usage := getattr(chunk, "usage", None):
        plain["usage"] = {
            "prompt_tokens": getattr(usage, "prompt_tokens", 0),
            "completion_tokens": getattr(usage, "completion_tokens", 0),
        }
    return plain


def _annotations(delta: Any, end: int) -> list[dict[str, Any]]:
    """Return the pages that a piece rests on, whichever way the provider tells of them."""
    told = [one if isinstance(one, dict) else dict(one) for one in getattr(delta, "annotations", None) or []]
    own = (getattr(delta, "provider_specific_fields", None) or {}).get("citation")
    if isinstance(own, dict) and isinstance(own.get("url"), str):
        page = {"url": _clean(own["url"]), "title": _clean(own.get("title") or ""), "end_index": end}
        told.append({"type": "url_citation", "url_citation": page})
    return told


def _clean(text: Any) -> Any:
    """Replace half surrogate pairs, which no frame can carry."""
    return text.encode("utf-8", "replace").decode() if isinstance(text, str) else text


def _described(error: Exception) -> dict[str, Any]:
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", None) or getattr(error, "litellm_response_headers", None) or {}
    status = getattr(error, "status_code", 0)
    return {
        "kinds": [kind.__name__ for kind in type(error).__mro__],
        "status": status if isinstance(status, int) else 0,
        "message": _clean(str(getattr(error, "message", "") or error))[:4000],
        "retry_after": str(headers.get("retry-after") or ""),
    }


if __name__ == "__main__":
    serve(complete)
