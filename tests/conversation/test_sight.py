"""The budget of one request: newest outputs whole, older ones shorter, the newest figures, each worked on once."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Sequence
from io import BytesIO

import pytest
from PIL import Image as Pillow

from jupyter_frevagpt.conversation import sight
from jupyter_frevagpt.conversation.digest import digest
from jupyter_frevagpt.conversation.sight import Budget, Sight, allotted
from jupyter_frevagpt.domain.variants import Assistant, Code, CodeOutput, Image, StreamVariant, ToolOutput, User

BUDGET = Budget(output_chars=1000, older_output_chars=100, images=2, image_pixels=64)


def question(name: str, *outputs: str) -> list[StreamVariant]:
    items: list[StreamVariant] = [User(name)]
    for number, output in enumerate(outputs):
        items += [Code("{}", f"{name}{number}"), CodeOutput(output, f"{name}{number}")]
    return [*items, Assistant("So.")]


def words(number: int, size: int) -> str:
    """Return text of which no line is like another."""
    lines = (f"{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)} {number}\n" for n in range(size // 4))
    return "".join(lines)[:size]


def figure(colour: str, side: int = 200) -> str:
    file = BytesIO()
    Pillow.new("RGB", (side, side // 2), colour).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def outputs(items: Sequence[StreamVariant]) -> list[str]:
    return [item.content for item in items if isinstance(item, CodeOutput | ToolOutput)]


def test_the_running_question_has_the_large_share_and_earlier_ones_the_small_one() -> None:
    items = [*question("a", "x" * 5000, "y" * 50), *question("b", "z" * 5000), ToolOutput("w" * 900, "search", "t")]
    limits = allotted(items, BUDGET)
    assert {items[at].id: limit for at, limit in limits.items()} == {"a0": 100, "a1": 100, "b0": 1000, "t": 1000}  # type: ignore[union-attr]


def test_a_long_chat_stays_bounded_and_the_oldest_outputs_become_a_line() -> None:
    items = [item for number in range(200) for item in question(f"q{number}_", words(number, 3000))]
    seen = outputs(asyncio.run(Sight(BUDGET, vision=False).of(items)))
    assert seen[0] == "[an old output of 3,000 characters was left out here]"
    assert 90 < len(seen[-2]) <= 100
    assert 900 < len(seen[-1]) <= 1000
    assert sum(map(len, seen)) < 200 * 60 + 25 * 100 + 1000


def test_many_long_outputs_of_one_question_are_bounded_too() -> None:
    items = question("q", *(words(number, 3000) for number in range(40)))
    sizes = [len(text) for text in outputs(asyncio.run(Sight(BUDGET, vision=False).of(items)))]
    assert all(900 < size <= 1000 for size in sizes[-5:])
    assert all(90 < size <= 100 for size in sizes[-30:-5])
    assert all(size < 60 for size in sizes[:-30])


def test_rounds_of_a_question_add_to_what_was_sent_and_change_none_of_it() -> None:
    sees = Sight(BUDGET, vision=False)
    items = [*question("a", words(0, 500)), *question("b")]
    before: list[StreamVariant] = []
    for number in range(5):
        call = f"b{number}"
        items = [*items, Code("{}", call), CodeOutput(words(number, 4000), call)]
        seen = asyncio.run(sees.of(items))
        assert seen[: len(before)] == before
        before = seen


def test_short_old_outputs_stay() -> None:
    items = [item for number in range(100) for item in question(f"q{number}_", f"the value is now {number:20}\n")]
    assert asyncio.run(Sight(BUDGET, vision=False).of(items)) == items


def test_the_items_of_the_thread_are_not_touched() -> None:
    items = [*question("a", "x" * 5000), Image(figure("red"), "a0_0")]
    copies = [type(item)(**{name: getattr(item, name) for name in item.__struct_fields__}) for item in items]
    asyncio.run(Sight(BUDGET, vision=True).of(items))
    assert items == copies


def test_the_newest_images_are_sent_small_and_others_lose_their_content() -> None:
    pictures = [Image(figure(colour), f"c_{colour}") for colour in ("red", "green", "blue")]
    seen = asyncio.run(Sight(BUDGET, vision=True).of([*pictures, *question("q")]))
    images = [item for item in seen if isinstance(item, Image)]
    assert [image.id for image in images] == ["c_red", "c_green", "c_blue"]
    assert images[0].content == ""
    for image, colour in zip(images[1:], [(0, 128, 0), (0, 0, 255)], strict=True):
        opened = Pillow.open(BytesIO(base64.b64decode(image.content)))
        assert (opened.size, opened.convert("RGB").getpixel((5, 5))) == ((64, 32), colour)


@pytest.mark.parametrize(("vision", "images"), [(False, 2), (True, 0)])
def test_no_image_is_sent_where_none_is_wanted(vision: bool, images: int) -> None:
    budget = Budget(images=images)
    seen = asyncio.run(Sight(budget, vision=vision).of([Image(figure("red"), "c_0")]))
    assert seen == [Image("", "c_0")]


def test_a_broken_image_has_no_content_and_the_others_are_sent() -> None:
    seen = asyncio.run(Sight(BUDGET, vision=True).of([Image("iVBORbroken", "c_0"), Image(figure("red"), "c_1")]))
    assert [bool(item.content) for item in seen if isinstance(item, Image)] == [False, True]


def test_each_output_is_worked_on_once_and_long_ones_off_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def watched(text: str, limit: int) -> str:
        threads.append(threading.current_thread())
        return digest(text, limit)

    monkeypatch.setattr(sight, "digest", watched)
    sees = Sight(BUDGET, vision=False)
    short, long = question("a", "short"), question("b", words(1, 30_000))
    asyncio.run(sees.of(short))
    assert threads == [threading.main_thread()]
    asyncio.run(sees.of([*short, *long]))
    assert len(threads) == 3
    assert threading.main_thread() not in threads[1:]
    asyncio.run(sees.of([*short, *long]))
    assert len(threads) == 3
