"""What went with a question, as a model is told of it, as a store keeps it, and for a model that reads little."""

from __future__ import annotations

import base64
import secrets
from io import BytesIO
from typing import Any

import msgspec
import pytest
from PIL import Image as Picture

from jupyter_frevagpt.conversation.context import Attachments, bare, content_of, pictured, shortened, sources
from jupyter_frevagpt.domain.chips import CellChip, Chip, FileChip, VariableChip
from jupyter_frevagpt.domain.errors import BadRequest
from jupyter_frevagpt.domain.values import FoundFile, Inspected, ModelInfo, ThreadRef, ToolContext
from jupyter_frevagpt.domain.variants import Assistant, User, decode, encode
from jupyter_frevagpt.threads.large import NARROW, WIDE, fitted, restored

CONTEXT = ToolContext(ThreadRef("alice", "t"))


class Kernel:
    """Surroundings that know one variable."""

    async def inspect(self, context: ToolContext, name: str, depth: int) -> Inspected:
        return Inspected({"name": name}) if name == "ds" else Inspected(close=("ds",))


class Files:
    """Files that all hold the same."""

    def read(self, path: str) -> FoundFile:
        return FoundFile("half \ud800 surrogate")


def attachments() -> Attachments:
    kernel: Any = Kernel()
    return Attachments(kernel, Files(), lambda text: text.replace("secret", "[redacted]"))


def test_nothing_changes_where_nothing_went_with_it() -> None:
    assert content_of(User("plain"), vision=True, limit=10) == "plain"
    assert encode(User("plain")) == b'{"variant":"User","content":"plain"}'


def test_each_round_is_told_the_same() -> None:
    question = User("look", context=[Chip("file", "a", "text"), Chip("cell", "b", "code", "shown")])
    assert content_of(question, vision=False, limit=1000) == content_of(question, vision=False, limit=1000)


def test_pictures_are_parts_for_a_model_that_sees() -> None:
    question = User("look", context=[Chip("image", "p", image="/9j/x"), Chip("image", "q", image="iVBORx")])
    parts = content_of(question, vision=True, limit=1000)
    assert isinstance(parts, list)
    urls = [part["image_url"]["url"] for part in parts[1:]]
    assert urls == ["data:image/jpeg;base64,/9j/x", "data:image/png;base64,iVBORx"]
    blind = content_of(question, vision=False, limit=1000)
    assert isinstance(blind, str)
    assert blind.count("not shown to you") == 2
    one = content_of(pictured(question, ["", "iVBORy"]), vision=True, limit=1000)
    assert isinstance(one, list)
    assert (len(one), one[0]["text"].count("not shown to you")) == (2, 1)


def test_a_question_of_before_is_shortened_and_bare_for_small_models() -> None:
    question = User("look", "m", "k", [Chip("file", "a", "x" * 5000), Chip("cell", "b", "c", "y" * 5000)])
    short = shortened(question, 200)
    assert [len(text) <= 200 for chip in short.context for text in (chip.text, chip.output)] == [True] * 4
    assert short.content == "look"
    assert bare(question) == User("look", "m", "k")
    assert bare(Assistant("a")) == Assistant("a")


def test_files_that_were_read_are_sources() -> None:
    chips = [Chip("file", "a", "x"), Chip("file", "gone", note="not text"), Chip("cell", "b", "x")]
    assert sources(User("q", context=[*chips, Chip("file", "map.png", image="iVBOR")])) == [
        "the file a",
        "the file map.png",
    ]


async def test_what_is_kept_can_be_written() -> None:
    asked = [FileChip("secret.txt"), FileChip("secret.txt"), CellChip("\udcff", text="secret")]
    chips = await attachments().found(asked, CONTEXT, files=True, model=ModelInfo("m"))
    assert chips == [Chip("file", "[redacted].txt", "half ? surrogate"), Chip("cell", "?", "[redacted]")]
    assert decode(encode(User("q", context=chips))) == User("q", context=chips)


async def test_a_small_model_reads_names_and_nothing_else() -> None:
    small = ModelInfo("local", small=True)
    chips = await attachments().found([VariableChip("ds")], CONTEXT, files=True, model=small)
    assert [chip.name for chip in chips] == ["ds"]
    for chip in (FileChip("a"), CellChip("[1]", text="x")):
        with pytest.raises(BadRequest, match="choose another model"):
            await attachments().found([chip], CONTEXT, files=True, model=small)
        await attachments().found([chip], CONTEXT, files=True, model=ModelInfo("m"))


@pytest.mark.parametrize("room", [WIDE, NARROW])
def test_a_store_of_documents_keeps_large_ones_beside(room: Any) -> None:
    file = BytesIO()
    Picture.frombytes("RGB", (700, 700), secrets.token_bytes(700 * 700 * 3)).save(file, "PNG")
    image = base64.b64encode(file.getvalue()).decode()
    assert len(image) > 1_000_000
    question = User("look", context=[Chip("image", "p", image=image)])
    document, whole = fitted(question, room)
    assert whole is not None
    assert len(msgspec.json.encode({**document, "gridfs_id": ""})) < 2000
    assert restored(document, whole.body, whole.kind) == question


def test_a_stored_context_of_another_kind_costs_no_question() -> None:
    from jupyter_frevagpt.domain.legacy import revive

    for context in ("text", [5], {"a": 1}, [{"kind": 5, "name": []}]):
        assert revive([{"variant": "User", "content": "q", "context": context}]) == [User("q")]
