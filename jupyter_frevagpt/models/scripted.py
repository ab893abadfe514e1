"""A model service that answers from a script, over HTTP, for tests, benchmarks and demonstrations.

``python -m jupyter_frevagpt.models.scripted SCRIPT.json [--port 0]`` listens on loopback only, prints one line
``listening on 127.0.0.1:PORT`` and serves

- ``POST /v1/chat/completions``, the OpenAI protocol, streamed or whole, and ``GET /v1/models``
- ``POST /v1/messages``, Anthropic's protocol, streamed or whole
- ``GET /requests``, what it was asked, ``[{"path", "headers", "body", "matched", "ended", "left"}, ...]``: ``matched``
  is the number of the rule, ``ended`` is true once the whole answer was written, ``left`` once the client closed the
  connection before that
- ``POST /script``, a new script; what was asked is forgotten

A script is a list of rules, or ``{"rules": [...], "models": ["name", ...]}``. The first rule that matches answers::

    {"when": {"user": "mean", "after_tool": false}, "once": true, "reply": [{"text": "I will look."}, ...]}

``when`` may ask for ``user`` (in the user's last question), ``system`` (in the system messages), ``model``, ``tool``
(in the last tool output behind the question), each a piece of the text or a regular expression, and ``after_tool``
(whether there is a tool output behind the question). Without ``when`` a rule matches everything; ``once`` uses it up.

The steps of a reply:

- ``{"text": "...", "chunk": 5, "delay": 0.02}``: text in chunks of so many characters or of one ``"word"``, with a pause
  in seconds before each
- ``{"call": {"name": "code_interpreter", "arguments": {"code": "1+1"}, "fragments": 3, "id": "call_x"}, "delay": 0}``:
  a tool call; arguments given as a string go out as they are, an id of null goes out as null, without an id it gets one
- ``{"calls": [call, call]}``: several calls whose fragments take turns
- ``{"usage": {"prompt_tokens": 10, "completion_tokens": 3}}``: the counts at the end, sent only when asked for
- ``{"finish": "length"}``: the reason given at the end, else ``tool_calls`` or ``stop``
- ``{"stall": 5}``: silence
- ``{"cut": true}``: the connection is closed
- ``{"raw": "data: nonsense\\n\\n"}``: bytes as they are; a reply with such a step is not ended by the service
- ``{"status": 429, "headers": {"Retry-After": "1"}, "body": {...}}``: an error instead of an answer; first step only

A request that no rule matches gets status 500, an error that quotes the last message, and ``"matched": null``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from .script import (
    Question,
    Script,
    Step,
    anthropic_question,
    call_deltas,
    openai_question,
    read_script,
)


class Stage:
    """The script, what of it is used up, and what was asked."""

    def __init__(self, script: Script) -> None:
        self.play(script)

    def play(self, script: Script) -> None:
        """Begin a script anew."""
        self.script = script
        self.asked: list[dict[str, Any]] = []
        self._used: set[int] = set()

    def answer(self, question: Question) -> tuple[int, list[Step]] | None:
        """Return the number and reply of the first rule that matches, None without one."""
        for number, rule in enumerate(self.script.rules):
            if number not in self._used and question.matches(rule.when):
                if rule.once:
                    self._used.add(number)
                return number, rule.reply
        return None


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
                    delta = {"type": "input_json_delta", "partial_json": text}
                    await self._event("content_block_delta", index=block, delta=delta)
                await self._event("content_block_stop", index=block)
                block += 1
        if any(step.raw is not None for step in reply):
            return
        end = self.complete(request, reply)
        delta = {"stop_reason": end["stop_reason"], "stop_sequence": None}
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


def calls_in(reply: list[Step]) -> list[Any]:
    """Return the tool calls of some steps, in order."""
    return [call for step in reply for call in step.calls or ([step.call] if step.call else [])]


def counted(usage: Mapping[str, int]) -> dict[str, int]:
    """Return token counts as the OpenAI protocol writes them."""
    prompt, completion = usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


class Listed(RequestHandler):
    """``GET /v1/models``."""

    def initialize(self, stage: Stage) -> None:  # noqa: D102 - called by tornado
        self.stage = stage

    def get(self) -> None:  # noqa: D102 - called by tornado
        models = [{"id": name, "object": "model", "owned_by": "script"} for name in self.stage.script.models]
        self.finish({"object": "list", "data": models})


class Asked(Listed):
    """``GET /requests``."""

    def get(self) -> None:  # noqa: D102 - called by tornado
        self.set_header("Content-Type", "application/json")
        self.finish(msgspec.json.encode(self.stage.asked))


class Rewrite(Listed):
    """``POST /script``."""

    def post(self) -> None:  # noqa: D102 - called by tornado
        try:
            self.stage.play(read_script(self.request.body))
        except msgspec.DecodeError as error:
            self.set_status(400)
            self.finish({"detail": str(error)})


def application(script: Script) -> Application:
    """Return the service as a tornado application."""
    with_stage = {"stage": Stage(script)}
    routes: list[Any] = [
        (r"/v1/chat/completions", OpenAIAnswer, with_stage),
        (r"/v1/messages", AnthropicAnswer, with_stage),
        (r"/v1/models", Listed, with_stage),
        (r"/requests", Asked, with_stage),
        (r"/script", Rewrite, with_stage),
    ]
    return Application(routes)


async def serve(script: Script, port: int) -> None:
    """Serve on loopback until cancelled; a port of 0 takes a free one."""
    server = HTTPServer(application(script), max_buffer_size=256 * 1024 * 1024)
    sockets = bind_sockets(port, "127.0.0.1")
    server.add_sockets(sockets)
    sys.stdout.write(f"listening on 127.0.0.1:{sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    """Run the service from the command line."""
    parser = argparse.ArgumentParser(prog="python -m jupyter_frevagpt.models.scripted")
    parser.add_argument("script", type=Path, help="a JSON file of rules")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    script = read_script(options.script.read_bytes())
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(script, options.port))


if __name__ == "__main__":
    main()
