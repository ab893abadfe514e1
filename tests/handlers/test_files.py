"""A thread's files: listed, served as harmless attachments, removed; what is no plain file of its own is not there.

Code of a model's fills the folder: each attack stands beside a file that is served.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_frevagpt.domain.errors import StoreUnavailable
from jupyter_frevagpt.domain.values import ThreadRef
from jupyter_frevagpt.threads.folders import OwnerFolders

from .conftest import Chat, code_rules, joined

MISSING = "File not found."


@pytest.fixture
def rules() -> list[dict[str, Any]]:
    return [
        {"when": {"user": "hello"}, "reply": [{"text": "Good day."}]},
        *code_rules("write", "open('made.txt', 'w').write('by code')"),
    ]


class Folder:
    """A thread of alice's with a scratch folder, and a secret outside of it."""

    def __init__(self, chat: Chat, thread_id: str, tmp_path: Path) -> None:
        self.chat = chat
        self.thread_id = thread_id
        self.path = chat.app._folders.folder(ThreadRef("alice", thread_id), keep=True)
        self.outside = tmp_path / "outside"
        self.outside.mkdir()
        (self.outside / "secret.txt").write_text("not yours")
        self.write("good.txt", b"control")

    def write(self, name: str, content: bytes = b"content") -> None:
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    async def get(self, path: str, **kwargs: Any) -> httpx.Response:
        """Ask for a file; by POST, which takes a name as it is."""
        async with asyncio.timeout(10):
            return await self.chat.send("POST", "files", {"thread_id": self.thread_id, "path": path}, **kwargs)

    async def names(self) -> list[str]:
        answer = (await self.chat.post("files", thread_id=self.thread_id)).json()
        return [file["path"] for file in answer["files"]]

    async def check(self) -> None:
        """A file that is served, so that what is refused beside it is refused for what it is."""
        assert (await self.get("good.txt")).content == b"control"
        assert "good.txt" in await self.names()

    async def refuses(self, path: str) -> None:
        response = await self.get(path)
        assert response.status_code == 404
        assert response.json()["detail"].startswith(MISSING)
        await self.check()


@pytest.fixture
def folder(chat: Chat, tmp_path: Path, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Folder:
    lines = jp_asyncio_loop.run_until_complete(chat.stream(input="hello"))
    return Folder(chat, lines[0]["content"]["thread_id"], tmp_path)


async def test_what_code_wrote_is_listed_and_served(chat: Chat) -> None:
    lines = await chat.stream(input="write")
    thread_id = lines[0]["content"]["thread_id"]
    assert joined(lines, "CodeOutput") == "7\n"
    answer = (await chat.get("files", thread_id=thread_id)).json()
    assert answer["complete"] is True
    (file,) = answer["files"]
    assert (file["path"], file["size"], file["type"]) == ("made.txt", 7, "text/plain")
    assert file["date"].endswith("Z")
    assert (await chat.get("files", thread_id=thread_id, path="made.txt")).content == b"by code"


@pytest.mark.parametrize("store_thread", [True, False])
async def test_files_of_a_thread_that_is_not_stored(chat: Chat, store_thread: bool) -> None:
    thread_id = (await chat.stream(input="write", store_thread=store_thread))[0]["content"]["thread_id"]
    assert (await chat.post("files", thread_id=thread_id, path="made.txt")).content == b"by code"
    ref = ThreadRef("alice", thread_id)
    where = chat.app._folders.folder(ref, keep=store_thread)
    assert (where / "made.txt").exists()
    chat.app._folders.remove(ref)
    assert not where.exists()


async def test_a_thread_without_files(chat: Chat) -> None:
    thread_id = (await chat.stream(input="hello"))[0]["content"]["thread_id"]
    assert (await chat.post("files", thread_id=thread_id)).json() == {"files": [], "complete": True}
    assert (await chat.post("files", thread_id=thread_id, path="made.txt")).status_code == 404


KINDS = {
    "page.html": "application/octet-stream",
    "drawing.svg": "application/octet-stream",
    "data.nc": "application/octet-stream",
    "noend": "application/octet-stream",
    "script.js": "application/octet-stream",
    "page.xhtml": "application/octet-stream",
    "map.png": "image/png",
    "map.jpg": "image/jpeg",
    "map.gif": "image/gif",
    "map.webp": "image/webp",
    "empty.png": "image/png",
}


async def test_no_file_becomes_a_page_of_the_server(folder: Folder) -> None:
    for name, kind in KINDS.items():
        content = b"" if name.startswith("empty") else b"<script>fetch('/api/kernels')</script>"
        folder.write(name, content)
        response = await folder.get(name)
        assert (response.status_code, response.content) == (200, content)
        headers = response.headers
        assert headers["Content-Type"] == kind
        assert headers["Content-Disposition"] == f"attachment; filename*=utf-8''{name}"
        assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "private, no-store"
        assert headers["Content-Length"] == str(len(content))


async def test_large_files_come_whole(folder: Folder) -> None:
    content = os.urandom(3_000_001)
    folder.write("large.nc", content)
    assert (await folder.get("large.nc")).content == content


async def test_links_are_not_followed(folder: Folder) -> None:
    (folder.path / "link.txt").symlink_to(folder.outside / "secret.txt")
    (folder.path / "near.txt").symlink_to("good.txt")
    (folder.path / "parent").symlink_to(folder.outside)
    folder.write("sub/below.txt")
    assert (await folder.get("sub/below.txt")).content == b"content"
    for path in ("link.txt", "near.txt", "parent/secret.txt", "parent"):
        await folder.refuses(path)
    assert await folder.names() == ["good.txt", "sub/below.txt"]


@pytest.mark.parametrize("level", ["thread", "scratch"])
async def test_a_folder_that_became_a_link_is_not_followed(folder: Folder, level: str) -> None:
    await folder.check()
    place = folder.path if level == "thread" else folder.path.parent
    target = folder.outside / "elsewhere"
    place.rename(target)
    place.symlink_to(target)
    assert (await folder.get("good.txt")).status_code == 404
    assert await folder.names() == []


async def test_second_names_of_foreign_files_are_not_served(folder: Folder) -> None:
    os.link(folder.outside / "secret.txt", folder.path / "hard.txt")
    await folder.refuses("hard.txt")
    assert await folder.names() == ["good.txt"]
    (folder.outside / "secret.txt").unlink()
    assert (await folder.get("hard.txt")).content == b"not yours"


async def test_what_is_no_file_holds_nobody(folder: Folder) -> None:
    os.mkfifo(folder.path / "fifo")
    folder.write("sub/below.txt")
    await folder.refuses("fifo")
    await folder.refuses("sub")
    assert await folder.names() == ["good.txt", "sub/below.txt"]


ELSEWHERE = (
    "../other/secret.txt",
    "..",
    ".",
    "sub/../good.txt",
    "./good.txt",
    "sub//below.txt",
    "good.txt/",
    "/etc/passwd",
    "{outside}/secret.txt",
    "good.txt\0",
    "\0",
    "good.txt\0.png",
    "sub/" * 30 + "x",
    "..\\good.txt",
)


async def test_paths_lead_nowhere_else(folder: Folder) -> None:
    other = folder.path.with_name("other")
    other.mkdir()
    (other / "secret.txt").write_text("not yours")
    folder.write("sub/below.txt")
    assert (await folder.get("sub/below.txt")).content == b"content"
    for path in ELSEWHERE:
        await folder.refuses(path.format(outside=folder.outside))


async def test_quoted_paths_lead_nowhere_else(folder: Folder) -> None:
    chat = folder.chat
    other = folder.path.with_name("other")
    other.mkdir()
    (other / "good.txt").write_text("not yours")
    rows = [
        ("path=..%2fother%2fgood.txt", 404),
        ("path=..%252fother%252fgood.txt", 404),
        ("path=good%00.txt", 404),
        ("path=%2e%2e%2fother/good.txt", 404),
        ("path=good.txt", 200),
    ]
    for query, status in rows:
        address = f"{chat.url}/files?thread_id={folder.thread_id}&{query}"
        assert (await chat.client.get(address, headers=chat.headers)).status_code == status, query
    assert (await chat.client.get(f"{chat.url}/files/..%2fother%2fgood.txt", headers=chat.headers)).status_code == 404


async def test_names_cannot_write_headers(folder: Folder) -> None:
    name = 'a\r\nSet-Cookie: x=1\r\n\r\n"é; b.txt'
    folder.write(name)
    response = await folder.get(name)
    assert response.content == b"content"
    assert "Set-Cookie" not in response.headers
    assert response.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''a%0D%0ASet-Cookie")
    assert name in await folder.names()


async def test_a_name_that_is_no_text_is_left_out(folder: Folder) -> None:
    (Path(os.fsdecode(bytes(folder.path) + b"/\xff.txt"))).write_text("x")
    await folder.refuses("\udcff.txt".encode("utf-8", "replace").decode())
    assert await folder.names() == ["good.txt"]


async def test_only_the_owner_gets_them(folder: Folder) -> None:
    chat = folder.chat
    for given in ({}, {"path": "good.txt"}):
        given = {"thread_id": folder.thread_id, **given}
        for method in ("GET", "POST"):
            assert (await chat.send(method, "files", given)).status_code == 200
            async with httpx.AsyncClient(trust_env=False) as nobody:
                assert (await nobody.request(method, f"{chat.url}/files", params=given)).status_code == 403
            chat.app.owner = "bob"
            response = await chat.send(method, "files", given)
            assert (response.status_code, response.json()) == (404, {"detail": "Thread not found."})
            chat.app.owner = "alice"
    await folder.check()


async def test_a_long_list_says_that_it_is_not_complete(folder: Folder) -> None:
    for number in range(1001):
        folder.write(f"store.zarr/{number}")
    answer = (await folder.chat.post("files", thread_id=folder.thread_id)).json()
    assert (len(answer["files"]), answer["complete"]) == (1000, False)
    assert "good.txt" in [file["path"] for file in answer["files"]]


# ---- removal


async def test_removal_takes_the_folder_and_nothing_behind_links(folder: Folder) -> None:
    folders = folder.chat.app._folders
    neighbour = folders.folder(ThreadRef("alice", "neighbour"), keep=True)
    (folder.path / "parent").symlink_to(folder.outside)
    (folder.path / "link.txt").symlink_to(folder.outside / "secret.txt")
    folder.write("sub/below.txt")
    folders.remove(ThreadRef("alice", folder.thread_id))
    assert not folder.path.exists()
    assert neighbour.is_dir()
    assert (folder.outside / "secret.txt").read_text() == "not yours"
    folders.remove(ThreadRef("alice", folder.thread_id))


async def test_a_folder_that_became_a_link_is_removed_as_a_link(folder: Folder) -> None:
    target = folder.outside / "elsewhere"
    folder.path.rename(target)
    folder.path.symlink_to(target)
    folder.chat.app._folders.remove(ThreadRef("alice", folder.thread_id))
    assert not folder.path.is_symlink()
    assert (target / "good.txt").read_bytes() == b"control"


def test_nothing_is_removed_where_that_cannot_be_done_safely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = OwnerFolders(tmp_path / "data")
    ref = ThreadRef("alice", "thread")
    path = folders.folder(ref, keep=True)
    with monkeypatch.context() as other:
        other.setattr("shutil.rmtree.avoids_symlink_attacks", False)
        with pytest.raises(StoreUnavailable, match="could not all be removed"):
            folders.remove(ref)
        assert path.is_dir()
    folders.remove(ref)
    assert not path.exists()
