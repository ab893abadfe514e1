"""Files that go with a question: read as what they are, nothing outside and no secret."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ...scripted import Scripted
from ..conftest import Chat
from ..test_approval import Asked
from ..test_variables import kernel_with
from .conftest import FENCED, picture, told


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("plain.csv", b"time,t\n1,\xc2\xb0\n", "time,t\n1,°\n"),
        ("old.txt", "März".encode("latin-1"), "März"),
        ("mark.txt", b"\xef\xbb\xbfhello", "hello"),
        ("data.nc", b"CDF\x01" + bytes(range(256)), "not text (application/x-netcdf, 260 bytes)"),
        ("empty.txt", b"", "(empty)"),
        ("large.txt", b"0123456789\n" * 100_000, "its beginning only, of 1.1 MB"),
        ("cut.txt", "é".encode() * 200_000, "its beginning only, of 400.0 kB"),
    ],
)
async def test_files_are_read_as_what_they_are(
    chat: Chat, service: Scripted, root: Path, name: str, data: bytes, says: str
) -> None:
    (root / name).write_bytes(data)
    await chat.stream(input="look", context=[{"kind": "file", "name": name}])
    assert says in told(service)
    assert len(told(service)) < 21_000


async def test_a_notebook_is_told_as_a_person_reads_it(chat: Chat, service: Scripted, root: Path) -> None:
    source, printed, value = (secrets.token_hex(6) for _ in range(3))
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": [printed, "\n"]},
        {"output_type": "execute_result", "data": {"text/plain": value, "image/png": picture()}, "metadata": {}},
    ]
    cells = [{"cell_type": "code", "source": [source], "outputs": outputs, "metadata": {}}]
    (root / "a.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    (root / "broken.ipynb").write_text('{"cells": [5], "' + source)
    await chat.stream(input="look", context=[{"kind": "file", "name": "a.ipynb"}])
    for text in (source, printed, value, "cell 1, code"):
        assert text in told(service)
    assert "image/png" not in told(service)
    await chat.stream(input="look", context=[{"kind": "file", "name": "broken.ipynb"}])
    assert source in told(service)


async def test_a_folder_is_the_names_in_it(chat: Chat, service: Scripted, root: Path) -> None:
    name = secrets.token_hex(6)
    (root / "data" / "sub").mkdir(parents=True)
    (root / "data" / f"{name}.nc").write_bytes(b"")
    (root / "data" / ".hidden").write_bytes(b"")
    await chat.stream(input="look", context=[{"kind": "file", "name": "data"}])
    ((_, body),) = FENCED.findall(told(service))
    assert body == f"{name}.nc\nsub/"


def _plain(root: Path, out: Path) -> None: ...


def _link_to_file(root: Path, out: Path) -> None:
    (root / "given.txt").symlink_to(out / "secret.txt")


def _link_to_folder(root: Path, out: Path) -> None:
    (root / "given").symlink_to(out)


def _link_to_hidden(root: Path, out: Path) -> None:
    (root / ".env").write_text((out / "secret.txt").read_text())
    (root / "given.txt").symlink_to(root / ".env")


def _hidden(root: Path, out: Path) -> None:
    (root / ".config").mkdir()
    (root / ".config" / "given.txt").write_text((out / "secret.txt").read_text())


def _key(root: Path, out: Path) -> None:
    (root / "given.pem").write_text((out / "secret.txt").read_text())


def _pipe(root: Path, out: Path) -> None:
    os.mkfifo(root / "given.txt")


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (_plain, "../{out}/secret.txt"),
        (_plain, "a/../../{out}/secret.txt"),
        (_plain, "{whole}/secret.txt"),
        (_plain, "..%2f{out}%2fsecret.txt"),
        (_plain, "..\\{out}\\secret.txt"),
        (_plain, "nothing.txt"),
        (_plain, "nothing\0.txt"),
        (_plain, "/etc/passwd"),
        (_plain, "~/secret.txt"),
        (_link_to_file, "given.txt"),
        (_link_to_folder, "given/secret.txt"),
        (_link_to_hidden, "given.txt"),
        (_hidden, ".config/given.txt"),
        (_key, "given.pem"),
        (_pipe, "given.txt"),
    ],
)
async def test_nothing_outside_and_no_secret_is_read(
    chat: Chat, service: Scripted, root: Path, make: Callable[[Path, Path], None], name: str
) -> None:
    out = root.parent / f"out{secrets.token_hex(4)}"
    out.mkdir()
    canary = secrets.token_hex(8)
    (out / "secret.txt").write_text(canary)
    make(root, out)
    given = name.format(out=out.name, whole=out)
    response = await chat.post("streamresponse", input="look", context=[{"kind": "file", "name": given}])
    assert response.status_code == 422, response.text
    assert canary not in response.text
    assert str(root) not in response.text
    assert "question" in response.json()["detail"] or "take it out" in response.json()["detail"]
    assert not service.requests()


async def test_a_link_that_stays_inside_is_followed(chat: Chat, service: Scripted, root: Path) -> None:
    word = secrets.token_hex(6)
    (root / "real").mkdir()
    (root / "real" / "notes.txt").write_text(word)
    (root / "given").symlink_to(root / "real")
    await chat.stream(input="look", context=[{"kind": "file", "name": "given/notes.txt"}])
    assert word in told(service)


async def test_who_may_not_read_files_sends_none(chat: Chat, service: Scripted, root: Path, jp_serverapp: Any) -> None:
    word = secrets.token_hex(6)
    (root / "notes.txt").write_text(word)
    asked: list[tuple[str, str]] = []

    def refuses_contents(handler: Any, user: Any, action: str, resource: str) -> bool:
        asked.append((action, resource))
        return resource != "contents"

    jp_serverapp.authorizer.is_authorized = refuses_contents
    given = {"input": "look", "context": [{"kind": "file", "name": "notes.txt"}]}
    response = await chat.post("streamresponse", **given)
    assert response.status_code == 422
    assert word not in response.text
    assert ("read", "contents") in asked
    await chat.stream(input="look", context=[{"kind": "cell", "name": "[1]", "text": word}])
    assert word in told(service)


@pytest.mark.parametrize("settings", [{"approval_policy": "ask-when-risky"}])
@pytest.mark.parametrize("kind", ["file", "cell"])
async def test_a_file_is_text_from_outside_as_where_code_reads_it(
    chat: Chat, service: Scripted, root: Path, kind: str
) -> None:
    (root / "notes.txt").write_text("harmless")
    kernel_id = await kernel_with(chat, "drawn = 1")
    first = Asked(chat, input="delete", kernel_id=kernel_id)
    assert (await first.question())["source"] == ""
    assert (await first.decide("thread")).status_code == 200
    thread_id = (await first.end())[0]["content"]["thread_id"]
    chip = {"kind": "file", "name": "notes.txt"} if kind == "file" else {"kind": "cell", "name": "[1]", "text": "x"}
    second = Asked(chat, input="delete", kernel_id=kernel_id, thread_id=thread_id, context=[chip])
    if kind == "file":
        question = await second.question()
        assert (question["source"], question["standing"]) == ("the file notes.txt", False)
        await second.decide("deny")
        await second.end()
    else:
        lines = await second.end()
        assert not [line for line in lines if "approval" in str(line["content"])], "what was allowed still counts"
