"""The embedded model: a very small one that needs no key and no network, shows only code and is labelled as weak."""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec

from ..domain.errors import BadRequest, ModelFailed, WorkerFailed
from ..domain.protocols import Message
from ..domain.values import CallDelta, ModelChunk, ModelInfo, ToolSpec, Usage
from ..workers.host import Worker
from . import drafts, weights
from .drafts import Draft
from .retelling import retold
from .snippets import Snippet, Snippets
from .wording import EVERYDAY

NAME = "local/smollm2-135m"
TOOL = "code_interpreter"

INTRODUCTION = (
    "I am a small local model. I cannot hold a conversation and I am often wrong; what I can do is write a few lines "
    "of Python for your kernel. Ask for one thing at a time, in plain words: `what is the mean of temps`, "
    "`monthly anomaly of tas`, `describe df`, `plot temps`, `which files are in this folder`. For more, add a larger "
    "model."
)
OPENING = "I try this in your kernel:\n"
SHOWN = "That is what the kernel printed. I am a small local model and often wrong: check the code."
FAILED = (
    "The code failed, as the output shows. I am a small local model: ask again in other words, with the names of your "
    "variables, or add a larger model."
)
NO_CODE = (
    "I found no code for that. I am a small local model: ask for one thing at a time and name your variables "
    "(`what is the sum of temps`), or add a larger model."
)

NEAR = 0.22
"""Similarity from which a snippet is taken for an example of what was asked."""

LONGEST = 160
"""Tokens of code."""

PATIENCE = 6.0
"""Seconds after which no further draft is begun."""

_runaway = re.compile(r"(\w)\1{23}$|(.{2,40}?)\2{6}$", re.DOTALL)
_error = re.compile(
    r"Traceback \(most recent call last\)|^[A-Za-z_.]*(?:Error|Exception|Interrupt)(?::|$)", re.MULTILINE
)


class _Attempt(msgspec.Struct, frozen=True):
    """How one draft is asked for: retellings of the nearest snippet, further snippets, warmth."""

    retellings: int
    others: int
    temperature: float = 0.0


_ATTEMPTS = (_Attempt(3, 0), _Attempt(4, 1), _Attempt(3, 2, 0.6))


class LocalModel:
    """The source of the embedded model: a list with one name, or an empty one while something is not installed.

    ``idle_seconds`` is how long its helper process stays after an answer, ``weights_path`` another file in GGUF format
    than the installed one, ``snippets_path`` the worked snippets.
    """

    def __init__(
        self,
        *,
        snippets_path: Path,
        weights_path: Path | None = None,
        idle_seconds: float = 300.0,
        log: logging.Logger | None = None,
    ) -> None:
        self._snippets_path = snippets_path
        self._weights_path = weights_path
        self._snippets: Snippets | None = None
        self._log = log or logging.getLogger(__name__)
        self._worker = Worker("jupyter_frevagpt.models._local_worker", idle_seconds=idle_seconds, log=self._log)

    @property
    def pid(self) -> int | None:
        """The process id of the helper, None while there is none."""
        return self._worker.pid

    async def list(self) -> list[ModelInfo]:
        """Return the model, or nothing when the library or the weights are not installed."""
        if self._weights() is None or not weights.engine_installed():
            return []
        return [ModelInfo(name=NAME, note="small local model, often wrong", small=True)]

    async def chat(self, name: str) -> _LocalChat:
        """Return the model; raises BadRequest for another name or when it is not installed."""
        if name != NAME:
            raise BadRequest("There is no local model of that name.")
        path = self._weights()
        if path is None or not weights.engine_installed():
            raise BadRequest(
                "The local model is not installed. Install it with `jupyter frevagpt local-model install`."
            )
        if self._snippets is None:
            try:
                self._snippets = Snippets.read(self._snippets_path)
            except (OSError, msgspec.DecodeError) as error:
                raise ModelFailed(
                    "The worked snippets of the local model cannot be read. Reinstall the package."
                ) from error
        return _LocalChat(self._worker, self._snippets, path)

    async def aclose(self) -> None:
        """End the helper process."""
        await self._worker.close()

    def _weights(self) -> Path | None:
        if self._weights_path is None:
            return weights.find_weights()
        return self._weights_path if self._weights_path.is_file() else None


class _LocalChat:
    """The model as the conversation knows it: a question becomes one call of the code tool, its output one sentence."""

    def __init__(self, worker: Worker, snippets: Snippets, path: Path) -> None:
        self._worker = worker
        self._snippets = snippets
        self._path = path

    async def stream(self, messages: list[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[ModelChunk, None]:
        """Yield a sentence and a call, or a sentence alone; see :class:`~..domain.protocols.ChatModel`.

        The sentences are fixed ones: this model's own prose invents numbers.
        """
        last = messages[-1] if messages else {}
        if last.get("role") == "tool":
            yield ModelChunk(text=FAILED if _error.search(_text(last)) else SHOWN)
            return
        question = next((_text(message) for message in reversed(messages) if message.get("role") == "user"), "")
        near = self._snippets.nearest(question, 8)
        if not near or near[0][0] < NEAR or not near[0][1].code:
            yield ModelChunk(text=INTRODUCTION)
            return
        runs = any(tool.name == TOOL for tool in tools)
        yield ModelChunk(text=OPENING if runs else "This may do it; run it yourself:\n")
        work = _Work(self._worker, self._path)
        own = self._snippets.own(question, near[0][1])
        draft = await work.best(question, own, [snippet for _, snippet in near if snippet.code], _words(messages))
        usage = Usage(work.prompt_tokens, work.completion_tokens)
        if draft is None:
            yield ModelChunk(text=NO_CODE, usage=usage)
        elif runs:
            for chunk in _call(draft.code):
                yield chunk
            yield ModelChunk(usage=usage)
        else:
            yield ModelChunk(text=f"```python\n{draft.code}```\n", usage=usage)


class _Work:
    """The drafts for one question."""

    def __init__(self, worker: Worker, path: Path) -> None:
        self._worker = worker
        self._path = path
        self.prompt_tokens = 0
        self.completion_tokens = 0

    async def best(self, question: str, own: set[str], near: Sequence[Snippet], context: set[str]) -> Draft | None:
        """Return the first draft without a fault, else the one with the fewest; None when none can be run.

        A draft that takes a name from an example instead of from the question is not run: the user may have a variable
        of that name, and would get an answer to something else.
        """
        best: Draft | None = None
        latest = time.monotonic() + PATIENCE
        for attempt in _ATTEMPTS:
            others = [snippet for snippet in near[1:] if snippet.code != near[0].code][: attempt.others]
            examples = [*retold(near[0], question, attempt.retellings), *others]
            text = await self._write(
                drafts.prompt(question, examples), drafts.grammar(own, examples), attempt.temperature
            )
            draft = drafts.finish(text, own, examples, context)
            if draft and (best is None or draft.faults < best.faults):
                best = draft
            if (best and not best.faults) or time.monotonic() > latest:
                break
        return best if best and best.faults < 1 else None

    async def _write(self, prompt: str, grammar: str, temperature: float) -> str:
        options: dict[str, Any] = {
            "prompt": prompt,
            "grammar": grammar,
            "max_tokens": LONGEST,
            "temperature": temperature,
            "seed": 1,
            "stop": [drafts.STOP],
        }
        written = ""
        try:
            async with aclosing(self._worker.stream({"weights": str(self._path), "options": options})) as pieces:
                async for piece in pieces:
                    if isinstance(piece, str):
                        written += piece
                        if _runaway.search(written):
                            return ""  # it stutters, and would until it is cut off
                    else:
                        self.prompt_tokens += piece["prompt_tokens"]
                        self.completion_tokens += piece["completion_tokens"]
        except WorkerFailed as error:
            raise ModelFailed(
                "The local model's process ended unexpectedly. Ask again; if it happens every time, memory is short "
                "or this computer cannot run it."
            ) from error
        return written


def _call(code: str) -> list[ModelChunk]:
    """Return the call in fragments, a line of code each."""
    name = f"call_{secrets.token_hex(8)}"
    lines = [json.dumps(line)[1:-1] for line in code.splitlines(keepends=True)]
    head = CallDelta(index=0, id=name, name=TOOL, arguments='{"code":"')
    return [ModelChunk(calls=(head,)), *(ModelChunk(calls=(CallDelta(0, arguments=text),)) for text in [*lines, '"}'])]


def _text(message: Message) -> str:
    """Return the text of a message, without its images."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content if isinstance(part, dict))


def _words(messages: list[Message]) -> set[str]:
    """Return the words of the conversation before the question: what may be a name in the user's kernel."""
    told = [_text(message) for message in messages[:-1] if message.get("role") != "system"]
    return {word for text in told for word in re.findall(r"\w+", text)} - EVERYDAY
