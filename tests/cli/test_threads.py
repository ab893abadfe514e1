"""``jupyter frevagpt threads``: there and back again, and what a file of strangers cannot do."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection

from jupyter_frevagpt.conversation.archive import chat_of
from jupyter_frevagpt.domain.errors import BadRequest
from jupyter_frevagpt.domain.variants import Code, CodeOutput, Image, ServerHint, ToolCall, ToolOutput, User, encode

from ..identity.services import Reply, Service
from ..threads.database import served
from .conftest import Command

PNG = "iVBORw0KGgoAAAANSUhEUg=="
CODE = {"variant": "Code", "content": '{"code":"1+1"}', "id": "call_1"}


def line(*content: Any, **more: Any) -> str:
    return json.dumps({"topic": "t", "content": [{"variant": "User", "content": "q"}, *content], **more})


def items(*content: Any, **more: Any) -> list[Any]:
    """Return the items of an imported chat behind the notice and the question."""
    return chat_of(line(*content, **more), "alice")[1][2:]


def read(command: Command, *arguments: str) -> list[dict[str, Any]]:
    done = command("threads", "export", *arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_there_and_back(command: Command, tmp_path: Path) -> None:
    here, there = ("--data-dir", str(tmp_path / "here")), ("--data-dir", str(tmp_path / "there"))
    content = [
        {"variant": "Assistant", "content": "14 °C 😀\u2028", "feedback": "up"},
        CODE,
        {"variant": "CodeOutput", "content": "2\n", "id": "call_1"},
        {"variant": "StreamEnd", "content": "Finished."},
    ]
    dates = ["2024-05-01T10:00:00.000Z", "2025-06-01T10:00:00.000Z"]
    file = tmp_path / "first.jsonl"
    file.write_text("\n".join(line(*content, topic=f"topic {date}", date=date) for date in dates) + "\n\n")
    done = command("threads", "import", *here, str(file))
    assert (done.returncode, done.stderr) == (0, "2 chats imported.\n")
    ids = done.stdout.split()
    exported = read(command, *here, "--all")
    assert [(one["date"], one["topic"]) for one in exported] == [(date, f"topic {date}") for date in dates[::-1]]
    assert [one["thread_id"] for one in exported] == ids[::-1]
    assert "user_id" not in exported[0]
    again = command("threads", "import", *there, "-", given=command("threads", "export", "--all", *here).stdout)
    assert again.returncode == 0
    copies = read(command, *there, "--all")
    assert [(one["date"], one["topic"]) for one in copies] == [(one["date"], one["topic"]) for one in exported]
    assert not {one["thread_id"] for one in copies} & set(ids)
    kept = [item for item in copies[0]["content"] if item["variant"] != "ServerHint"]
    assert [{**item, "id": ""} for item in kept[1:]] == [{**item, "id": ""} for item in content]
    assert kept[2]["id"] == kept[3]["id"] != "call_1"
    (one,) = read(command, *here, "--thread", ids[0])
    assert one["thread_id"] == ids[0]


def test_chats_are_the_importers_and_only_the_owner_exports_them(command: Command, tmp_path: Path) -> None:
    where = ("--data-dir", str(tmp_path / "data"))
    file = tmp_path / "chats.jsonl"
    file.write_text(line(user_id="bob", thread_id="t" * 32))
    thread_id = command("threads", "import", *where, str(file)).stdout.strip()
    assert thread_id != "t" * 32
    assert len(read(command, *where, "--thread", thread_id)) == 1
    assert read(command, *where, "--all", "--owner", "bob") == []
    for foreign in (("--thread", thread_id, "--owner", "bob"), ("--thread", "../../x")):
        done = command("threads", "export", *where, *foreign)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", "Thread not found.\n")
    modes = {path.stat().st_mode & 0o077 for path in (tmp_path / "data").rglob("*")}
    assert modes == {0}


def test_bad_lines_are_told_and_cost_no_others(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "chats.jsonl"
    file.write_text("\n".join(["no json", "[]", line(), '{"content": []}', "[" * 100_000, line(topic="\x1b[2J\n")]))
    done = command("threads", "import", "--data-dir", str(tmp_path / "data"), str(file))
    assert done.returncode == 1
    assert len(done.stdout.split()) == 2
    assert [words.split()[1] for words in done.stderr.splitlines()[:-1]] == ["1", "2", "4", "5"]
    assert done.stderr.splitlines()[-1] == "2 chats imported, 4 left out."
    assert "Traceback" not in done.stderr
    missing = command("threads", "import", str(tmp_path / "nothing"))
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "cannot be read (No such file" in missing.stderr


# ---- in a database


@pytest.fixture(scope="module")
def mongo_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from served(tmp_path_factory.mktemp("secantus") / "db")


@pytest.fixture
def raw(mongo_uri: str) -> Iterator[tuple[str, Collection[dict[str, Any]]]]:
    """The name of a database of the test's own, and the collection in it that is configured."""
    name = f"frevagpt_test_{secrets.token_hex(6)}"
    with MongoClient[dict[str, Any]](mongo_uri, tz_aware=True) as client:
        yield name, client[name]["chats"]
        client.drop_database(name)


def test_there_and_back_with_a_database(
    command: Command, tmp_path: Path, mongo_uri: str, raw: tuple[str, Collection[dict[str, Any]]]
) -> None:
    name, chats = raw
    configured = {
        "FREVAGPT_MONGODB_URI": mongo_uri,
        "FREVAGPT_MONGODB_DATABASE_NAME": name,
        "FREVAGPT_MONGODB_COLLECTION_NAME": "chats",
    }
    old = {"variant": "Assistant", "content": "It is 14."}
    date = "2024-05-01T10:00:00Z"
    chats.insert_one({"user_id": "alice", "thread_id": "old", "date": date, "topic": None, "content": [old]})
    chats.insert_one({"user_id": "bob", "thread_id": "his", "date": date, "topic": "t", "content": [old]})
    file = tmp_path / "chats.jsonl"
    large = {"variant": "Assistant", "content": "ü" * 600_000}
    file.write_text(line(large, CODE, topic="of a file", date="2025-06-01T10:00:00.000Z") + "\n")
    done = command("threads", "import", str(file), **configured)
    assert (done.returncode, done.stderr) == (0, "1 chat imported.\n")
    stored = chats.find_one({"topic": "of a file"})
    assert stored is not None
    assert (stored["user_id"], stored["thread_id"]) == ("alice", done.stdout.strip())
    assert stored["date"].isoformat() == "2025-06-01T10:00:00+00:00"
    done = command("threads", "export", "--all", **configured)
    assert (done.returncode, done.stderr) == (0, "2 chats written.\n")
    new, first = [json.loads(text) for text in done.stdout.splitlines()]
    assert (new["date"], new["topic"]) == ("2025-06-01T10:00:00.000Z", "of a file")
    whole = large in new["content"]
    assert whole, "what lies in a file beside its document is exported too"
    assert first == {"thread_id": "old", "date": "2024-05-01T10:00:00.000Z", "topic": "", "content": [old]}
    assert list((tmp_path).rglob("*.meta.json")) == []
    folder = ("--data-dir", str(tmp_path / "data"))
    assert read(command, "--all", *folder) == []  # the folder all the same
    done = command("threads", "export", "--thread", "his", **configured)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "Thread not found.\n")


def test_chats_of_a_realm_are_where_its_vault_says(
    command: Command, tmp_path: Path, mongo_uri: str, raw: tuple[str, Collection[dict[str, Any]]]
) -> None:
    name, chats = raw
    chats.insert_one({"user_id": "alice", "thread_id": "x", "date": "2024-05-01", "topic": "t", "content": []})
    vault = Service()
    vault.replies["/vault"] = Reply(200, {"mongodb.url": mongo_uri})
    realms = {"home": {"rest": vault.url, "vault": f"{vault.url}/vault"}}
    (tmp_path / "jupyter_server_config.json").write_text(
        json.dumps(
            {
                "FrevaIdentityProvider": {"realms": realms},
                "FrevaGPT": {"mongodb_database": name, "mongodb_collection": "chats"},
            }
        )
    )
    configured = {"JUPYTER_CONFIG_DIR": str(tmp_path), "JUPYTER_DATA_DIR": str(tmp_path / "data")}

    def export(owner: str) -> tuple[int, str, str]:
        done = command("threads", "export", "--all", "--owner", owner, **configured)
        return done.returncode, done.stdout, done.stderr

    code, told, _ = export("freva:home:alice")
    assert (code, json.loads(told)["thread_id"]) == (0, "x")
    assert export("freva:home:bob") == (0, "", "0 chats written.\n")
    assert export("alice") == (0, "", "0 chats written.\n"), "a folder's, of which there are none"
    vault.stop()
    code, told, said = export("freva:home:alice")
    assert (code, told) == (1, "")
    assert "cannot be reached" in said
    assert "127.0.0.1" not in said
    code, _, said = export("freva:away:alice")
    assert (code, "not served here" in said) == (1, True)


def test_a_database_that_cannot_be_reached_is_told_without_its_address(command: Command) -> None:
    done = command("threads", "export", "--all", FREVAGPT_MONGODB_URI="mongodb://user:canary@db.invalid")
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert not any(secret in done.stderr for secret in ("canary", "db.invalid", "Traceback"))


# ---- what a crafted file cannot do


def test_nothing_is_approved_run_or_undone_by_a_file() -> None:
    hints = [
        {"approval": {"id": "secret", "call": "call_1", "code": "x"}},
        {"approval": {"id": "", "call": "call_1", "decision": "thread", "reason": ""}},
        {"run": {"id": "call_1", "state": "done", "kernel_id": "k"}},
        {"changes": {"id": "call_1", "undo": True, "files": "x"}},
        {"request": {"id": "1", "tool": "t", "arguments": {}, "client": "c"}},
        {"thread_id": "x", "running": True},
        {"output": {"id": "call_1", "text": "x"}},
        {"memory": 1},
        {"notice": {"text": ["x"]}},
        {"notice": "x"},
        {"image": {"id": 5}},
        {"usage": {"seconds": "1"}},
        {},
        5,
    ]
    content = [{"variant": "ServerHint", "content": hint} for hint in hints]
    assert items(CODE, *content)[1:] == [ServerHint({"notice": {"text": "5"}})]
    kept = [{"notice": {"text": "kept", "more": 1}}, {"usage": {"seconds": 1.5, "x": 2}}]
    assert items(*({"variant": "ServerHint", "content": hint} for hint in kept)) == [
        ServerHint({"notice": {"text": "kept"}}),
        ServerHint({"usage": {"seconds": 1.5}}),
    ]


def test_users_prompts_and_feedback_are_checked() -> None:
    content = [
        {"variant": "Prompt", "content": "[{}]"},
        {"variant": "User", "content": "again", "model": "m\x1b[2J", "kernel_id": "k"},
        {"variant": "Assistant", "content": "a", "feedback": "<script>"},
        {"variant": "Nonsense", "content": "a"},
        "nonsense",
    ]
    user, answer = items(*content)
    assert user == User("again", "m\\x1b[2J")
    assert answer.feedback == ""
    notice = chat_of(line(), "alice")[1][0]
    assert notice.content["notice"]["imported"] is True


def test_ids_are_new_and_still_belong_together() -> None:
    turn = [
        CODE,
        {"variant": "CodeOutput", "content": "", "id": "call_1", "display": [shown({"text/plain": "x"}, "call_1_0")]},
        {"variant": "ServerHint", "content": {"image": {"id": "call_1_0"}}},
        {"variant": "Image", "content": PNG, "id": "call_1_0"},
        {"variant": "ToolCall", "content": "{}", "id": "call_2", "tool_name": "t"},
        {"variant": "ToolOutput", "content": "{}", "id": "call_2", "tool_name": "t"},
    ]
    made = items(*turn, *turn)
    codes = [item.id for item in made if isinstance(item, Code)]
    assert len(set(codes)) == 2
    assert [item.id for item in made if isinstance(item, CodeOutput)] == codes
    images = [f"{code}_0" for code in codes]
    assert [item.id for item in made if isinstance(item, Image)] == images
    assert [item.content["image"]["id"] for item in made if isinstance(item, ServerHint)] == images
    outputs = [item.display[0]["metadata"] for item in made if isinstance(item, CodeOutput)]
    assert outputs == [{"frevagpt": {"image": image}} for image in images]
    calls = [item.id for item in made if isinstance(item, ToolCall)]
    assert [item.id for item in made if isinstance(item, ToolOutput)] == calls
    written = b"".join(encode(item) for item in made)
    assert not any(old in written for old in (b'"call_1"', b'"call_1_0"', b'"call_2"'))


def shown(data: dict[str, Any], image: str = "") -> dict[str, Any]:
    metadata = {"frevagpt": {"image": image}} if image else {"trusted": True}
    return {"output_type": "display_data", "data": data, "metadata": metadata, "more": 1}


def test_only_known_kinds_of_outputs_are_shown() -> None:
    display = [
        shown({"text/plain": "x", "text/html": ["<b>", "x"], "application/javascript": "alert(1)"}),
        shown({"application/vnd.jupyter.widget-view+json": {"model_id": "x"}}),
        shown({"image/svg+xml": "<svg onload=x>", "image/png": PNG, "text/latex": {"a": 1}}),
        {"output_type": "stream", "name": "evil", "text": ["a", "b"]},
        {"output_type": "stream", "text": 5},
        {"output_type": "error", "ename": "E", "evalue": None, "traceback": ["a", 5]},
        {"output_type": "update_display_data", "data": {"text/plain": "x"}},
        {"output_type": "display_data", "data": "x"},
        {},
    ]
    (_, output) = items(CODE, {"variant": "CodeOutput", "content": "x", "id": "call_1", "display": display})
    assert output.display == [
        {"output_type": "display_data", "data": {"text/plain": "x", "text/html": "<b>x"}, "metadata": {}},
        {"output_type": "display_data", "data": {"image/png": PNG}, "metadata": {}},
        {"output_type": "stream", "name": "stdout", "text": "ab"},
        {"output_type": "error", "ename": "E", "evalue": "", "traceback": ["a", "5"]},
    ]
    assert items({"variant": "Image", "content": "PHN2Zz4=", "id": "x_0"}) == []


@pytest.mark.parametrize("date", ["x", 5, None, "9999-01-01", "1800-01-01T00:00:00Z", "2024-01-01T00:00:00+99:00"])
def test_dates_that_cannot_be_are_today(date: Any) -> None:
    found = chat_of(line(date=date), "alice")[0].date
    assert found.startswith("20")
    assert found > "2025"
    assert chat_of(line(date="2024-01-01T02:00:00+01:00"), "alice")[0].date == "2024-01-01T01:00:00.000Z"


def test_what_holds_no_question_is_no_chat() -> None:
    with pytest.raises(BadRequest, match="no question"):
        chat_of(json.dumps({"content": [{"variant": "Assistant", "content": "x"}]}), "alice")
