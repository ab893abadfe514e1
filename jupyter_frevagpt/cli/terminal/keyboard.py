"""The user at the keyboard: questions with a history, and the decision on code that waits."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...domain.legible import legible, one_line
from .screen import Screen

_LONGEST_HISTORY = 1000
_WORDS = {
    "y": "once",
    "yes": "once",
    "once": "once",
    "t": "thread",
    "thread": "thread",
    "n": "deny",
    "no": "deny",
    "deny": "deny",
}


class Keyboard:
    """Reads lines; what was asked is found again with the arrow keys, also the next time."""

    def __init__(self, screen: Screen, history: Path) -> None:
        self._screen = screen
        self._history = history
        try:
            import readline
        except ImportError:  # a Python without it: the lines come plain
            self._readline = None
        else:
            self._readline = readline
            readline.set_auto_history(False)
            with suppress(OSError):
                readline.read_history_file(history)

    def question(self) -> str:
        """Return the next question, not blank; raises EOFError and KeyboardInterrupt."""
        while not (line := input("\nyou> ").strip()):
            pass
        if self._readline is not None:
            self._readline.add_history(line)
        return line

    def answer(self, prompt: str) -> str:
        """Return the answer to a question of ours."""
        return input(prompt)

    def decide(self, approval: dict[str, Any]) -> tuple[str, str]:
        """Ask about code that waits; returns the decision and, for a refusal, a reason."""
        reasons = approval.get("reasons")
        texts = [
            one_line(str(reason.get("text")))
            for reason in (reasons if isinstance(reasons, list) else [])
            if isinstance(reason, dict) and reason.get("asks", True)
        ]
        lines = ["This code waits for you:", *(f"  - {text}" for text in texts)]
        if source := approval.get("source"):
            lines.append(f"  - Text from outside has entered this answer: {one_line(str(source))}.")
        self._screen.say("\n".join(map(legible, lines)))
        standing = bool(approval.get("standing"))
        choice = "y = once, t = for this chat, n = no" if standing else "y = once, n = no"
        while True:
            try:
                word = _WORDS.get(self.answer(f"Run it? ({choice}) ").strip().lower())
            except EOFError:
                return "deny", ""
            if word == "thread" and not standing:
                continue
            if word == "deny":
                with suppress(EOFError):
                    return word, self.answer("Why not? (Enter for no reason) ").strip()[:2000]
                return word, ""
            if word:
                return word, ""

    def save(self) -> None:
        """Keep the history, for this account's eyes only."""
        if self._readline is None:
            return
        with suppress(OSError):
            self._history.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._history, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._readline.set_history_length(_LONGEST_HISTORY)
            self._readline.write_history_file(self._history)
            self._history.chmod(0o600)


def at_a_terminal() -> bool:
    """Whether somebody sits there who can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()
