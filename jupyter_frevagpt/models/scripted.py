"""A model service that answers from a script, over HTTP, for tests, benchmarks and demonstrations.

``python -m jupyter_frevagpt.models.scripted SCRIPT.json [--port 0]`` listens on loopback only, prints one line
``listening on 127.0.0.1:PORT`` and serves

- ``POST /v1/chat/completions``, the OpenAI protocol, streamed or whole, and ``GET /v1/models``
- ``POST /v1/messages``, Anthropic's protocol, streamed or whole
- ``GET /requests``, what it was asked: ``[{"path", "headers", "body", "matched", "ended", "left"}, ...]``; ``matched``
  is the number of the rule, ``ended`` is true once the whole answer was written, ``left`` once the client closed the
  connection before that
- ``POST /script``, a new script; what was asked is forgotten

A script is a list of rules, or ``{"rules": [...], "models": ["name", ...]}``. The first rule that matches answers::

    {"when": {"user": "mean", "after_tool": false}, "once": true, "reply": [{"text": "I will look."}, ...]}

``when`` may ask for ``user`` (in the user's last question), ``system`` (in the system messages), ``model``, ``tool``
(in the last tool output behind the question), each a piece of the text or a regular expression, and ``after_tool``
(whether there is a tool output behind the question). Without ``when`` a rule matches everything; ``once`` uses it up.

The steps of a reply:

- ``{"text": "...", "chunk": 5, "delay": 0.02}``: text in chunks of so many characters or of one ``"word"``, with a
  pause in seconds before each
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
import sys
from pathlib import Path
from typing import Any

import msgspec
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from .script import Script, Stage, read_script
from .scripted_answers import AnthropicAnswer, OpenAIAnswer
from .scripted_vectors import Embedded


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
        (r"/v1/embeddings", Embedded, with_stage),
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
