"""Short titles of threads, written by a model after the first answer; until then the folded question stands there."""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import aclosing

from ..domain.protocols import ChatModel, Models, Prompts, ThreadStore
from ..domain.values import ThreadRef
from ..domain.variants import User
from .topic import topic_of

_log = logging.getLogger("jupyter_frevagpt.titles")

NO_TITLES = "-"
_SECONDS = 30.0
_MOST_READ = 2_000
_LONGEST = 80
_WORD = re.compile(r"\w{3,}")


def meaningful(question: str) -> bool:
    """Whether a question says what a thread is about: a greeting does not."""
    return len(_WORD.findall(question)) >= 2


class Titles:
    """Writes titles with the model of a setting: "" for the one that was asked, "-" for none at all."""

    def __init__(self, models: Models, prompts: Prompts, model: str) -> None:
        self._models = models
        self._prompts = prompts
        self._model = model

    async def give(self, store: ThreadStore, ref: ThreadRef, question: str, asked: str) -> None:
        """Give a thread a title after its first meaningful question, unless somebody has; whatever fails, it stays."""
        name = self._model or asked
        if name == NO_TITLES or not meaningful(question):
            return
        try:
            questions = [item.content for item in await store.read(ref) if isinstance(item, User)]
            summary = await store.summary(ref)
            if summary is None or any(map(meaningful, questions[:-1])) or summary.topic != topic_of(questions[0]):
                return
            info = next((info for info in await self._models.list() if info.name == name), None)
            if info is None or info.small:
                return
            async with asyncio.timeout(_SECONDS):
                title = await self._written(await self._models.chat(name), question)
            if title:
                await store.rename(ref, title, instead_of=summary.topic)
        except Exception as error:  # noqa: BLE001 - a thread without a title is no trouble, one that is never let go is
            _log.info("thread %s: no title was written (%s)", ref.thread_id, type(error).__name__)

    async def _written(self, model: ChatModel, question: str) -> str:
        messages = [
            {"role": "system", "content": self._prompts.title()},
            {"role": "user", "content": question[:_MOST_READ]},
        ]
        text = ""
        async with aclosing(model.stream(messages, [])) as chunks:
            async for chunk in chunks:
                text += chunk.text
                if len(text) > 10 * _LONGEST:
                    break
        return cleaned(text)


def cleaned(text: str) -> str:
    """Return the first line of what a model wrote without quotes, heading marks and a full stop; "" for a long one."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    line = " ".join(line.strip("#*\"'`“”„ ").rstrip(".").split())
    return line if len(line) <= _LONGEST else ""
