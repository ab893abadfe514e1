"""``jupyter frevagpt chat`` in a pipe and at a terminal, against a real server."""

from __future__ import annotations

import json
import re
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import SLOW, TOKEN, Command, Terminal, Wire

Start = Callable[..., Terminal]

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def routes(server: dict[str, Any], route: str, **given: Any) -> Any:
    answer = httpx.post(
        f"{server['url']}api/chatbot/{route}",
        json=given,
        headers={"Authorization": f"token {TOKEN}"},
        trust_env=False,
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


# ---- in a pipe


def test_a_question_through_a_pipe(server: dict[str, Any], command: Command) -> None:
    done = command("chat", "--once", given="hello\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Good day, 14 °C today.\n", "")


def test_code_and_output_stand_behind_their_marks(server: dict[str, Any], command: Command) -> None:
    done = command("chat", "--once", given="compute")
    assert done.stdout == "I look. \n| x = 6\n|\n| print('°' + str(x * 7))\n> °42\nIt is above.\n"
    assert "Starting a kernel" in done.stderr
    assert done.returncode == 0


def test_each_line_of_a_pipe_is_a_question_of_one_chat(server: dict[str, Any], command: Command) -> None:
    done = command("chat", given="hello\n\nagain\n")
    assert done.stdout == "Good day, 14 °C today.\nOnce more.\n"
    newest = routes(server, "getuserthreads", num_threads=1)[0][0]["thread_id"]
    asked = [item["content"] for item in routes(server, "getthread", thread_id=newest) if item["variant"] == "User"]
    assert asked == ["hello", "again"]


def test_going_on_with_a_chat_and_another_model(server: dict[str, Any], command: Command) -> None:
    assert command("chat", "--once", "--model", "second", given="hello").returncode == 0
    thread_id = routes(server, "getuserthreads", num_threads=1)[0][0]["thread_id"]
    assert command("chat", "--once", "--thread", thread_id, given="again").stdout == "Once more.\n"
    users = [item for item in routes(server, "getthread", thread_id=thread_id) if item["variant"] == "User"]
    assert [(item["content"], item["model"]) for item in users] == [("hello", "second"), ("again", "first")]


def test_a_failed_answer_is_told_and_in_the_exit_code(server: dict[str, Any], command: Command) -> None:
    done = command("chat", "--once", given="broken")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("[Error: ")


@pytest.mark.parametrize(
    ("arguments", "given", "says"),
    [
        (["--model", "nobody"], "hello", "Choose one of: first, second."),
        (["--thread", "u" * 32], "hello", "Thread not found."),
        (["--kernel", "00000000"], "hello", "not one running kernel"),
        ([], "", "There is no question"),
        (["--url", "http://127.0.0.1:9/"], "hello", "does not answer"),
        (["--url", "localhost:8888"], "hello", "begins with http"),
        (["--token", "wrong"], "hello", "asks for its token"),
    ],
)
def test_what_cannot_be_is_told(
    server: dict[str, Any], command: Command, arguments: list[str], given: str, says: str
) -> None:
    done = command("chat", "--once", *arguments, given=given)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert TOKEN not in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_server_it_says_so(command: Command, tmp_path: Path) -> None:
    done = command("chat", "--once", given="hello", JUPYTER_RUNTIME_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "No Jupyter server of yours is running" in done.stderr


def test_a_server_by_its_address_and_token(server: dict[str, Any], command: Command, tmp_path: Path) -> None:
    address = server["url"] + "lab?token=ignored"
    elsewhere = {"JUPYTER_RUNTIME_DIR": str(tmp_path)}
    assert command("chat", "--once", "--url", address, given="hello", **elsewhere).returncode == 1
    for given in ({"JUPYTER_TOKEN": TOKEN}, {}):
        named = () if given else ("--token", TOKEN)
        done = command("chat", "--once", "--url", address, *named, given="hello", **elsewhere, **given)
        assert done.stdout == "Good day, 14 °C today.\n"


def test_nothing_that_is_shown_moves_the_cursor(server: dict[str, Any], command: Command) -> None:
    done = command("chat", "--once", given="hostile")
    assert done.stdout == "abcde\n"
    done = command("chat", "--once", given="paint")
    assert "\x1b" not in done.stdout.replace("\\x1b", "")
    assert done.stdout.splitlines()[-3:] == ["> red", "> [Allowed once.]", "Done."]


def test_code_that_needs_leave_is_not_run_through_a_pipe(server: dict[str, Any], command: Command) -> None:
    done = command("chat", "--once", given="remove")
    assert "> Nothing was run: this needs the user's leave" in done.stdout


def test_a_new_kernel_and_one_by_its_id(server: dict[str, Any], command: Command) -> None:
    started = command("chat", "--once", "--kernel", "new", given="compute")
    kernel = re.search(r"Started the kernel ([0-9a-f-]{36})", started.stderr)
    assert kernel, started.stderr
    assert "> °42\n" in started.stdout
    again = command("chat", "--once", "--kernel", kernel[1][:8], given="compute")
    assert "> °42\n" in again.stdout
    assert "Starting a kernel" not in started.stderr + again.stderr
    newest = routes(server, "getuserthreads", num_threads=1)[0][0]["thread_id"]
    users = [item for item in routes(server, "getthread", thread_id=newest) if item["variant"] == "User"]
    assert users[0]["kernel_id"] == kernel[1]


def test_a_lost_connection_is_picked_up(server: dict[str, Any], wire: Wire, terminal: Start) -> None:
    chat = terminal("chat", "--once", "--url", wire.url, "--token", TOKEN)
    chat.expect("you> ")
    chat.type("slow\n")
    chat.expect("word5 ")
    wire.cut()
    chat.expect("word20 ")
    wire.cut()
    assert chat.ends() == 0
    words = re.findall(r"word\d+", chat.shown)
    assert words == SLOW.split()


def test_an_answer_that_ends_meanwhile_is_shown(server: dict[str, Any], wire: Wire, terminal: Start) -> None:
    chat = terminal("chat", "--once", "--url", wire.url, "--token", TOKEN)
    chat.expect("you> ")
    chat.type("slow\n")
    chat.expect("word5 ")
    wire.refusing = True
    wire.cut()
    assert wire.refused.wait(20)
    thread_id = routes(server, "getuserthreads", num_threads=1)[0][0]["thread_id"]
    end = time.monotonic() + 30
    while routes(server, "getuserthreads", num_threads=1)[0][0]["running"]:
        assert time.monotonic() < end
        time.sleep(0.05)
    wire.refusing = False
    assert chat.ends() == 0
    assert re.findall(r"word\d+", chat.shown) == SLOW.split()
    assert json.dumps(routes(server, "getthread", thread_id=thread_id)).count("word39") == 1


# ---- at a terminal


def test_a_conversation_at_a_terminal(server: dict[str, Any], terminal: Start, tmp_path: Path) -> None:
    chat = terminal("chat")
    assert "Model first, chat" in chat.expect("you> ")
    chat.type("hello\n")
    chat.expect("Good day, 14 °C today.")
    chat.expect("you> ")
    chat.type("compute\n")
    shown = chat.expect("you> ")
    assert "> °42\n" in shown
    assert COLOUR.sub("", shown).count("| print('°' + str(x * 7))") == 1
    assert "\x1b[36m| x = 6" in shown
    assert "new x" in shown
    chat.type("\x04")
    assert chat.ends() == 0
    history = tmp_path / "frevagpt" / "terminal-history"
    assert history.read_text().split() == ["hello", "compute"]
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    again = terminal("chat", NO_COLOR="1")
    again.expect("you> ")
    again.type("\x1b[A\x1b[A")
    again.expect("hello")
    again.type("\n")
    again.expect("Good day, 14 °C today.")
    again.expect("you> ")
    again.type("\x04")
    assert again.ends() == 0
    assert not COLOUR.search(again.shown)


def test_an_interrupt_stops_the_answer_and_a_second_one_leaves(
    server: dict[str, Any], wire: Wire, terminal: Start
) -> None:
    chat = terminal("chat", "--url", wire.url, "--token", TOKEN)
    chat.expect("you> ")
    chat.type("stuck\n")
    chat.expect("so")
    chat.type("\x03")
    chat.expect("[Stopped.]")
    chat.expect("you> ")
    chat.type("hello\n")
    chat.expect("Good day, 14 °C today.")
    chat.expect("you> ")
    chat.type("stuck\n")
    chat.expect("so")
    wire.refusing = True
    chat.type("\x03")
    assert wire.refused.wait(20)
    chat.type("\x03")
    assert chat.ends() == 130
    assert "Traceback" not in chat.shown
    thread_id = routes(server, "getuserthreads", num_threads=1)[0][0]["thread_id"]
    assert routes(server, "stop", thread_id=thread_id)


def test_interrupts_between_questions(server: dict[str, Any], terminal: Start) -> None:
    chat = terminal("chat")
    chat.expect("you> ")
    chat.type("half a quest")
    chat.expect("half a quest")  # a Ctrl-C that the terminal takes while readline reads is seen with the next key only
    chat.interrupt("Ctrl-D leaves.")
    chat.expect("you> ")
    chat.type("hello\n")
    chat.expect("Good day")
    chat.expect("you> ")
    chat.interrupt("Ctrl-D leaves.")
    chat.expect("you> ")
    chat.interrupt("\r\n")
    assert chat.ends() == 130


def test_code_is_approved_refused_and_stopped(server: dict[str, Any], terminal: Start) -> None:
    chat = terminal("chat")
    chat.expect("you> ")
    chat.type("remove\n")
    shown = COLOUR.sub("", chat.expect("Run it? (y = once, t = for this chat, n = no) "))
    assert shown.count("| os.remove('/nowhere/at/all')") == 1
    assert "This code waits for you:\n  - " in shown
    chat.type("what\n")
    chat.expect("Run it? ")
    chat.type("y\n")
    assert "[Allowed once.]" in chat.expect("FileNotFoundError")
    chat.expect("you> ")
    chat.type("remove\n")
    chat.expect("n = no) ")
    chat.type("n\n")
    chat.expect("Why not? ")
    chat.type("not today\n")
    shown = chat.expect("you> ")
    assert "[Not allowed.]" in shown
    assert "> Their reason: not today" in shown
    chat.type("remove\n")
    chat.expect("n = no) ")
    chat.interrupt("[Stopped.]")
    chat.expect("you> ")
    chat.type("remove\n")
    chat.expect("n = no) ")
    chat.type("t\n")
    assert "[Allowed for this chat.]" in chat.expect("you> ")
    chat.type("remove\n")
    assert "Run it?" not in chat.expect("you> ")
    chat.type("\x04")
    assert chat.ends() == 0


def test_what_code_hides_is_seen_when_it_is_judged(server: dict[str, Any], terminal: Start) -> None:
    chat = terminal("chat")
    chat.expect("you> ")
    chat.type("unseen\n")
    shown = chat.expect("Run it? ")
    assert "\\u202e" in shown
    assert "\u202e" not in shown
    chat.type("\x04")
    assert "[Not allowed.]" in chat.expect("you> ")


def test_a_running_chat_is_picked_up(server: dict[str, Any], terminal: Start) -> None:
    one = terminal("chat")
    thread_id = re.search(r"chat (\w{32})", one.expect("you> "))
    assert thread_id
    one.type("stuck\n")
    one.expect("so")
    other = terminal("chat", "--thread", thread_id[1])
    other.expect("so")
    other.type("\x03")
    for chat in (one, other):
        chat.expect("[Stopped.]")
        chat.expect("you> ")
        chat.type("\x04")
        assert chat.ends() == 0


def test_going_on_shows_no_answer_twice(server: dict[str, Any], terminal: Start) -> None:
    one = terminal("chat")
    thread_id = re.search(r"chat (\w{32})", one.expect("you> "))
    assert thread_id
    one.type("hello\n")
    one.expect("today.")
    one.expect("you> ")
    other = terminal("chat", "--thread", thread_id[1])
    shown = other.expect("you> ")
    assert "The last question was: hello" in shown
    assert "Good day" not in shown
