"""``%frevagpt`` and ``%%frevagpt``: ask the assistant from a cell, and read its answer below it.

The kernel does not ask by itself: it holds no login, and while it waited for an answer no code of that answer could run
in it. It tells the page that ran the cell, which asks in its chat panel and sends the answer back, piece by piece.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from comm import create_comm
from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.display import publish_display_data

TARGET = "frevagpt"
"""The comm's target; the sidebar's plugin ``magics`` answers it."""

_USAGE = "Ask like this: %frevagpt [--code] question, or %%frevagpt [--code] with the question in the lines below."
_ASKING = "*Asking FrevaGPT …*"
_NOBODY = (
    "*Nobody took this question: run the cell in JupyterLab or Jupyter Notebook with the FrevaGPT panel, and see that "
    "the panel is there.*"
)
_QUESTION = re.compile(r"(\s*)%frevagpt[ \t]+(.*\?)[ \t]*\n?", re.DOTALL)


@magics_class
class FrevaGPTMagics(Magics):
    """The magics of this package."""

    @no_var_expand  # a question may hold braces and dollar signs
    @line_cell_magic
    def frevagpt(self, line: str, cell: str | None = None) -> None:
        """Ask FrevaGPT; its answer comes below the cell, and with ``--code`` the last code of it as the next cell.

        ``%frevagpt [--code] question`` or ``%%frevagpt [--code]`` with the question in the lines below. The question
        goes into the chat that the panel shows, and the answer may use this kernel, as one typed there.
        """
        code, question = _parsed(line, cell)
        if getattr(self.shell, "kernel", None) is None:
            raise UsageError("%frevagpt needs a notebook; in a terminal use: jupyter frevagpt chat")
        _Answer(question, code=code)


class _Answer:
    """What stands below a cell: replaced as often as the page sends more."""

    def __init__(self, question: str, *, code: bool) -> None:
        self._id = secrets.token_hex(8)
        self._show(_ASKING, update=False)
        self._comm = create_comm(target_name=TARGET, data={"id": self._id, "question": question, "code": code})
        self._comm.on_msg(self._more)
        self._comm.on_close(self._closed)

    def _more(self, message: dict[str, Any]) -> None:
        text = message["content"]["data"].get("markdown")
        if isinstance(text, str):
            self._show(text)

    def _closed(self, message: dict[str, Any]) -> None:
        # A page without the panel closes what it does not know.
        if not message["content"]["data"].get("taken"):
            self._show(_NOBODY)

    def _show(self, text: str, *, update: bool = True) -> None:
        publish_display_data(  # type: ignore[no-untyped-call]
            {"text/markdown": text, "text/plain": text},
            metadata={"frevagpt": {"answer": self._id}},
            transient={"display_id": self._id},
            update=update,
        )


def keep_question_marks(lines: list[str]) -> list[str]:
    """Make calls of lines with our magic and a question mark at their end, which IPython would take for a help request.

    One of IPython's ``input_transformers_cleanup``.
    """
    return [
        f"{found[1]}get_ipython().run_line_magic('frevagpt', {found[2]!r})\n"
        if (found := _QUESTION.fullmatch(line))
        else line
        for line in lines
    ]


def _parsed(line: str, cell: str | None) -> tuple[bool, str]:
    """Return whether code is wanted, and the question; what the line says stands before the cell's lines."""
    words = line.split(maxsplit=1)
    code = words[:1] == ["--code"]
    if code:
        line = words[1] if len(words) > 1 else ""
    elif words and words[0].startswith("--"):
        raise UsageError(f"There is no option {words[0]}. {_USAGE}")
    question = "\n".join(part.strip() for part in (line, cell or "") if part.strip())
    if not question:
        raise UsageError(_USAGE)
    return code, question
