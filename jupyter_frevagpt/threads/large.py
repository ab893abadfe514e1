"""What is too large for a document: a smaller one in its place, the whole in a file beside."""

from __future__ import annotations

import base64
import binascii
from io import BytesIO

import msgspec
from bson import ObjectId

from ..domain.legacy import sound
from ..domain.variants import (
    Code,
    CodeError,
    CodeOutput,
    Image,
    ServerHint,
    StreamVariant,
    ToolCall,
    User,
    code_content,
    decode,
    encode,
)
from .documents import FILE, Document, plain

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST_PIXELS = 40_000_000
# A PNG of one white point, in the place of a picture that cannot be made smaller.
_POINT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mP4DwABAQEAHLCMmQAAAABJRU5ErkJggg=="


class Room(msgspec.Struct, frozen=True):
    """How large a picture and a text may be, and what they become beyond that, in characters and pixels."""

    picture: int
    text: int
    cut: int
    pixels: int


WIDE = Room(picture=256_000, text=1_000_000, cut=64_000, pixels=1024)
NARROW = Room(picture=4_000, text=4_000, cut=500, pixels=96)
"""For a document that is almost full."""


class Whole(msgspec.Struct, frozen=True):
    """A file: the bytes of a picture, or an item as JSON."""

    id: ObjectId
    body: bytes
    kind: str


def fitted(item: StreamVariant, room: Room) -> tuple[Document, Whole | None]:
    """Return an item as it goes into a document, and the whole of it where that is less."""
    document = plain(item)
    if isinstance(item, Image):
        if len(item.content) <= room.picture:
            return document, None
        data = _bytes(item.content)
        whole = Whole(ObjectId(), *((encode(_sound(item)), "item") if data is None else (data, "picture")))
        return {**document, "content": _smaller(data, room), FILE: whole.id}, whole
    if len(msgspec.json.encode(document)) <= room.text:
        return document, None
    whole = Whole(ObjectId(), encode(_sound(item)), "item")
    return {**plain(_cut(item, room.cut)), FILE: whole.id}, whole


def restored(stored: Document, body: bytes, kind: str) -> StreamVariant | None:
    """Return an item of which the document holds less; None for a file that is something else."""
    if kind == "item":
        try:
            return decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
    if stored.get("variant") == "Image" and body.startswith(_SIGNATURE):
        call = stored.get("id")
        return Image(base64.b64encode(body).decode(), call if isinstance(call, str) else "")
    return None


def _sound(item: StreamVariant) -> StreamVariant:
    return msgspec.convert(sound(msgspec.to_builtins(item)), StreamVariant)  # type: ignore[no-any-return]


def _bytes(content: str) -> bytes | None:
    """Return the picture if it comes back from its bytes exactly as it is, and is one."""
    try:
        data = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if data.startswith(_SIGNATURE) and base64.b64encode(data).decode() == content else None


def _smaller(data: bytes | None, room: Room) -> str:
    """Return a PNG in base64 that is not larger than there is room for."""
    from PIL import Image as Pictures  # here, since most threads hold no large picture

    try:
        with Pictures.open(BytesIO(data or b""), formats=["PNG"]) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                return _POINT
            colours = opened.convert("RGBA")
        ground = Pictures.new("RGBA", colours.size, "white")
        picture = Pictures.alpha_composite(ground, colours).convert("RGB")
        pixels = room.pixels
        while pixels >= 16:
            picture.thumbnail((pixels, pixels))
            made = BytesIO()
            picture.quantize(256).save(made, "PNG")
            if (text := base64.b64encode(made.getvalue()).decode()) and len(text) <= room.picture:
                return text
            pixels //= 2
    except Exception:  # noqa: BLE001 - whatever a kernel sent as a picture, the rest of the thread is kept
        return _POINT
    return _POINT


def _cut(item: StreamVariant, most: int) -> StreamVariant:
    note = "[The rest is too long for this record and is kept beside it.]"
    match item:
        case Code():
            return Code(code_content(f"# {note}"), item.id, item.feedback)
        case ServerHint():
            return ServerHint({"notice": {"text": note}})
        case CodeError():
            return CodeError(["\n".join(item.content)[:most] + f"\n{note}"])
        case ToolCall():
            return msgspec.structs.replace(item, content="{}")
        case _:
            bare = msgspec.structs.replace(item, display=[]) if isinstance(item, CodeOutput) else item
            bare = msgspec.structs.replace(bare, context=[]) if isinstance(bare, User) else bare
            return msgspec.structs.replace(bare, content=f"{item.content[:most]}\n{note}")
