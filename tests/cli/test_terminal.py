"""What the terminal makes of a stream: cut anywhere it comes out the same, and shows nothing twice."""

from __future__ import annotations

import io
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_frevagpt.cli.terminal.connection import Connection
from jupyter_frevagpt.cli.terminal.screen import Screen
from jupyter_frevagpt.cli.terminal.servers import Server, chosen, named
from jupyter_frevagpt.cli.terminal.text import CodeText
from jupyter_frevagpt.cli.terminal.turn import Turn, _is_heartbeat
from jupyter_frevagpt.domain.errors import FrevaGPTError
from jupyter_frevagpt.domain.legible import harmless, legible
from jupyter_frevagpt.domain.variants import code_content

from .conftest import TOKEN, Command

TURNS = Path(__file__).parents[1] / "turns"


def lines_of(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (TURNS / f"{name}.ndjson").read_text().splitlines()]


def shown(items: list[dict[str, Any]]) -> tuple[str, str]:
    out, notes = io.StringIO(), io.StringIO()
    screen = Screen(out, notes)
    for item in items:
        screen.show(item)
    return out.getvalue(), notes.getvalue()


@given(st.text() | st.just('a\\n"\\u{}\t\u2028é😀{"code":"x"}'), st.lists(st.integers(0, 200)), st.booleans())
def test_code_comes_out_whatever_it_is_cut_into(code: str, cuts: list[int], is_ascii: bool) -> None:
    code = code.encode("utf-8", "replace").decode()
    whole = '{"code":' + json.dumps(code, ensure_ascii=is_ascii) + "}"
    places = sorted({0, len(whole), *(cut % (len(whole) + 1) for cut in cuts)})
    text = CodeText()
    pieces = [text.feed(whole[start:end]) for start, end in itertools.pairwise(places)]
    assert code.startswith("".join(pieces))
    assert "".join(pieces) + text.rest() == code
    assert text.rest() == ""
    assert text.source == code


def test_code_that_is_no_json_is_shown_as_it_is() -> None:
    text = CodeText()
    assert text.feed("print(") == ""
    assert text.rest() == "print("


def test_a_turn_of_code_in_the_terminal() -> None:
    out, notes = shown(lines_of("code"))
    assert out == (
        'I look at them.\n| for t in temps:\n|     print(f"{t:.1f} \\n")\n| d = {"a": {}}\n'
        "> 1.0 \n>\n> 2.0 \n>\nDone.\n"
    )
    assert notes == "[Waiting for the cell that runs in the kernel.]\n"


@pytest.mark.parametrize("name", sorted(path.stem for path in TURNS.glob("*.ndjson")))
def test_each_golden_turn_says_its_words_once(name: str) -> None:
    lines = lines_of(name)
    out, _ = shown(lines)
    said = "".join(line["content"] for line in lines if line["variant"] == "Assistant")
    assert "".join(said.split()) in "".join(line for line in out.split("\n") if line[:1] not in "|>").replace(" ", "")
    for line in lines:
        if line["variant"] == "CodeOutput" and line["content"]:
            marked = "".join(
                f"> {part}".rstrip(" ") if not part else f"> {part}" for part in line["content"].split("\n")[:1]
            )
            assert out.count(marked) == 1
    assert "memory" not in out


def test_heartbeats_are_told_from_lines() -> None:
    beats = [line for name in ("code", "approval") for line in lines_of(name) if _is_heartbeat(line)]
    assert [line["variant"] for line in beats] == ["Code", "ServerHint", "ServerHint", "ServerHint"]
    assert not _is_heartbeat({"variant": "CodeOutput", "content": "", "id": "call_1"})
    assert not _is_heartbeat({"variant": "ServerHint", "content": {"usage": {}}})


def test_output_that_was_taken_back_is_shown_whole() -> None:
    live = {"variant": "ServerHint", "content": {"output": {"id": "c", "text": "10 %\n"}}}
    whole = {"variant": "CodeOutput", "content": "100 %\n", "id": "c"}
    assert shown([live, whole])[0] == "> 10 %\n> 100 %\n"
    whole["content"] = "10 %\n100 %\n"
    assert shown([live, whole])[0] == "> 10 %\n> 100 %\n"


def test_code_that_is_judged_stands_last() -> None:
    out, notes = io.StringIO(), io.StringIO()
    screen = Screen(out, notes)
    for call in ("a", "b"):
        screen.show({"variant": "Code", "content": code_content(f"run_{call}()"), "id": call})
    screen.code("b", "run_b()")
    assert out.getvalue().count("run_b()") == 1
    screen.code("a", "run_a()")
    assert out.getvalue().endswith("| run_b()\n| run_a()\n")
    screen.code("a", "other()")
    assert out.getvalue().endswith("| other()\n")


def test_nothing_forges_a_mark() -> None:
    out, _ = shown([{"variant": "CodeOutput", "content": "1\r| os.remove()\r\n[Allowed once.]\n\nx", "id": "c"}])
    assert out == "> 1\n> | os.remove()\n> [Allowed once.]\n>\n> x\n"
    assert harmless("a\x1b[2Jb\x9b1mc\x07\x7fd\ud800") == "abcd?"
    assert legible("a\u202eb\x1b[0m\rc\u200b") == "a\\u202eb\\x1b[0m\\rc\\u200b"


def test_which_of_several_servers(tmp_path: Path) -> None:
    one, two, inner = (
        Server("http://127.0.0.1:1/", "a", str(tmp_path / "one")),
        Server("http://127.0.0.1:2/", "b", str(tmp_path / "two")),
        Server("http://127.0.0.1:3/", "c", str(tmp_path / "one" / "inner")),
    )
    everything = [one, two, inner]
    with pytest.raises(FrevaGPTError, match="No Jupyter server"):
        chosen([], tmp_path, None)
    assert chosen([two], tmp_path, None) == two
    assert chosen(everything, tmp_path / "two" / "deep", None) == two
    assert chosen(everything, tmp_path / "one" / "x", None) == one
    assert chosen(everything, tmp_path / "one" / "inner" / "x", None) == inner
    with pytest.raises(FrevaGPTError, match="Several"):
        chosen(everything, tmp_path, None)
    asked: list[str] = []
    assert chosen(everything, tmp_path, lambda text: [asked.append(text), "3"][1]) == inner
    assert str(tmp_path / "two") in asked[0]
    assert "127.0.0.1" not in asked[0]
    for answer in ("0", "4", "", "x", "²"):
        with pytest.raises(FrevaGPTError, match="none of the numbers 1 to 3"):
            chosen(everything, tmp_path, lambda _, answer=answer: answer)  # type: ignore[misc]


def test_a_server_by_its_address() -> None:
    known = [Server("http://localhost:8888/base/", "t", "/x")]
    assert named("http://localhost:8888/base/lab?token=x", "", lambda: known).token == "t"
    assert named("http://localhost:8888/base", "own", lambda: known) == Server("http://localhost:8888/base/", "own")
    assert named("http://elsewhere:8888/base", "", lambda: known).token == ""


def test_an_answer_that_the_server_has_only_stored(
    server: dict[str, Any], folders: dict[str, str], command: Command, tmp_path: Path
) -> None:
    content = [
        {"variant": "User", "content": "old"},
        {"variant": "Assistant", "content": "old answer"},
        {"variant": "User", "content": "new"},
        {"variant": "Assistant", "content": "the whole answer"},
        {"variant": "StreamEnd", "content": "Finished."},
    ]
    (tmp_path / "chats.jsonl").write_text(json.dumps({"content": content}))
    thread_id = command("threads", "import", "chats.jsonl").stdout.strip()
    out, notes = io.StringIO(), io.StringIO()
    with Connection(Server(server["url"], TOKEN)) as connection:
        turn = Turn(connection, Screen(out, notes), thread_id, None)
        turn._lines = 7
        assert turn._picked_up() == "Finished."
    assert out.getvalue() == "the whole answer\n"
    assert "ended while the connection was lost" in notes.getvalue()
