"""Whatever fails, the person reads what to do, and no address, path, key or traceback (contract 9)."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_frevagpt.handlers.routes import ROUTES

from ..scripted import Scripted
from ..threads.test_files import files_no_larger_than
from .conftest import Chat, code_rules, joined
from .test_requests import OF_A_THREAD, OPEN, given

KEY = f"sk-{secrets.token_hex(12)}"
TOO_MUCH = ("Traceback", "Errno", "Error(", "0x", "\\n  File", "127.0.0.1", "localhost", "://", "jupyter_frevagpt/")
NEEDS_LOGIN = [name for name in ROUTES if name not in OPEN]


@pytest.fixture
def secret_parts(tmp_path: Path, chat: Chat) -> list[str]:
    """What no error may hold."""
    return [str(tmp_path), tmp_path.name, KEY, chat.headers["Authorization"].split()[1], chat.url, *TOO_MUCH]


def check(text: str, parts: list[str]) -> None:
    found = [part for part in parts if part in text]
    assert not found, (found, text)


def said(answer: httpx.Response, status: int, parts: list[str]) -> str:
    """Return the text of an error, after a look at what must not be in it."""
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"detail"}
    check(answer.text, parts)
    detail = str(answer.json()["detail"])
    assert len(detail) > 15
    assert detail.endswith((".", "?")), detail
    return detail


@pytest.fixture
def catalogue(catalogue: Path) -> Path:
    """The usual one, with a key that can be recognised."""
    catalogue.write_text(catalogue.read_text().replace('"k"', f'"{KEY}"'))
    return catalogue


@pytest.mark.parametrize("damage", ["broken", "empty", "no list", "folder", "missing", "a word", "deep"])
async def test_a_catalogue_that_cannot_be_read(
    chat: Chat, catalogue: Path, damage: str, secret_parts: list[str]
) -> None:
    routes = ("availablechatbots", "settings", "health", "streamresponse")
    for route in routes:
        assert (await chat.post(route, **given(route))).status_code == 200
    texts = {
        "broken": f"model_list: [{{api_key: {KEY}",
        "empty": "",
        "no list": f"key: {KEY}",
        "a word": KEY,
        "deep": "[" * 5000,
    }
    if damage in texts:
        catalogue.write_text(texts[damage])
    else:
        catalogue.unlink()
    if damage == "folder":
        catalogue.mkdir()
    for route in routes:
        said(await chat.post(route, **given(route)), 500, secret_parts)


async def test_a_full_disk(chat: Chat, secret_parts: list[str]) -> None:
    thread = {"thread_id": (await chat.stream(input="hello"))[0]["content"]["thread_id"]}
    with files_no_larger_than(10):
        for route, more in (
            ("streamresponse", {"input": "hello"}),
            ("streamresponse", {"input": "hello", **thread}),
            ("setthreadtopic", {"topic": "Rain", **thread}),
            ("userfeedback", {"feedback_index": 0, "feedback": "up", **thread}),
            ("editthread", {"user_index": 0, "source_thread_id": thread["thread_id"]}),
        ):
            answer = await chat.post(route, **more)
            if answer.status_code == 200:  # what may go on in memory says so in a notice
                check(answer.text.replace("\\u00b0", ""), secret_parts)
            else:
                said(answer, 503, secret_parts)
    assert (await chat.post("setthreadtopic", **thread, topic="Rain")).status_code == 200


async def test_a_data_folder_that_is_none(chat: Chat, tmp_path: Path, secret_parts: list[str]) -> None:
    """As when a quota, a mount or somebody else took it away."""
    thread = (await chat.stream(input="hello"))[0]["content"]["thread_id"]
    folder = tmp_path / "frevagpt"
    folder.rename(tmp_path / "away")
    folder.write_text("a file")
    for route in OF_A_THREAD:
        answer = await chat.post(route, **given(route, thread))
        if route in ("files", "follow", "stop"):  # the turn is still in memory
            check(answer.text, secret_parts)
            continue
        assert answer.status_code in (404, 503), (route, answer.text)
        said(answer, answer.status_code, secret_parts)
    for route in ("getuserthreads", "searchthreads", "health", "streamresponse"):
        said(await chat.post(route, **given(route)), 503, secret_parts)
    folder.unlink()
    (tmp_path / "away").rename(folder)
    assert (await chat.post("getthread", thread_id=thread)).status_code == 200


class TestADatabaseThatIsDown:
    PASSWORD = secrets.token_hex(8)

    @pytest.fixture
    def jp_server_config(self, jp_server_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        address = f"mongodb://user:{self.PASSWORD}@127.0.0.1:9/x?serverSelectionTimeoutMS=200"
        monkeypatch.setenv("FREVAGPT_MONGODB_URI", address)
        return jp_server_config

    async def test_every_route_that_needs_it_says_so(self, chat: Chat, secret_parts: list[str]) -> None:
        for route in ("getuserthreads", "streamresponse", "getthread", "health", "deletethread"):
            answer = await chat.post(route, **given(route))
            said(answer, 503, [*secret_parts, self.PASSWORD, "mongodb", "user:"])
        assert (await chat.get("availablechatbots")).status_code == 200


async def test_a_model_service_that_is_away(chat: Chat, service: Scripted, secret_parts: list[str]) -> None:
    address = service.url
    service.kill()
    lines = await chat.stream(input="hello")
    errors = [line["content"] for line in lines if line["variant"] == "OpenAIError"]
    assert len(errors) == 1
    check(errors[0], [*secret_parts, address])
    assert lines[-1]["variant"] == "StreamEnd"


async def test_a_model_service_that_repeats_its_key(chat: Chat, service: Scripted, secret_parts: list[str]) -> None:
    failing = {"status": 401, "body": {"error": {"message": f"Incorrect API key provided: {KEY} at /etc/x"}}}
    service.set_script([{"when": {"user": "hello"}, "reply": [failing]}])
    text = json.dumps(await chat.stream(input="hello"))
    assert "OpenAIError" in text
    assert KEY in json.dumps(service.requests()), "the key went to the service alone"
    check(text, [KEY])


@pytest.mark.parametrize("argv", [["no-such-program-canary"], ["false"], None], ids=["missing", "dies", "no spec"])
@pytest.mark.parametrize("rules", [code_rules("run", "print(1)")])
@pytest.mark.parametrize("settings", [{"GuestRegistry": {"kernel_name": "mine"}}])
async def test_a_kernel_that_does_not_start(
    chat: Chat, argv: list[str] | None, jp_data_dir: Path, secret_parts: list[str], tmp_path: Path
) -> None:
    folder = jp_data_dir / "kernels" / "mine"
    if argv:
        folder.mkdir(parents=True)
        spec = {"argv": [*argv, str(tmp_path)], "display_name": "mine", "language": "python"}
        (folder / "kernel.json").write_text(json.dumps(spec))
    lines = await chat.stream(input="run", rich=True)
    output = joined(lines, "CodeOutput")
    assert "nothing was run" in output or "kernel" in output
    check(output, [*secret_parts, "no-such-program-canary", str(jp_data_dir)])
    assert lines[-1]["content"] == "Finished."


@pytest.mark.parametrize("rules", [code_rules("run", "import os; os.kill(os.getpid(), 9)")])
async def test_a_kernel_that_dies(chat: Chat, secret_parts: list[str]) -> None:
    lines = await chat.stream(input="run")
    output = joined(lines, "CodeOutput")
    assert "died" in output
    check(output, secret_parts)


@pytest.mark.parametrize("route", NEEDS_LOGIN)
async def test_odd_requests(chat: Chat, route: str, secret_parts: list[str]) -> None:
    """What is no request at all is refused with words, whatever the route."""
    json_ = {**chat.headers, "Content-Type": "application/json"}
    has_fields = bool(ROUTES[route].definition.fields)
    nested = b'{"thread_id":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    for body in (nested, b"{" * 100_000, b'{"thread_id": "\xff"}', b'{"x": 1e999999}', b"null"):
        answer = await chat.client.post(f"{chat.url}/{route}", content=body, headers=json_)
        if has_fields and answer.status_code != 200:
            said(answer, 422, [*secret_parts, "msgspec"])
        else:
            assert answer.status_code == 200, answer.text
    answer = await chat.client.post(f"{chat.url}/{route}?%ff=%ff&thread_id=%ff", headers=chat.headers)
    if answer.status_code != 200:
        assert answer.status_code in (400, 422)
        said(answer, answer.status_code, secret_parts)


async def test_the_largest_body(chat: Chat, secret_parts: list[str]) -> None:
    for size, status in ((9_000_000, 200), (11_000_000, 422)):
        answer = await chat.post("getuserthreads", ignored="x" * size)
        assert answer.status_code == status
    assert "10 MB" in said(answer, 422, secret_parts)
