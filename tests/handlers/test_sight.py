"""What models are sent of what runs showed, through a real server: scaled figures or a sentence, bounded outputs."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ..scripted import Scripted
from .conftest import Chat, code_rules, joined

FIGURE = """
import matplotlib
matplotlib.use('agg')
import matplotlib.pyplot as plt
%matplotlib inline
%config InlineBackend.print_figure_kwargs = {'bbox_inches': None}
plt.figure(figsize=(15, 10), dpi=200)
plt.plot([1, 3, 2])
plt.show()
"""
LONG = "for n in range(100_000):\n    print('row', n, chr(97 + n % 26) * 40)"
DEEP = "import pandas as pd\ntable = pd.DataFrame({'a': [1]})\ntable['missing']"


@pytest.fixture
def rules() -> list[dict[str, Any]]:
    figures = "\n".join(["import matplotlib.pyplot as plt", "%matplotlib inline", "plt.plot([1]); plt.show()\n" * 3])
    return [
        *code_rules("draw", FIGURE),
        *code_rules("three", figures),
        *code_rules("long", LONG),
        *code_rules("deep", DEEP),
        {"when": {"user": "again"}, "reply": [{"text": "Yes."}]},
    ]


@pytest.fixture
def catalogue(tmp_path: Path, service: Scripted) -> Path:
    return service.catalogue(tmp_path / "models.yaml", {"seeing": {"supports_vision": True}, "blind": {}})


def sent(service: Scripted) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = service.requests()[-1]["body"]["messages"]
    return messages


def pictures(messages: list[dict[str, Any]]) -> list[Image.Image]:
    urls = [
        part["image_url"]["url"]
        for message in messages
        if isinstance(message["content"], list)
        for part in message["content"]
    ]
    return [Image.open(BytesIO(base64.b64decode(url.partition(",")[2]))) for url in urls]


async def test_a_model_that_sees_gets_the_figure_small_and_the_user_as_it_is(chat: Chat, service: Scripted) -> None:
    lines = await chat.stream(input="draw", chatbot="seeing")
    original = joined(lines, "Image")
    assert Image.open(BytesIO(base64.b64decode(original))).size == (3000, 2000)
    assert [picture.size for picture in pictures(sent(service))] == [(1024, 683)]
    assert len(json.dumps(sent(service))) < 150_000
    thread = (await chat.get("getthread", thread_id=lines[0]["content"]["thread_id"])).json()
    assert [item["content"] for item in thread if item["variant"] == "Image"] == [original]


async def test_a_model_that_does_not_see_is_told_of_the_figure(chat: Chat, service: Scripted) -> None:
    lines = await chat.stream(input="draw", chatbot="blind")
    assert joined(lines, "Image")
    output = sent(service)[-1]
    assert output["role"] == "tool"
    assert output["content"].endswith("[a figure was shown to the user]")
    assert "image_url" not in json.dumps(sent(service))


async def test_only_the_newest_figures_are_sent_again(chat: Chat, service: Scripted) -> None:
    lines = await chat.stream(input="three", chatbot="seeing")
    assert len(pictures(sent(service))) == 3
    thread_id = lines[0]["content"]["thread_id"]
    await chat.stream(input="three figures more", chatbot="seeing", thread_id=thread_id)
    assert len(pictures(sent(service))) == 4
    outputs = [message["content"] for message in sent(service) if message["role"] == "tool"]
    assert "[2 images were shown here]" in outputs[-2]
    assert "shown here" not in outputs[-1]


async def test_megabytes_of_output_reach_the_model_bounded(chat: Chat, service: Scripted) -> None:
    lines = await chat.stream(input="long", chatbot="blind")
    assert len(joined(lines, "CodeOutput")) > 100_000
    output = sent(service)[-1]["content"]
    assert 10_000 < len(output) <= 20_000
    assert output.startswith("row 0 ")
    await chat.stream(input="again", chatbot="blind", thread_id=lines[0]["content"]["thread_id"])
    output = next(message["content"] for message in sent(service)[::-1] if message["role"] == "tool")
    assert 1000 < len(output) <= 2000
    assert output.startswith("row 0 ")


async def test_a_traceback_comes_by_the_users_frames(chat: Chat, service: Scripted) -> None:
    lines = await chat.stream(input="deep", chatbot="blind")
    assert "hashtable" in joined(lines, "CodeOutput")
    output = sent(service)[-1]["content"]
    assert "----> 3 table['missing']" in output
    assert "frames inside pandas left out]" in output
    assert "hashtable" not in output
    assert output.rstrip().endswith("KeyError: 'missing'")
