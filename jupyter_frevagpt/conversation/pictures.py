"""Figures made small for a model that sees: scaled, on white, encoded anew; the user's own stay as they are."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct
import threading
from collections import OrderedDict
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_MOST_PIXELS = 40_000_000
_SMALL_BYTES = 100_000
_QUALITY = 85
_HEADER = struct.Struct(">8s4x4sIIB")
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_JPEG_SIGNATURE = b"\xff\xd8\xff"


class Pictures:
    """Makes pictures small in a thread, one at a time, and keeps the latest ones."""

    def __init__(self, *, most: int = 64, most_bytes: int = 16_000_000) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[tuple[bytes, int], str] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    async def small(self, pngs: Sequence[str], pixels: int) -> list[str]:
        """Return pictures in base64, PNG or JPEG, at most ``pixels`` wide and high.

        "" stands for what is no picture, or too large to be scaled.
        """
        return await asyncio.to_thread(self._all, pngs, pixels) if pngs else []

    def _all(self, pngs: Sequence[str], pixels: int) -> list[str]:
        return [self._one(png, pixels) for png in pngs]

    def _one(self, png: str, pixels: int) -> str:
        key = hashlib.blake2b(png.encode("utf-8", "replace")).digest(), pixels
        # Under the lock, since a large figure takes 200 MB while it is scaled: not that for each of several chats.
        with self._one_at_a_time:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            made = self._kept[key] = scaled(png, pixels)
            self._bytes += len(made)
            while self._kept and (len(self._kept) > self._most or self._bytes > self._most_bytes):
                self._bytes -= len(self._kept.popitem(last=False)[1])
            return made


def scaled(png: str, pixels: int) -> str:
    """Return a PNG or a user's JPEG, given in base64, as :meth:`Pictures.small` does.

    A JPEG is always written anew: it may tell where and when it was taken.
    """
    try:
        data = base64.b64decode(png, validate=True)
        if data.startswith(_JPEG_SIGNATURE):
            return base64.b64encode(_made(data, pixels, plain=False, kind="JPEG")).decode()
        signature, kind, width, height, depth = _HEADER.unpack_from(data)
        if signature != _SIGNATURE or kind != b"IHDR" or width * height > _MOST_PIXELS:
            return ""
        made = _made(data, pixels, plain=depth == 8)
    except Exception:  # noqa: BLE001 - whatever a kernel sent as a picture, the turn goes on without it
        return ""
    return png if made is data else base64.b64encode(made).decode()


def _made(data: bytes, pixels: int, *, plain: bool, kind: str = "PNG") -> bytes:
    from PIL import Image, ImageOps  # here, since a server that shows no figure to a model never needs it

    with Image.open(BytesIO(data), formats=[kind]) as opened:
        if opened.width * opened.height > _MOST_PIXELS:
            return b""
        opened.load()
        upright = opened if kind == "PNG" else ImageOps.exif_transpose(opened)
        picture = _eight_bits(upright)
        if max(picture.size) > pixels:
            factor = pixels / max(picture.size)
            size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
            picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        made = _encoded(_on_white(picture))
        return data if plain and picture is opened and len(data) <= len(made) else made


def _eight_bits(picture: Picture) -> Picture:
    """Return a picture in grey, in colours, or in colours with transparency."""
    if picture.mode.startswith("I"):
        # Pillow clips 16 bits where a browser scales them.
        return picture.point(lambda value: value * (1 / 256) + 0).convert("L")
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    wanted = "L" if picture.mode in ("1", "L") else "RGB"
    return picture if picture.mode == wanted else picture.convert(wanted)


def _on_white(picture: Picture) -> Picture:
    """Return a picture without transparency: services put it on black, where black labels vanish."""
    if picture.mode != "RGBA":
        return picture
    from PIL import Image

    ground = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(ground, picture).convert("RGB")


def _encoded(picture: Picture) -> bytes:
    """Return it as a PNG, or as a JPEG where that is smaller and the PNG is not small."""
    as_png = BytesIO()
    picture.save(as_png, "PNG")
    if as_png.tell() <= _SMALL_BYTES:
        return as_png.getvalue()
    as_jpeg = BytesIO()
    picture.save(as_jpeg, "JPEG", quality=_QUALITY)
    return min(as_png.getvalue(), as_jpeg.getvalue(), key=len)


PICTURES = Pictures()
"""Those of this server: a figure is made small once, however many rounds and questions send it."""
