"""Documents in the browser: an answer's numbers open the passages they mean, by mouse and by keyboard."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ..scripted import Scripted
from .conftest import ask, check_accessibility, open_notebook, reload
from .lab import Lab

QUESTION = "when is the barometer read"


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("station")
    (folder / "manifest.json").write_text(json.dumps({"name": "station", "title": "The station"}))
    (folder / "hours.md").write_text(f"# Readings\n\nThe barometer is read at {random.randrange(1000, 9999)}.\n")
    (folder / "rain.md").write_text(
        "# Rain\n\nThe barometer says nothing of rain. <img src='https://example.org/x.png'> "
        "[a link](javascript:alert(1))\n"
    )
    return folder


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, service: Scripted, station: Path) -> Iterator[Lab]:
    base = tmp_path_factory.mktemp("lab")
    catalogue = base / "models.json"
    params = {"model": "openai/scripted", "api_base": service.base, "api_key": "none"}
    catalogue.write_text(json.dumps({"model_list": [{"model_name": "scripted", "litellm_params": params}]}))
    settings = ("--FrevaGPT.local_model=False", "--FrevaGPT.title_model=-", "--FrevaGPT.local_embeddings=False")
    running = Lab(base, f"--FrevaGPT.catalogue={catalogue}", f"--FrevaGPT.resource_folders={station}", *settings)
    yield running
    running.close()


def test_a_number_of_the_answer_opens_its_passage(
    page: Page, lab: Lab, name: str, service: Scripted, station: Path
) -> None:
    arguments = {"question": "When is the barometer read?", "resources": ["station"]}
    call = {"call": {"name": "get_context_from_resources", "arguments": arguments}}
    service.set_script(
        [
            {"when": {"user": QUESTION, "after_tool": False}, "reply": [call]},
            {
                "when": {"user": QUESTION, "after_tool": True},
                "reply": [{"text": "In the morning [1], see also [2]. [7]"}],
            },
        ]
    )
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    open_notebook(page, lab, name, "x = 1")
    ask(page, QUESTION)
    said = (station / "hours.md").read_text().splitlines()[-1]
    numbers = page.locator(".jp-FrevaGPT-answer .jp-FrevaGPT-citation")
    expect(numbers).to_have_text(["1", "2"])
    card = page.locator(".jp-FrevaGPT-tool[data-tool=get_context_from_resources]")
    texts = card.locator(".jp-FrevaGPT-passage-text")
    expect(card).to_contain_text("Found by their words")
    expect(texts.nth(0)).to_be_hidden()

    numbers.nth(0).click()
    expect(texts.nth(0)).to_contain_text(said)
    expect(texts.nth(0)).to_contain_text("The station, hours.md, line 3")
    expect(card.locator(".jp-FrevaGPT-passage-toggle").nth(0)).to_be_focused()
    check_accessibility(page, "citations")

    numbers.nth(1).focus()
    page.keyboard.press("Enter")
    expect(texts.nth(1)).to_contain_text("says nothing of rain")
    expect(card.locator(".jp-FrevaGPT-passage-toggle").nth(1)).to_be_focused()
    page.keyboard.press("Space")
    expect(texts.nth(1)).to_be_hidden()

    reload(page)
    expect(numbers).to_have_text(["1", "2"])
    numbers.nth(0).click()
    expect(texts.nth(0)).to_contain_text(said)
    assert not [url for url in requests if "example.org" in url]
