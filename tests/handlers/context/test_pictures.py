"""Pictures that go with a question: for models that see, and without what they tell of their maker."""

from __future__ import annotations

import base64
import secrets
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from ...scripted import Scripted
from ..conftest import Chat
from .conftest import picture, shown, told


async def test_a_picture_file_is_a_picture(chat: Chat, service: Scripted, root: Path) -> None:
    (root / "map.png").write_bytes(base64.b64decode(picture((2000, 1000))))
    await chat.stream(input="look", chatbot="seeing", context=[{"kind": "file", "name": "map.png"}])
    (data,) = shown(service)
    assert Image.open(BytesIO(data)).size == (1024, 512)
    response = await chat.post("streamresponse", input="look", context=[{"kind": "file", "name": "map.png"}])
    assert response.status_code == 422
    assert "cannot see" in response.json()["detail"]


async def test_a_jpeg_loses_what_it_tells_of_its_maker(chat: Chat, service: Scripted) -> None:
    place = secrets.token_hex(8)
    exif = Image.Exif()
    exif[0x010E] = place
    exif[0x0112] = 6
    image = picture((80, 40), "JPEG", exif=exif)
    assert place.encode() in base64.b64decode(image)
    context = [{"kind": "image", "name": "photo", "image": image}]
    await chat.stream(input="look", chatbot="seeing", context=context)
    (data,) = shown(service)
    assert place.encode() not in data
    assert Image.open(BytesIO(data)).size == (40, 80)


def _bomb() -> str:
    data = bytearray(base64.b64decode(picture()))
    data[16:24] = (30_000).to_bytes(4, "big") * 2
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "image",
    [
        "no base64!",
        base64.b64encode(b"no picture").decode(),
        base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'/>").decode(),
        picture(kind="GIF"),
        picture(kind="WEBP"),
        picture()[:60],
        _bomb(),
    ],
    ids=["no base64", "text", "svg", "gif", "webp", "cut off", "bomb"],
)
async def test_what_is_no_picture_is_refused(chat: Chat, service: Scripted, image: str) -> None:
    given = {"input": "look", "chatbot": "seeing", "context": [{"kind": "image", "name": "pasted", "image": image}]}
    response = await chat.post("streamresponse", **given)
    assert response.status_code == 422
    assert "`pasted`" in response.json()["detail"]
    assert not service.requests()


async def test_pictures_are_for_models_that_see(chat: Chat, service: Scripted) -> None:
    context = [{"kind": "image", "name": "pasted", "image": picture()}]
    response = await chat.post("streamresponse", input="look", chatbot="blind", context=context)
    assert response.status_code == 422
    assert "cannot see" in response.json()["detail"]
    many = [{"kind": "image", "name": "pasted", "image": picture((20 + at, 20))} for at in range(5)]
    response = await chat.post("streamresponse", input="look", chatbot="seeing", context=many)
    assert response.status_code == 422
    assert "At most 4" in response.json()["detail"]
    lines = await chat.stream(input="look", chatbot="seeing", context=many[:4])
    assert len(shown(service)) == 4
    await chat.stream(input="again", chatbot="blind", thread_id=lines[0]["content"]["thread_id"])
    assert not shown(service)
    assert "not shown to you" in told(service, -3)
    await chat.stream(
        input="look", chatbot="seeing", thread_id=lines[0]["content"]["thread_id"], context=[many[4], many[4]]
    )
    assert len(shown(service)) == 4, "the newest four, the same one once"
