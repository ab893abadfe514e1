"""Pictures for a model that sees: small, readable, bounded; nothing that a kernel sends as one raises."""

from __future__ import annotations

import asyncio
import base64
import random
import subprocess
import sys
import threading
import time
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from jupyter_frevagpt.conversation import pictures
from jupyter_frevagpt.conversation.pictures import Pictures, scaled


def encoded(picture: Image.Image, **options: Any) -> str:
    file = BytesIO()
    picture.save(file, "PNG", **options)
    return base64.b64encode(file.getvalue()).decode()


def opened(text: str) -> Image.Image:
    picture = Image.open(BytesIO(base64.b64decode(text)))
    picture.load()
    return picture


def noise(mode: str, size: tuple[int, int]) -> Image.Image:
    pixels = size[0] * size[1] * len(Image.new(mode, (1, 1)).getbands())
    return Image.frombytes(mode, size, random.Random(3).randbytes(pixels))


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def png(width: int, height: int, body: bytes = b"", depth: int = 8, colours: int = 2, more: bytes = b"") -> str:
    """Return a PNG written by hand, which may be a wrong one."""
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([depth, colours, 0, 0, 0])
    data = chunk(b"IHDR", header) + more + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + data).decode()


@pytest.mark.parametrize(
    ("size", "pixels", "made"),
    [((3000, 2000), 1024, (1024, 683)), ((400, 4000), 1024, (102, 1024)), ((3000, 1), 100, (100, 1))],
)
def test_large_ones_are_scaled_to_the_longer_side(size: tuple[int, int], pixels: int, made: tuple[int, int]) -> None:
    assert opened(scaled(encoded(Image.new("RGB", size, "red")), pixels)).size == made


def test_small_plain_ones_stay_as_they_are() -> None:
    for mode in ("RGB", "L"):
        figure = encoded(Image.new(mode, (640, 480)), optimize=True)
        assert scaled(figure, 1024) == figure


def test_a_figure_of_matplotlib_becomes_small() -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure(figsize=(15, 10), dpi=200)
    axes = figure.add_subplot()
    chance = random.Random(1)
    for _ in range(6):
        axes.plot([chance.gauss(0, 1) for _ in range(300)])
    file = BytesIO()
    figure.savefig(file)
    original = base64.b64encode(file.getvalue()).decode()
    made = scaled(original, 1024)
    assert opened(original).size == (3000, 2000)
    assert opened(made).size == (1024, 683)
    assert len(made) < min(300_000, len(original))
    corner = opened(made).convert("RGB").getpixel((3, 3))
    assert corner == (255, 255, 255)


def test_noise_is_sent_as_jpeg() -> None:
    original = encoded(noise("RGB", (1000, 800)))
    made = scaled(original, 1024)
    assert opened(made).format == "JPEG"
    assert len(made) < len(original) / 3


def test_transparent_ground_becomes_white_and_black_labels_stay() -> None:
    figure = Image.new("RGBA", (2000, 1000), (0, 0, 0, 0))
    figure.paste((0, 0, 0, 255), (0, 0, 1000, 1000))
    made = opened(scaled(encoded(figure), 1024))
    assert made.mode == "RGB"
    assert (made.getpixel((100, 100)), made.getpixel((900, 100))) == ((0, 0, 0), (255, 255, 255))

    palette = Image.new("P", (50, 50), 1)
    palette.putpalette([255, 0, 0, 0, 0, 0])
    made = opened(scaled(encoded(palette, transparency=1), 1024))
    assert made.convert("RGB").getpixel((9, 9)) == (255, 255, 255)
    grey = opened(scaled(encoded(Image.new("L", (50, 50), 7), transparency=7), 1024))
    assert grey.convert("RGB").getpixel((9, 9)) == (255, 255, 255)


@pytest.mark.parametrize("size", [(300, 200), (1500, 1000)])
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_each_kind_of_png_gets_through(mode: str, size: tuple[int, int]) -> None:
    colour = {"1": 1, "L": 200, "P": 5, "RGB": (200,) * 3, "LA": (200, 255), "RGBA": (200,) * 3 + (255,)}
    picture = Image.new(mode, size, colour.get(mode, 200 * 256))
    if mode == "P":
        picture.putpalette([200] * 768)
    made = opened(scaled(encoded(picture), 1024))
    assert made.mode in ("L", "RGB")
    assert max(made.size) == min(1024, max(size))
    value = made.convert("L").getpixel((5, 5))
    assert value == (255 if mode == "1" else 200)


def test_sixteen_bits_a_colour_become_eight() -> None:
    row = b"\0" + b"\xc8\x00\x64\x00\x32\x00" * 20
    made = scaled(png(20, 10, row * 10, depth=16), 1024)
    assert base64.b64decode(made)[24] == 8
    assert opened(made).getpixel((5, 5)) == (200, 100, 50)
    for side in (1, 100, 900):
        made = scaled(png(side, side, bytes(1 + 6 * side) * side, depth=16), 1024)
        assert base64.b64decode(made)[24] == 8


BROKEN = {
    "nothing": "",
    "no base64": "%%%",
    "half a character": "\ud83d",
    "no picture": base64.b64encode(b"hello" * 20).decode(),
    "a signature alone": base64.b64encode(b"\x89PNG\r\n\x1a\n").decode(),
    "no pixels": png(10, 10, b""),
    "cut off": encoded(noise("RGB", (200, 200)))[:8000],
    "no size": png(0, 0, b""),
    "a bomb": png(60_000, 60_000, b"\0" * 1000),
    "a larger bomb": png(2**31 - 1, 2**31 - 1),
    "sound, and too large": png(8000, 6000, bytes(1001) * 6000, depth=1, colours=0),
    "a flat bomb": png(2**31 - 1, 1),
    "a bomb of text": png(1, 1, b"\0\0\0\0", more=chunk(b"zTXt", b"k\0\0" + zlib.compress(b"a" * 200_000_000))),
    "a wrong kind": png(10, 10, b"\0" * 400, colours=5),
    "a gif": base64.b64encode(b"GIF89a" + b"\0" * 100).decode(),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_ones_and_bombs_are_nothing_and_cost_nothing(name: str) -> None:
    began = time.process_time()
    assert scaled(BROKEN[name], 1024) == ""
    assert time.process_time() - began < 1.0


def test_the_same_picture_is_made_once_and_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def counting(figure: str, pixels: int) -> str:
        made.append(figure)
        return scaled(figure, pixels)

    monkeypatch.setattr(pictures, "scaled", counting)
    figures = [encoded(Image.new("RGB", (30, 30), (number, 0, 0))) for number in range(5)]

    async def ask(kept: Pictures, *numbers: int) -> list[str]:
        return await kept.small([figures[number] for number in numbers], 1024)

    kept = Pictures(most=3)
    first = asyncio.run(ask(kept, 0, 1, 2))
    assert asyncio.run(ask(kept, 0, 2)) == [first[0], first[2]]
    assert len(made) == 3
    asyncio.run(ask(kept, 3))  # 1 was not asked for the longest time
    asyncio.run(ask(kept, 0, 2, 3))
    assert len(made) == 4
    asyncio.run(ask(kept, 1))
    assert len(made) == 5

    made.clear()
    kept = Pictures(most_bytes=len(first[0]) + len(first[1]))
    for _ in range(2):
        asyncio.run(ask(kept, 0, 1))
    assert len(made) == 2
    asyncio.run(ask(kept, 2))
    asyncio.run(ask(kept, 0))
    assert len(made) == 4
    asyncio.run(kept.small([figures[2]], 10))
    assert len(made) == 5


async def test_the_event_loop_goes_on_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, going_on = threading.Event(), threading.Event()

    def waiting(figure: str, pixels: int) -> str:
        begun.set()
        assert going_on.wait(10)
        return figure

    monkeypatch.setattr(pictures, "scaled", waiting)
    task = asyncio.create_task(Pictures().small(["a"], 1024))
    assert await asyncio.to_thread(begun.wait, 10)
    going_on.set()
    assert await task == ["a"]


def test_pillow_is_imported_only_for_a_picture() -> None:
    code = (
        "import sys, jupyter_frevagpt.app\n"
        "from jupyter_frevagpt.conversation.pictures import scaled\n"
        "assert 'PIL' not in sys.modules\n"
        "scaled('aGVsbG8=', 1024)\n"
        "assert 'PIL' not in sys.modules\n"
        f"assert scaled({png(2, 2, (bytes(1) + bytes(6)) * 2)!r}, 1)\n"
        "assert 'PIL' in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
