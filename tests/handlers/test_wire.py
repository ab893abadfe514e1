"""What each kind of reader gets: the golden turns and drawn ones, read as the existing clients read them, cut anywhere.

Contract 1, 4, 6 and 10; decisions 1, 2, 3 and 6.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_frevagpt.conversation.transcript import fold
from jupyter_frevagpt.domain.variants import (
    Assistant,
    Code,
    CodeOutput,
    Image,
    ServerHint,
    StreamEnd,
    StreamVariant,
    ToolCall,
    ToolOutput,
    code_content,
    decode,
)
from jupyter_frevagpt.handlers.wire import Reader

from ..reading_rules import PlainClient

TURNS = Path(__file__).parents[1] / "turns"
NAMES = sorted(path.stem for path in TURNS.glob("*.ndjson"))
PLAIN, STRICT, RICH = Reader(), Reader(strict=True), Reader(rich=True)


def golden(name: str) -> list[StreamVariant]:
    return [decode(line) for line in (TURNS / f"{name}.ndjson").read_bytes().splitlines()]


def as_bytes(reader: Reader, lines: list[StreamVariant]) -> bytes:
    return b"".join(piece for line in lines for piece in reader.lines(line))


def shown(reader: Reader, lines: list[StreamVariant]) -> list[dict[str, Any]]:
    """What a plain client has to end up with."""
    items = [item for item in fold(lines) if reader.sees(item) and not isinstance(item, ServerHint)]
    kept = msgspec.to_builtins([msgspec.structs.replace(item, **plain_fields(item)) for item in items])
    return [
        {"variant": item["variant"], "content": item["content"], **({"id": item["id"]} if "id" in item else {})}
        for item in kept
    ]


def plain_fields(item: StreamVariant) -> dict[str, Any]:
    return {"display": []} if isinstance(item, CodeOutput) else {}


@pytest.mark.parametrize("reader", [PLAIN, STRICT])
@pytest.mark.parametrize("name", NAMES)
def test_golden_turns_cut_at_every_byte_come_out_the_same(name: str, reader: Reader) -> None:
    lines = golden(name)
    stream = as_bytes(reader, lines)
    expected = shown(reader, lines)
    for cut in range(0, len(stream) + 1, 1 if len(stream) < 4000 else 7):
        client = PlainClient()
        client.feed(stream[:cut])
        client.feed(stream[cut:])
        assert client.conversation() == expected
    client.check_strings()


@pytest.mark.parametrize("name", NAMES)
def test_rich_readers_get_the_log_line_for_line(name: str) -> None:
    lines = golden(name)
    assert [decode(line) for line in as_bytes(RICH, lines).splitlines()] == lines


NASTY = st.text(alphabet=st.one_of(st.sampled_from('{}"\\ \n°😀a'), st.characters(codec="utf-8")), max_size=40)
LONG = st.builds(lambda text, times: text * times, NASTY, st.integers(1, 2000))
RUN = st.one_of(
    st.builds(lambda pieces: [Assistant(piece) for piece in pieces if piece], st.lists(LONG, min_size=1, max_size=4)),
    st.builds(
        lambda code, output, images: [
            Code('{"code":"', "c"),
            *([Code(json.dumps(code)[1:-1], "c")] if code and not json.dumps(code)[1:-1].endswith('"}') else []),
            Code('"}', "c"),
            CodeOutput(output, "c", [{"output_type": "stream", "text": output}]),
            *(
                variant
                for number, image in enumerate(images)
                for variant in (ServerHint({"image": {"id": f"c_{number}"}}), Image("iVBOR" * image, f"c_{number}"))
            ),
        ],
        NASTY,
        LONG,
        st.lists(st.integers(1, 9000), max_size=2),
    ),
    st.builds(lambda text: [ToolCall(json.dumps({"q": text}), "search", "t"), ToolOutput(text, "search", "t")], LONG),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(RUN, max_size=4), st.integers(0, 10**6))
def test_drawn_turns_are_read_whole(parts: list[list[StreamVariant]], cut: int) -> None:
    lines: list[StreamVariant] = [ServerHint({"thread_id": "t"})]
    for number, part in enumerate(parts):
        for line in part:
            named = {"id": f"{line.id}{number}"} if hasattr(line, "id") else {}
            lines.append(msgspec.structs.replace(line, **named))
        lines.append(ServerHint({"notice": {"text": "between"}}))
    lines.append(StreamEnd("Finished."))
    stream = as_bytes(PLAIN, lines)
    client = PlainClient()
    cut %= len(stream)
    client.feed(stream[:cut])
    client.feed(stream[cut:])
    client.check_strings()
    expected = [item for item in shown(PLAIN, lines) if item["content"] or item["variant"] == "CodeOutput"]
    assert client.conversation() == expected


def test_long_lines_are_cut_for_plain_readers_only() -> None:
    image = Image("A" * 50_000, "c_0")
    pieces = [decode(line) for line in PLAIN.lines(image)]
    assert all(len(line) <= 8192 for line in PLAIN.lines(image))
    assert "".join(piece.content for piece in pieces if isinstance(piece, Image)) == image.content
    assert {piece.id for piece in pieces if isinstance(piece, Image)} == {"c_0"}
    assert len(list(RICH.lines(image))) == 1


def test_whole_items_of_a_thread() -> None:
    items: list[StreamVariant] = [
        Code(code_content("a"), "c"),
        CodeOutput("x" * 20_000, "c", [{"output_type": "stream"}]),
        ServerHint({"run": {"id": "c", "state": "done"}}),
        StreamEnd("Stopped."),
        ToolCall("{}", "search", "t"),
        StreamEnd("Finished."),
    ]
    plain = PLAIN.items(items)
    assert [type(item).__name__ for item in plain] == ["Code", "CodeOutput", "ToolCall", "StreamEnd"]
    assert plain[1] == CodeOutput("x" * 20_000, "c")
    assert [type(item).__name__ for item in STRICT.items(items)] == ["Code", "CodeOutput", "StreamEnd"]
    assert RICH.items(items)[1] == items[1]


def read_by_climateclaw(hint: ServerHint) -> Any:
    """Return a hint as climateclaw-client shows it: Python's notation with other quotes, read as JSON."""
    return json.loads(str(json.loads(next(STRICT.lines(hint)))["content"]).replace("'", '"'))


VALUES = st.recursive(
    st.one_of(st.booleans(), st.none(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), NASTY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NASTY, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["notice", "usage", "approval"]), st.dictionaries(NASTY, VALUES, max_size=3)))
def test_strict_readers_get_hints_that_survive_pythons_notation(content: dict[str, Any]) -> None:
    hint = ServerHint(content)
    assert read_by_climateclaw(hint) == json.loads(next(STRICT.lines(hint)))["content"]
    assert STRICT.items([hint]) == [decode(next(STRICT.lines(hint)))]
    assert PLAIN.items([hint]) == [hint]


def test_strict_readers_keep_the_words_of_a_hint() -> None:
    hint = ServerHint({"notice": {"text": 'it\'s "so":\n14 °C\u00a0\\', "held": True, "gone": None, "seconds": 1.5}})
    told = {"notice": {"text": "it\u2019s \u201dso\u201d:\n14 °C \\", "held": 1, "seconds": 1.5}}
    assert read_by_climateclaw(hint) == told
    with pytest.raises(json.JSONDecodeError):
        json.loads(str(hint.content).replace("'", '"'))
