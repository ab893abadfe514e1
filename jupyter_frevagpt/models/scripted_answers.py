"""The answers of the scripted model service, over the OpenAI protocol and over Anthropic's."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Mapping
from typing import Any

import msgspec
from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from .script import Call, Question, Stage, Step, anthropic_question, call_deltas, openai_question


class Answer(RequestHandler):
    """An answer over either protocol; the subclasses write its pieces."""

    def initialize(self, stage: Stage) -> None:  # noqa: D102 - called by tornado
        self.stage = stage
        self._left = asyncio.Event()
        self.record: dict[str, Any] = {}

    def question(self, request: dict[str, Any]) -> Question:
        """Return what the request asks."""
        raise NotImplementedError

    async def stream(self, request: dict[str, Any], reply: list[Step]) -> None:
        """Write the reply as a stream."""
        raise NotImplementedError

    def complete(self, request: dict[str, Any], reply: list[Step]) -> dict[str, Any]:
        """Return the reply as one object."""
        raise NotImplementedError

    def error(self, message: str) -> dict[str, Any]:
        """Return an error as the protocol writes it."""
        return {"error": {"message": message, "type": "scripted_error", "code": None, "param": None}}

    def on_connection_close(self) -> None:  # noqa: D102 - called by tornado
        self.record["left"] = True
        self._left.set()

    async def post(self) -> None:  # noqa: D102 - called by tornado
        request = json.loads(self.request.body)
        question = self.question(request)
        found = self.stage.answer(question)
        self.record |= {
            "path": self.request.path,
            "headers": {name.lower(): value for name, value in self.request.headers.get_all()},
            "body": request,
            "matched": found[0] if found else None,
            "ended": False,
            "left": False,
        }
        self.stage.asked.append(self.record)
        if found is None:
            role, text, _ = question.turns[-1] if question.turns else ("", "", False)
            sys.stderr.write(f"No rule of the script matches: {role}: {text}\n")
            self.set_status(500)
            self.finish(self.error(f"No rule of the script matches. The last message is of {role!r}: {text}"))
            return
        reply = found[1]
        # Left early: the client is gone, and tornado has nobody to write to.
        with contextlib.suppress(StreamClosedError):
            await self._give(request, reply)

    async def _give(self, request: dict[str, Any], reply: list[Step]) -> None:
        if reply and (status := reply[0].status):
            self.set_status(status)
            for name, value in reply[0].headers.items():
                self.set_header(name, value)
            body = reply[0].body
            await self.finish(self.error(f"scripted status {status}") if body is None else body)
        elif request.get("stream"):
            self.set_header("Content-Type", "text/event-stream; charset=utf-8")
            self.set_header("Cache-Control", "no-cache")
            await self.stream(request, reply)
            if self.request.connection and not self._left.is_set() and not any(step.cut for step in reply):
                await self.finish()
        else:
            for step in reply:
                await self.pause(step.stall or 0)
            await self.finish(self.complete(request, reply))
        self.record["ended"] = not self._left.is_set() and not any(step.cut for step in reply)

    async def pause(self, seconds: float) -> None:
        """Wait; raises StreamClosedError when the client leaves meanwhile."""
        if seconds:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._left.wait(), seconds)
        if self._left.is_set():
            raise StreamClosedError

    async def common(self, step: Step) -> bool:
        """Carry out a step that is the same over both protocols; tells whether it was one."""
        await self.pause(step.stall if step.stall is not None else 0)
        if step.cut:
            self.cut()
        elif step.raw is not None:
            self.write(step.raw.encode("utf-8", "surrogateescape"))
            await self.flush()
        return step.cut or step.raw is not None or step.stall is not None

    def cut(self) -> None:
        """Close the connection in the middle."""
        stream = self.request.connection.stream  # type: ignore[union-attr]  # tornado declares less than it has
        stream.close()


class OpenAIAnswer(Answer):
    """``POST /v1/chat/completions``."""

    def question(self, request: dict[str, Any]) -> Question:  # noqa: D102 - as above
        return openai_question(request)

    async def stream(self, request: dict[str, Any], reply: list[Step]) -> None:  # noqa: D102 - as above
        self._head = {
            "id": f"chatcmpl-{len(self.stage.asked)}",
            "object": "chat.completion.chunk",
            "created": 1_700_000_000,
            "model": request.get("model", ""),
        }
        calls = 0
        finish = "stop"
        usage: dict[str, int] | None = None
        for step in reply:
            if await self.common(step):
                if step.cut:
                    return
            elif step.text is not None:
                for text in step.texts():
                    await self.pause(step.delay)
                    await self._delta({"content": text})
            elif step.usage is not None:
                usage = step.usage
            elif step.finish is not None:
                finish = step.finish
            else:
                several = step.calls or ([step.call] if step.call else [])
                for delta in call_deltas(several, calls, f"call_{len(self.stage.asked)}"):
                    await self.pause(step.delay)
                    await self._delta({"tool_calls": [delta]})
                calls += len(several)
                finish = "tool_calls"
        if any(step.raw is not None for step in reply):
            return
        await self._delta({}, finish)
        if usage and (request.get("stream_options") or {}).get("include_usage"):
            await self._event({**self._head, "choices": [], "usage": counted(usage)})
        self.write("data: [DONE]\n\n")

    async def _delta(self, delta: dict[str, Any], finish: str | None = None) -> None:
        await self._event({**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    async def _event(self, event: dict[str, Any]) -> None:
        self.write(b"data: " + msgspec.json.encode(event) + b"\n\n")
        await self.flush()

    def complete(self, request: dict[str, Any], reply: list[Step]) -> dict[str, Any]:  # noqa: D102 - as above
        calls: list[dict[str, Any]] = []
        for number, call in enumerate(calls_in(reply)):
            arguments = "".join(call.pieces())
            identity = f"call_{len(self.stage.asked)}_{number}" if call.id is msgspec.UNSET else call.id
            calls.append({"id": identity, "type": "function", "function": {"name": call.name, "arguments": arguments}})
        text = "".join(step.text or "" for step in reply)
        message = {"role": "assistant", "content": text or None, **({"tool_calls": calls} if calls else {})}
        return {
            "id": f"chatcmpl-{len(self.stage.asked)}",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": request.get("model", ""),
            "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}],
            "usage": counted(next((step.usage for step in reply if step.usage), {})),
        }


class AnthropicAnswer(Answer):
    """``POST /v1/messages``."""

    def question(self, request: dict[str, Any]) -> Question:  # noqa: D102 - as above
        return anthropic_question(request)

    def error(self, message: str) -> dict[str, Any]:  # noqa: D102 - as above
        return {"type": "error", "error": {"type": "api_error", "message": message}}

    async def stream(self, request: dict[str, Any], reply: list[Step]) -> None:  # noqa: D102 - as above
        await self._event("message_start", message=self.complete(request, []))
        block = 0
        for step in reply:
            if await self.common(step):
                if step.cut:
                    return
            elif step.text is not None:
                await self._event("content_block_start", index=block, content_block={"type": "text", "text": ""})
                for text in step.texts():
                    await self.pause(step.delay)
                    await self._event("content_block_delta", index=block, delta={"type": "text_delta", "text": text})
                await self._event("content_block_stop", index=block)
                block += 1
            for call in calls_in([step]):
                tool = {"type": "tool_use", "id": self._id(call.id, block), "name": call.name, "input": {}}
                await self._event("content_block_start", index=block, content_block=tool)
                for text in call.pieces():
                    await self.pause(step.delay)
                    piece = {"type": "input_json_delta", "partial_json": text}
                    await self._event("content_block_delta", index=block, delta=piece)
                await self._event("content_block_stop", index=block)
                block += 1
        if any(step.raw is not None for step in reply):
            return
        end = self.complete(request, reply)
        delta: dict[str, Any] = {"stop_reason": end["stop_reason"], "stop_sequence": None}
        await self._event("message_delta", delta=delta, usage=end["usage"])
        await self._event("message_stop")

    async def _event(self, kind: str, **fields: Any) -> None:
        self.write(f"event: {kind}\ndata: ".encode() + msgspec.json.encode({"type": kind, **fields}) + b"\n\n")
        await self.flush()

    def _id(self, given: object, number: int) -> str:
        return given if isinstance(given, str) else f"toolu_{len(self.stage.asked)}_{number}"

    def complete(self, request: dict[str, Any], reply: list[Step]) -> dict[str, Any]:  # noqa: D102 - as above
        content: list[dict[str, Any]] = [{"type": "text", "text": step.text} for step in reply if step.text]
        calls = calls_in(reply)
        for call in calls:
            arguments = json.loads("".join(call.pieces()) or "{}")
            tool = {"type": "tool_use", "id": self._id(call.id, len(content)), "name": call.name, "input": arguments}
            content.append(tool)
        usage = next((step.usage for step in reply if step.usage), {})
        return {
            "id": f"msg_{len(self.stage.asked)}",
            "type": "message",
            "role": "assistant",
            "model": request.get("model", ""),
            "content": content,
            "stop_reason": "tool_use" if calls else "end_turn" if reply else None,
            "stop_sequence": None,
            "usage": {
                "input_tokens": usage.get("prompt_tokens", 1),
                "output_tokens": usage.get("completion_tokens", 1),
            },
        }


def calls_in(reply: list[Step]) -> list[Call]:
    """Return the tool calls of some steps, in order."""
    return [call for step in reply for call in step.calls or ([step.call] if step.call else [])]


def counted(usage: Mapping[str, int]) -> dict[str, int]:
    """Return token counts as the OpenAI protocol writes them."""
    prompt, completion = usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
