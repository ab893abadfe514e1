"""A chat in the terminal: which server, thread, kernel and model, and one question after the other."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import msgspec
from jupyter_core.paths import jupyter_data_dir

from ...domain.errors import FrevaGPTError
from ...domain.legible import harmless, one_line
from . import servers
from .connection import Connection, Lost
from .keyboard import Keyboard, at_a_terminal
from .screen import Screen
from .turn import Turn

_HINTS = "Ctrl-C stops an answer, Ctrl-D leaves."


class Wish(msgspec.Struct, frozen=True):
    """What was asked for on the command line; "" is our choice."""

    thread: str = ""
    kernel: str = ""
    model: str = ""
    url: str = ""
    token: str = ""
    once: bool = False


def chat(wish: Wish) -> int:
    """Answer questions until there are no more, and return the exit code; raises FrevaGPTError."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    screen = Screen(sys.stdout, sys.stdout if at_a_terminal() else sys.stderr)
    history = Path(jupyter_data_dir()) / "frevagpt" / "terminal-history"
    keyboard = Keyboard(screen, history) if at_a_terminal() else None
    with Connection(_server(wish, keyboard)) as connection:
        try:
            return _Session(connection, screen, keyboard, wish).run()
        except Lost:
            raise FrevaGPTError("The connection to the Jupyter server was lost. Try again.") from None
        finally:
            if keyboard is not None:
                keyboard.save()


def _server(wish: Wish, keyboard: Keyboard | None) -> servers.Server:
    if wish.url:
        return servers.named(wish.url, wish.token or os.environ.get("JUPYTER_TOKEN", ""))
    found = servers.chosen(servers.running(), Path.cwd(), keyboard.answer if keyboard is not None else None)
    return msgspec.structs.replace(found, token=wish.token or found.token)


class _Session:
    def __init__(self, connection: Connection, screen: Screen, keyboard: Keyboard | None, wish: Wish) -> None:
        self._connection = connection
        self._screen = screen
        self._keyboard = keyboard
        self._once = wish.once
        self._goes_on = bool(wish.thread)
        self._model = self._model_of(wish.model)
        self._thread_id = self._thread_of(wish.thread)
        self._kernel = self._kernel_of(wish.kernel)

    def run(self) -> int:
        if self._keyboard is None:
            return self._from_pipe()
        if not self._once:
            self._screen.note(f"Model {self._model}, chat {self._thread_id}. {_HINTS}")
        if self._goes_on:
            self._turn().follow()
        return self._from_keyboard(self._keyboard)

    def _from_pipe(self) -> int:
        if self._once:
            question = sys.stdin.read().strip()
            if not question:
                raise FrevaGPTError('There is no question. Give it like this: echo "question" | jupyter frevagpt chat.')
            return self._ask(question)
        return max((self._ask(line.strip()) for line in sys.stdin if line.strip()), default=0)

    def _from_keyboard(self, keyboard: Keyboard) -> int:
        interrupted = False
        while True:
            try:
                question = keyboard.question()
            except EOFError:
                self._screen.end()
                sys.stdout.write("\n")
                return 0
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                sys.stdout.write("\n")
                self._screen.note(_HINTS)
                continue
            interrupted = False
            try:
                code = self._ask(question)
            except FrevaGPTError as error:
                self._screen.error(str(error))
                code = 1
            if self._once:
                return code

    def _ask(self, question: str) -> int:
        reason = self._turn().ask(question, chatbot=self._model, kernel_id=self._kernel)
        return 0 if reason == "Finished." else 1

    def _turn(self) -> Turn:
        decide = self._keyboard.decide if self._keyboard is not None else None
        return Turn(self._connection, self._screen, self._thread_id, decide)

    def _model_of(self, wanted: str) -> str:
        settings = self._connection.ask("settings")
        names = [str(model["name"]) for model in settings["models"]]
        if not names:
            raise FrevaGPTError(harmless(str(settings.get("advice") or "No model is configured.")))
        if wanted and wanted not in names:
            choice = one_line(", ".join(names))
            raise FrevaGPTError(f"There is no model {one_line(wanted)} that chats. Choose one of: {choice}.")
        return wanted or str(settings["default"])

    def _thread_of(self, wanted: str) -> str:
        if not wanted:
            return str(self._connection.ask("newthread"))
        items: list[dict[str, Any]] = self._connection.ask("getthread", thread_id=wanted, finished=True)
        questions = [item for item in items if item.get("variant") == "User"]
        if questions and self._keyboard is not None:
            text = one_line(str(questions[-1]["content"]))
            self._screen.note(f"Going on with a chat of {len(questions)} so far. The last question was: {text[:200]}")
        return wanted

    def _kernel_of(self, wanted: str) -> str:
        if wanted == "new":
            kernel = self._connection.start_kernel()
            self._screen.note(
                f"Started the kernel {kernel}. It stays when you leave: a notebook can be attached to it."
            )
            return kernel
        if wanted:
            ids = [str(kernel["id"]) for kernel in self._connection.kernels()]
            found = [kernel_id for kernel_id in ids if kernel_id.startswith(wanted)]
            if len(found) != 1:
                raise FrevaGPTError(f"There is not one running kernel whose id begins with {one_line(wanted)}.")
            return found[0]
        return ""
