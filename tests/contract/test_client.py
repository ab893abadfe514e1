"""climateclaw-client as it is on PyPI, in an environment and a process of its own, against a running server.

Contract 1 to 6, 10, 15, 16 and section 3; it is also what decides where the wire and its readers differ.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .conftest import ANSWER, CODE, FIGURES, HARMLESS
from .server import Server

_ROOT = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("FREVAGPT_TEST_CLIMATECLAW", _ROOT / ".venv-climateclaw/bin/python"))
OUTPUT = '{"shown"}\n'


@pytest.fixture(scope="module", params=["sync", "async"])
def used(request: pytest.FixtureRequest, server: Server) -> dict[str, Any]:
    """What came of using all of the client."""
    assert PYTHON.exists(), "climateclaw-client is not installed: .ci/setup climateclaw python3 .venv-climateclaw"
    program = Path(__file__).with_name("client_program.py")
    ended = subprocess.run(
        [PYTHON, program, request.param],
        input=json.dumps({"url": server.url, "token": server.token}),
        capture_output=True,
        text=True,
        timeout=90,
        env={"PATH": os.environ["PATH"], "HOME": str(program.parent), "LOGNAME": "alice"},
    )
    assert ended.returncode == 0, ended.stderr[-4000:] + server.log[-2000:]
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def markdown(shown: list[list[str]], variant: str) -> str:
    return "".join(piece for kind, piece in shown if kind == variant)


def test_models_and_new_threads(used: dict[str, Any]) -> None:
    assert used["models"] == ["first", "second"]
    assert used["first"] != used["second"]
    assert len(used["first"]) == 32


def test_a_streamed_answer(used: dict[str, Any]) -> None:
    hello = used["hello"]
    assert markdown(hello["shown"], "Assistant") == ANSWER
    assert hello["told"] == [["Assistant", ANSWER], ["StreamEnd", "Finished."]]
    assert len([piece for kind, piece in hello["shown"] if kind == "Assistant"]) > 3


def test_streamed_code_and_figures(used: dict[str, Any]) -> None:
    figures = used["figures"]
    check_figures(figures["told"])
    shown = figures["shown"]
    assert [one.strip() for kind, one in shown if kind == "Image"] == [
        f"![Image](data:image/png;base64,{figure})" for figure in FIGURES
    ]
    code = markdown(shown, "Code")
    assert code.startswith(f"\n\n```python\n{CODE.splitlines()[0]}\n")
    assert code.count("```") == 2
    assert OUTPUT.strip() in markdown(shown, "CodeOutput")


def check_figures(told: list[list[Any]]) -> None:
    assert [kind for kind, _ in told] == [
        "Assistant", "Code", "CodeOutput", "Image", "Image", "Assistant", "StreamEnd",
    ]  # fmt: skip
    assert json.loads(told[1][1])["code"].startswith(CODE)
    assert told[2][1].startswith(OUTPUT)
    assert [content for kind, content in told if kind == "Image"] == FIGURES
    assert told[-2:] == [["Assistant", "Done."], ["StreamEnd", "Finished."]]


def test_an_answer_in_one_piece(used: dict[str, Any]) -> None:
    plain = used["plain"]
    check_figures(plain["told"])
    assert plain["images"] == FIGURES
    assert [code[: len(CODE)] for code in plain["code"]] == [CODE]


def test_silence_while_code_is_written_spoils_nothing(used: dict[str, Any]) -> None:
    """The model pauses longer than a heartbeat between the fragments of its code."""
    slowly = used["slowly"]
    assert json.loads(next(content for kind, content in slowly["told"] if kind == "Code")) == {"code": HARMLESS}
    assert markdown(slowly["shown"], "Code").count("```") == 2
    assert [kind for kind, _ in slowly["told"]] == ["Assistant", "Code", "CodeOutput", "Assistant", "StreamEnd"]


def test_a_thread_again(used: dict[str, Any]) -> None:
    thread = used["thread"]
    assert thread["told"][0] == ["User", "figures"]
    assert [content for kind, content in thread["told"] if kind == "User"] == ["figures", "written slowly"]
    assert [kind for kind, _ in thread["told"]].count("StreamEnd") == 1
    assert thread["sizes"] == [[120, 120], [120, 120]]
    assert "Done." in thread["printed"]


def test_threads_come_with_their_contents(used: dict[str, Any]) -> None:
    listed = used["threads"]["threads"]
    assert [one["thread_id"] for one in listed] == [used["left thread"], used["second"], used["first"]]
    assert used["threads"]["total"] >= 3
    assert listed[1]["topic"] == used["topic"] == f"Rain in Kiel {used['second']}"
    assert listed[1]["content"] == used["thread"]["told"]
    assert listed[2]["content"][:2] == [["User", "hello"], ["Assistant", ANSWER]]


def test_searching(used: dict[str, Any]) -> None:
    assert (used["found"]["total"], used["found"]["ids"]) == (1, [used["second"]])
    assert used["found"]["told"] == used["thread"]["told"]
    assert used["nothing"] == 0


def test_leaving_a_stream_stops_it_and_keeps_what_was_said(used: dict[str, Any]) -> None:
    assert used["left"] == [["User", "stuck"], ["Assistant", "so"], ["StreamEnd", "Stopped."]]
    assert used["stopped"] == [True, True]


def test_a_fork_keeps_what_stands_before(used: dict[str, Any]) -> None:
    assert used["fork"]["id"] not in (used["first"], used["second"])
    assert used["fork"]["told"][0] == ["User", "figures"]
    assert ["User", "written slowly"] not in used["fork"]["told"]


def test_feedback_and_the_client_s_own_errors(used: dict[str, Any]) -> None:
    assert used["feedback"] == ["Feedback saved.", "Feedback saved.", "Feedback removed.", "Feedback saved."]
    errors = used["errors"]
    assert errors["rated beyond"].startswith("IndexError: Feedback not found at index 99")
    assert errors["rated unknown"].startswith("ValueError: No thread found")
    assert errors["forked beyond"].startswith("IndexError: User message index 9")
    assert errors["forked unknown"].startswith("ValueError: No thread found")
    assert errors["deleted"].startswith("ConnectionError: [Errno 404]")
    assert "Thread not found." in errors["deleted"]
