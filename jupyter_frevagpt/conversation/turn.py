"""A turn: one question, the model's rounds and its tools' runs, as a task of its own with a log that readers follow."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import aclosing

import msgspec

from ..domain.errors import FrevaGPTError, ModelFailed
from ..domain.fence import enter, named
from ..domain.protocols import ThreadStore, Tool
from ..domain.values import ThreadRef
from ..domain.variants import (
    Assistant,
    CodeOutput,
    OpenAIError,
    ServerError,
    ServerHint,
    StreamEnd,
    StreamVariant,
    ToolCall,
    ToolOutput,
    User,
)
from .parts import TurnParts
from .recorder import Recorder
from .request import ModelRequest
from .round import Call, Round
from .transcript import CODE_TOOL, passes

_log = logging.getLogger("jupyter_frevagpt.turn")

_STOP_SECONDS = 0.85
_SAVE_SECONDS = 10.0


class Turn:
    """Asks the model, runs its calls, asks again, until it has no more.

    ``log`` holds every line but heartbeats, numbered from 0; it only grows and ends with StreamEnd. The turn does not
    depend on who reads it.
    """

    def __init__(self, question: User, parts: TurnParts, store: ThreadStore) -> None:
        self.question = question
        self.log: list[StreamVariant] = []
        self.readers = 0
        self.started = asyncio.Event()
        self._parts = parts
        self._recorder = Recorder(store, self.ref, self.notice)
        self._request = ModelRequest(parts)
        self._items: list[StreamVariant] = [question]
        self._ids = {getattr(item, "id", "") for item in parts.history}
        self._round: Round | None = None
        self._unanswered = ""
        self._hints: list[ServerHint] = []
        self._began = time.monotonic()
        self._model_seconds = parts.limits.model_seconds
        self._tokens = [0, 0]
        self._waiting: list[asyncio.Future[bool]] = []
        self._ending = False
        self._complete = False
        self._end: StreamEnd | None = None
        self._over = False
        self._when_over: Callable[[Turn], None] = lambda _: None
        self._task: asyncio.Task[None] | None = None

    @property
    def ref(self) -> ThreadRef:
        """The thread it belongs to."""
        return self._parts.context.ref

    @property
    def kernel_id(self) -> str:
        """The kernel that the question named, "" for one of the thread's own."""
        return self._parts.context.kernel_id

    @property
    def running(self) -> bool:
        """Whether StreamEnd is still to come."""
        return not self._over

    def start(self, when_over: Callable[[Turn], None]) -> None:
        """Begin; ``when_over`` is called once StreamEnd has been written."""
        self._when_over = when_over
        self._task = asyncio.create_task(self._run(), name=f"turn {self.ref.thread_id}")

    async def wait_beyond(self, line: int, seconds: float) -> bool:
        """Wait until the log is longer than ``line`` lines, or over; false after so many seconds without news."""
        if len(self.log) > line or self._over:
            return True
        # By hand, since it is done for each piece of each answer: a timeout context would cost more than the rest.
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiting.append(waiter)
        alarm = loop.call_later(seconds, _resolve, waiter, False)
        try:
            return await waiter
        finally:
            alarm.cancel()

    async def stop(self) -> None:
        """End the turn: cancel the model's request, stop the code it runs; StreamEnd is written on return."""
        if self._task is None or self._over:
            return
        if not self._ending:
            self._ending = True
            if self.started.is_set():  # a task that is cancelled before its first step never takes it
                self._task.cancel()
        await asyncio.wait({self._task}, timeout=_STOP_SECONDS)
        if not self._over:
            _log.warning("thread %s: what it waits for does not end in time and is left behind", self.ref.thread_id)
            self._settle()
            self._finish(self._end or StreamEnd("Stopped."))

    async def saved(self, seconds: float) -> bool:
        """Wait until all that it kept is stored, at most so many seconds; tell whether it is."""
        return await self._recorder.drain(seconds)

    async def close(self) -> None:
        """Stop, and give the thread's last items time to be saved."""
        await self.stop()
        await self._recorder.close()

    # ---- the record

    def _emit(self, line: StreamVariant) -> None:
        if self._over:
            return
        self.log.append(line)
        self._wake()

    def _wake(self) -> None:
        for waiter in self._waiting:
            _resolve(waiter, True)
        self._waiting.clear()

    def _keep(self, item: StreamVariant) -> None:
        if self._complete:
            return
        if isinstance(item, StreamEnd):
            self._complete, self._end = True, item
        self._items.append(item)
        self._recorder.keep(item)

    def _add(self, item: StreamVariant) -> None:
        self._emit(item)
        self._keep(item)

    def notice(self, text: str) -> None:
        """Tell the user something beside the answer; kept with the thread. It splits no text or code being written."""
        self.tell(ServerHint({"notice": {"text": text}}))

    def tell(self, hint: ServerHint) -> None:
        """Write a hint and keep it, as soon as it splits nothing that is being written."""
        self._hints.append(hint)
        if self._round is None or self._round.between:
            self._tell()

    def _tell(self) -> None:
        """Write the hints that had to wait."""
        while self._hints:
            self._add(self._hints.pop(0))

    # ---- the task

    async def _run(self) -> None:
        self.started.set()
        reason = "Finished."
        failure: StreamVariant | None = None
        try:
            if self._ending:
                reason = "Stopped."
            else:
                await self._converse()
        except asyncio.CancelledError:
            reason = "Stopped."
        except ModelFailed as error:
            failure = self._failed(error, OpenAIError(str(error)))
        except FrevaGPTError as error:
            failure = self._failed(error, ServerError(str(error)))
        except Exception:  # noqa: BLE001 - a reader must get its StreamEnd whatever went wrong
            _log.exception("thread %s: the turn failed", self.ref.thread_id)
            failure = ServerError("Something failed inside the assistant; what came before is kept. Please ask again.")
        self._settle()
        if failure is not None:
            self._add(failure)
            reason = "Error."
        self._ending = True
        tokens = {"prompt_tokens": self._tokens[0], "completion_tokens": self._tokens[1]} if any(self._tokens) else {}
        sent = {"sent": self._request.sent} if self._request.sent else {}
        self._add(ServerHint({"usage": {**tokens, "seconds": round(time.monotonic() - self._began, 2), **sent}}))
        end = StreamEnd(reason)
        self._keep(end)
        if not await self._recorder.drain(_STOP_SECONDS / 2 if reason == "Stopped." else _SAVE_SECONDS):
            _log.warning("thread %s: its end is not saved yet", self.ref.thread_id)
        self._finish(end)

    def _failed(self, error: FrevaGPTError, told: StreamVariant) -> StreamVariant:
        """Return what the user is told of an error; its kind alone is logged."""
        kind = type(error).__name__
        _log.warning("thread %s: ended with an error (%s)", self.ref.thread_id, kind, extra={"kind": kind})
        return told

    def _finish(self, end: StreamEnd) -> None:
        """Write StreamEnd, the last line; from here on nothing is written any more."""
        if self._over:
            return
        self._keep(end)
        self._emit(end)
        self._over = True
        self._when_over(self)

    def _settle(self) -> None:
        """Close what is open: partial text is kept, a code call gets its output, be it empty."""
        if (this := self._round) is not None:
            self._round = None
            try:
                self._unanswered = this.settle() or self._unanswered
            except Exception:  # noqa: BLE001 - StreamEnd must follow whatever the model wrote
                _log.exception("thread %s: what the model wrote last is lost", self.ref.thread_id)
        if self._unanswered:
            self._add(CodeOutput("", self._unanswered))
            self._unanswered = ""
        self._tell()

    async def _converse(self) -> None:
        late = ""
        for text in self._parts.notices:
            self.notice(text)
        for _ in range(self._parts.limits.rounds):
            this = self._round = Round(self._emit, self._keep, self._ids, late)
            if not await self._ask(this):
                return
            for call in (calls := this.calls()):
                await self._call(this, call)
                if self._ending:  # a tool may lose the cancellation in an error of its own
                    raise asyncio.CancelledError
                self._tell()
            late = this.late_text()
            if not calls:
                return
        if late:
            self._keep(Assistant(late))
        self.notice(f"The limit of {self._parts.limits.rounds} model rounds a question is reached. Ask to continue.")

    async def _ask(self, this: Round) -> bool:
        """Let the model write one round; false when its time is over."""
        parts = self._parts
        messages = await self._request.messages(self._items)
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._model_seconds):
                async with aclosing(parts.model.stream(messages, [tool.spec for tool in parts.tools])) as chunks:
                    async for chunk in chunks:
                        if chunk.notice:
                            self.notice(chunk.notice)
                        this.take(chunk)
        except TimeoutError:
            self._settle()
            self.notice(
                f"The model took longer than the {parts.limits.model_seconds:.0f} s it has for a question, and was "
                "stopped. Ask to continue, or ask for less at once."
            )
            return False
        finally:
            self._model_seconds -= time.monotonic() - began
            self._tokens[0] += this.usage.prompt_tokens
            self._tokens[1] += this.usage.completion_tokens
        return True

    async def _call(self, this: Round, call: Call) -> None:
        tool = next((tool for tool in self._parts.tools if tool.spec.name == call.name), None)
        if call.is_code:
            this.write_whole(call)
            self._unanswered = call.id
        else:
            self._add(ToolCall(call.raw, call.name, call.id))
        if call.problem or tool is None:
            names = ", ".join(tool.spec.name for tool in self._parts.tools)
            self._answer(call, call.problem or f"There is no tool named {call.name!r}. There are: {names}.")
            return
        try:
            await self._run_tool(tool, call)
        except FrevaGPTError as error:
            self._answer(call, str(error))
        except Exception as error:  # noqa: BLE001 - a failing tool is output for the model, the turn goes on
            _log.exception("thread %s: the tool %s failed", self.ref.thread_id, call.name)
            self._answer(call, f"The tool failed with {type(error).__name__}.")

    async def _run_tool(self, tool: Tool, call: Call) -> None:
        answered = False
        async with aclosing(tool.run(call.request, self._parts.context)) as variants:
            async for variant in variants:
                if isinstance(variant, CodeOutput | ToolOutput):
                    answered, self._unanswered = True, ""
                    self._announce_cut(variant.content)
                if isinstance(variant, ToolOutput) and (variant.source or tool.spec.outside):
                    variant = msgspec.structs.replace(variant, source=named(variant.source or f"what {call.name} told"))
                    enter(self._parts.context, variant.source, outside=not tool.spec.vouched)
                if isinstance(variant, ServerHint) and passes(variant):
                    self._emit(variant)
                else:
                    self._add(variant)
        if not answered:
            self._answer(call, "")

    def _answer(self, call: Call, text: str) -> None:
        self._unanswered = ""
        self._add(CodeOutput(text, call.id) if call.name == CODE_TOOL else ToolOutput(text, call.name, call.id))

    def _announce_cut(self, text: str) -> None:
        if len(text) > (limit := self._parts.limits.output_chars):
            self.notice(f"The output is {len(text)} characters long; the model gets a digest of at most {limit}.")


def _resolve(waiter: asyncio.Future[bool], news: bool) -> None:
    if not waiter.done():
        waiter.set_result(news)
