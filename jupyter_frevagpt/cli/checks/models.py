"""Is there a catalogue, and do its models answer?"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from ..._paths import shipped
from ...domain.errors import FrevaGPTError
from ...domain.values import ModelInfo
from ...models.local import LocalModel
from ...models.router import CatalogueModels
from ...models.secret import Secret
from .finding import Finding

if TYPE_CHECKING:
    from ...app import FrevaGPT

_QUESTION = [{"role": "user", "content": "Answer with the word yes."}]
_PATIENCE = 60.0


async def catalogue(settings: FrevaGPT, *, ask: bool) -> AsyncIterator[Finding]:
    """List the models, and ask each that chats where that is wanted."""
    environment = dict(os.environ)
    weights = Path(settings.local_model_path) if settings.local_model_path else None
    local = LocalModel(snippets_path=shipped("resources") / "local-model" / "snippets.jsonl", weights_path=weights)
    models = CatalogueModels(
        path=settings.catalogue_path,
        required=bool(settings.catalogue),
        proxy_address=settings.proxy_address,
        proxy_key=Secret(environment.get("FREVAGPT_OPENAI_API_KEY", "")),
        environment=environment,
        extra=[local] if settings.local_model else [],
        read_seconds=min(_PATIENCE, settings.model_silence_seconds),
    )
    try:
        try:
            found = await models.list()
        except FrevaGPTError as error:
            yield Finding("FAIL", "models", str(error))
            return
        chatting = [info for info in found if info.chat]
        if not chatting:
            yield Finding(
                "warn", "models", "none that chats. Name a catalogue in LITELLM_CONFIG, or install the local model."
            )
            return
        names = ", ".join(info.name for info in chatting)
        embedding = len(found) - len(chatting)
        yield Finding(
            "ok", "models", f"{len(chatting)} that chat: {names}{f'; {embedding} that embed' * bool(embedding)}"
        )
        for info in chatting if ask else ():
            yield await _asked(models, info)
    finally:
        await models.aclose()
        await local.aclose()


async def _asked(models: CatalogueModels, info: ModelInfo) -> Finding:
    start = time.monotonic()
    first = None
    text = ""
    try:
        async with asyncio.timeout(_PATIENCE):
            model = await models.chat(info.name)
            async with aclosing(model.stream(list(_QUESTION), ())) as chunks:
                async for chunk in chunks:
                    if chunk.text and first is None:
                        first = time.monotonic() - start
                    text += chunk.text
    except FrevaGPTError as error:
        return Finding("FAIL", f"model {info.name}", str(error))
    except TimeoutError:
        return Finding("FAIL", f"model {info.name}", f"no answer in {_PATIENCE:.0f} s. Is its service up?")
    if first is None:
        return Finding("warn", f"model {info.name}", "answered without a word. Look at its entry in the catalogue.")
    whole = time.monotonic() - start
    return Finding("ok", f"model {info.name}", f"answers: first word after {first:.2f} s, all after {whole:.2f} s")
