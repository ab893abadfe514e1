"""The box in the browser: what is mentioned, dropped, pasted goes with the question; commands; the keyboard alone."""

from __future__ import annotations

import random
import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ..scripted import Scripted
from .box import ANSWER, PASTE, active, box, chips, choose_model, drag, names, offers, pictures, sent
from .conftest import (
    AXE,
    CONTRAST,
    DARK,
    FAULTS,
    LIGHT,
    ask,
    code_call,
    open_notebook,
    reload,
    run_cell,
    set_theme,
    shot,
    slug_of,
)
from .lab import Lab

# the panel into the right area, so that it is seen beside the file browser
BESIDE = """
() => {
  const { shell } = window.jupyterapp;
  const panel = [...shell.widgets('left')].find(widget => widget.id === 'frevagpt:sidebar');
  shell.add(panel, 'right');
  shell.activateById(panel.id);
}
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, service: Scripted) -> Iterator[Lab]:
    """Return a Lab with a model that sees and one that does not."""
    base = tmp_path_factory.mktemp("composer")
    catalogue = service.catalogue(base / "models.json", {"seeing": {"supports_vision": True}, "blind": {}})
    running = Lab(base, f"--FrevaGPT.catalogue={catalogue}", "--FrevaGPT.local_model=False", "--FrevaGPT.title_model=-")
    yield running
    running.close()


@pytest.fixture(autouse=True)
def answering(service: Scripted) -> None:
    service.set_script(ANSWER)


def test_a_variable_is_sent_along_by_the_keyboard_alone(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    number = random.randrange(10**8, 10**9)
    open_notebook(page, lab, name, f"rainfall = [{number}]; rain_days = 3; other = 1", "1")
    run_cell(page)
    box(page).press_sequentially("Sum up @rain")
    expect(offers(page).first).to_be_visible()
    expect(offers(page)).to_have_count(2)
    expect(page.get_by_role("status").filter(has_text="2 suggestions")).to_be_attached()
    first = active(page)
    box(page).press("ArrowDown")
    assert active(page) != first
    if "rainfall" not in active(page):
        box(page).press("ArrowDown")
    shot(page, "completer")
    box(page).press("Enter")
    expect(offers(page)).to_have_count(0)
    expect(box(page)).to_have_value("Sum up rainfall ")
    expect(box(page)).to_be_focused()
    expect(chips(page)).to_have_text("rainfall")
    box(page).press("Shift+Tab")
    box(page).page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("tooltip")).to_contain_text(str(number))
    shot(page, "preview")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_have_count(0)
    box(page).focus()
    message = sent(page, service)
    assert message.startswith("Sum up rainfall")
    assert re.search(rf"<([0-9a-f]{{12}})>\n[^<]*{number}[^<]*\n</\1>", message)
    expect(chips(page)).to_have_count(0)
    told = page.locator(".jp-FrevaGPT-question .jp-FrevaGPT-chip")
    expect(told).to_have_text("rainfall")
    told.get_by_role("button").press("Enter")
    expect(page.locator(".jp-FrevaGPT-sent-preview")).to_contain_text(str(number))
    shot(page, "sent")
    reload(page)
    expect(page.locator(".jp-FrevaGPT-question .jp-FrevaGPT-chip")).to_have_text("rainfall", timeout=20_000)


def test_files_are_found_in_folders_and_escape_leaves_the_text(page: Page, lab: Lab, service: Scripted) -> None:
    word = secrets.token_hex(6)
    first = f"m{secrets.token_hex(3)}"
    folder = f"{first} data"
    (lab.root / folder).mkdir()
    (lab.root / folder / "notes.txt").write_text(f"the word is {word}")
    box(page).press_sequentially(f"Read @{first}")
    expect(offers(page).first).to_contain_text(f"{folder}/")
    box(page).press("Escape")
    expect(offers(page)).to_have_count(0)
    expect(box(page)).to_have_value(f"Read @{first}")
    expect(box(page)).to_be_focused()
    box(page).press_sequentially(" ")
    box(page).fill(f"Read @{first}")
    box(page).press("End")
    box(page).press_sequentially(" data")
    box(page).fill("")
    box(page).press_sequentially(f"Read @{first}")
    expect(offers(page).first).to_be_visible()
    box(page).press("Tab")
    expect(box(page)).to_have_value(f'Read @"{folder}/')
    expect(offers(page).first).to_contain_text("notes.txt")
    box(page).press("Enter")
    expect(chips(page)).to_have_text("notes.txt")
    expect(box(page)).to_have_value("Read notes.txt ")
    chips(page).hover()
    expect(page.get_by_role("tooltip")).to_contain_text(word)
    assert word in sent(page, service)


def test_cells_and_the_selection_of_the_notebook(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    number, kept = random.randrange(10**8, 10**9), f"kept_{secrets.token_hex(3)}"
    open_notebook(page, lab, name, f"print({number} + 1)", f"{kept} = 5  # unsaved")
    run_cell(page)
    box(page).press_sequentially("Explain @[1]")
    expect(offers(page)).to_have_count(1)
    box(page).press("Enter")
    expect(chips(page)).to_have_text("Cell [1]")
    page.locator(".jp-Notebook .jp-Cell").nth(1).locator(".cm-content").dblclick(position={"x": 20, "y": 8})
    box(page).focus()
    box(page).press("End")
    box(page).press_sequentially("@sel")
    expect(offers(page).first).to_contain_text("selection")
    box(page).press("Enter")
    expect(chips(page)).to_have_count(2)
    message = sent(page, service)
    assert f"\n{number + 1}\n" in message, "what the cell printed"
    assert f"print({number} + 1)" in message
    assert f"\n{kept}\n" in message, "the selected word"


def test_chips_are_taken_out(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    open_notebook(page, lab, name, "one = 1; two = 2; three = 3", "1")
    run_cell(page)
    for word in ("one", "two", "three"):
        box(page).press_sequentially(f"@{word}")
        expect(offers(page).first.locator(".jp-FrevaGPT-offer-label")).to_have_text(word)
        box(page).press("Enter")
    expect(names(page)).to_have_text(["one", "two", "three"])
    chips(page).nth(1).get_by_role("button", name="Do not send two").click()
    expect(names(page)).to_have_text(["one", "three"])
    expect(box(page)).to_be_focused()
    box(page).fill("")
    box(page).press("Backspace")
    expect(names(page)).to_have_text(["one"])
    chips(page).get_by_role("button").first.focus()
    page.keyboard.press("Delete")
    expect(chips(page)).to_have_count(0)
    expect(box(page)).to_be_focused()
    box(page).fill("What is left?")
    assert sent(page, service) == "What is left?"


def test_files_and_cells_are_dropped(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    word, number = secrets.token_hex(6), random.randrange(10**8, 10**9)
    file = f"drop-{word}.txt"
    (lab.root / file).write_text(word)
    open_notebook(page, lab, name, f"drag_me = {number}", "1")
    page.evaluate(BESIDE)
    page.evaluate("async () => { await window.jupyterapp.commands.execute('filebrowser:activate'); }")
    page.evaluate("async () => { await window.jupyterapp.commands.execute('filebrowser:refresh'); }")
    item = page.locator(".jp-DirListing-item", has_text=file)
    expect(item).to_be_visible(timeout=20_000)
    drag(page, item, box(page))
    expect(chips(page)).to_have_text(file)
    cell = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell").first
    drag(page, cell.locator(".jp-InputPrompt"), box(page))
    expect(chips(page)).to_have_count(2)
    expect(page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell")).to_have_count(2)
    box(page).fill("What is this?")
    message = sent(page, service)
    assert f"\n{word}\n" in message
    assert f"drag_me = {number}" in message


def test_a_pasted_picture_is_for_a_model_that_sees(page: Page, service: Scripted) -> None:
    choose_model(page, "blind")
    page.evaluate(PASTE, [[30, 20], "image/png", ""])
    expect(page.locator(".jp-FrevaGPT-box-notice")).to_contain_text("blind cannot see pictures")
    expect(chips(page)).to_have_count(0)
    choose_model(page, "seeing")
    page.evaluate(PASTE, [[4000, 2000], "image/webp", ""])
    expect(chips(page)).to_have_text("pasted picture")
    chips(page).hover()
    expect(page.get_by_role("tooltip").get_by_role("img")).to_be_visible()
    shot(page, "picture")
    assert page.evaluate(PASTE, [[30, 20], "image/png", "a cell of a spreadsheet"]), "text is left to the browser"
    box(page).fill("What is there?")
    choose_model(page, "blind")
    box(page).press("Enter")
    expect(page.locator(".jp-FrevaGPT-box-notice")).to_contain_text("cannot see")
    expect(page.locator(".jp-FrevaGPT-question")).to_have_count(0)
    choose_model(page, "seeing")
    sent(page, service)
    (picture,) = pictures(service)
    assert picture.size == (1024, 512)
    kept = page.locator(".jp-FrevaGPT-question .jp-FrevaGPT-chip")
    kept.get_by_role("button").click()
    shown = page.locator(".jp-FrevaGPT-sent-preview img")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [1568, 784]


def test_commands_of_the_box(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    open_notebook(page, lab, name, "1")
    box(page).press_sequentially("/")
    expect(offers(page).first).to_be_visible()
    named = offers(page).locator(".jp-FrevaGPT-offer-label").all_inner_texts()
    assert {"/new", "/clear", "/help"} <= set(named)
    assert not {"/fix", "/explain"} & set(named), "no cell has failed"
    shot(page, "commands")
    box(page).press_sequentially("he")
    expect(offers(page)).to_have_text(re.compile("/help"))
    box(page).press("Enter")
    help_text = page.get_by_role("region", name="What can be typed")
    expect(help_text).to_be_visible()
    expect(help_text.get_by_role("button")).to_be_focused()
    shot(page, "help")
    page.keyboard.press("Escape")
    expect(help_text).to_have_count(0)
    expect(box(page)).to_be_focused()
    expect(box(page)).to_have_value("")
    ask(page, "A first question")
    expect(page.locator(".jp-FrevaGPT-question")).to_have_count(1)
    expect(page.locator(".jp-FrevaGPT-send")).to_be_visible(timeout=20_000)
    box(page).fill("/new")
    box(page).press("Enter")
    expect(page.locator(".jp-FrevaGPT-question")).to_have_count(0)
    box(page).fill("/etc/motd: what is it for?")
    assert sent(page, service) == "/etc/motd: what is it for?", "no command, so a question"


def test_fix_and_explain_are_there_when_a_cell_has_failed(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    open_notebook(page, lab, name, "1 / 0")
    page.evaluate("async () => { await window.jupyterapp.commands.execute('notebook:run-cell'); }")
    expect(page.locator(".jp-OutputArea-output")).to_contain_text("ZeroDivisionError")
    box(page).press_sequentially("/ex")
    expect(offers(page).filter(has_text="/explain")).to_have_count(1)
    box(page).fill("/explain")
    box(page).press("Enter")
    expect(page.locator(".jp-FrevaGPT-question .jp-FrevaGPT-chip")).to_contain_text("Cell [1]", timeout=20_000)
    expect(page.locator(".jp-FrevaGPT-answer")).to_contain_text("I have read it.", timeout=20_000)
    content = service.requests()[-1]["body"]["messages"][-1]["content"]
    assert "ZeroDivisionError" in content


def test_what_waits_keeps_its_chips_and_questions_come_back(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    word = secrets.token_hex(6)
    open_notebook(page, lab, name, f"kept = '{word}'; gate = False", "1")
    run_cell(page)
    wait = "import time\nwhile not gate: time.sleep(0.05)"
    service.set_script(
        [
            {"when": {"user": "long one", "after_tool": False}, "reply": [code_call(wait)]},
            *ANSWER,
        ]
    )
    ask(page, "A long one")
    expect(page.locator(".jp-FrevaGPT-card")).to_be_visible(timeout=20_000)
    once = page.locator(".jp-FrevaGPT-approve-once")
    box(page).press_sequentially("And @kept")
    expect(offers(page).first).to_contain_text("kept")
    box(page).press("Enter")
    box(page).press("Enter")
    queued = page.locator(".jp-FrevaGPT-queued")
    expect(queued).to_contain_text("And kept")
    expect(queued).to_contain_text("with 1 item")
    shot(page, "queued")
    expect(chips(page)).to_have_count(0)
    if once.count():
        once.click()
    page.locator(".jp-FrevaGPT-stop").click()
    expect(queued).to_have_count(0)
    expect(box(page)).to_have_value("And kept ")
    expect(chips(page)).to_have_text("kept")
    assert word in sent(page, service)
    box(page).press("ArrowUp")
    expect(box(page)).to_have_value("And kept ")
    box(page).press("ArrowUp")
    expect(box(page)).to_have_value("A long one")
    box(page).press("ArrowDown")
    box(page).press("ArrowDown")
    expect(box(page)).to_have_value("")


@pytest.mark.parametrize("theme", [LIGHT, DARK, CONTRAST])
def test_nothing_serious_is_found_in_any_theme(
    page: Page, lab: Lab, service: Scripted, name: str, theme: str, request: pytest.FixtureRequest
) -> None:
    open_notebook(page, lab, name, "first = [1, 2]; second = 2", "1")
    run_cell(page)
    page.evaluate(
        "async t => { await window.jupyterapp.commands.execute('apputils:change-theme', {theme: t}); }", theme
    )
    page.wait_for_function("t => document.body.dataset.jpThemeName === t", arg=theme)
    page.evaluate(AXE.read_text())
    page.evaluate("() => { document.body.style.height = '100vh'; }")
    slug = slug_of(request)
    box(page).press_sequentially("@first")
    expect(offers(page).first).to_be_visible()
    check(page, f"{slug}-completer")
    box(page).press("Enter")
    page.evaluate(PASTE, [[300, 200], "image/png", ""])
    expect(chips(page)).to_have_count(2)
    chips(page).first.get_by_role("button").first.focus()
    expect(page.get_by_role("tooltip")).to_contain_text("first")
    check(page, f"{slug}-preview")
    choose_model(page, "blind")
    chips(page).nth(1).get_by_role("button").first.focus()
    expect(page.get_by_role("tooltip")).to_contain_text("cannot see")
    check(page, f"{slug}-unseen")
    choose_model(page, "seeing")
    sent(page, service)
    page.locator(".jp-FrevaGPT-question .jp-FrevaGPT-chip button").first.click()
    expect(page.locator(".jp-FrevaGPT-sent-preview pre")).to_be_visible()
    box(page).fill("/help")
    box(page).press("Enter")
    expect(page.get_by_role("region", name="What can be typed")).to_be_visible()
    check(page, f"{slug}-sent")
    page.evaluate(
        "() => document.querySelector('.jp-FrevaGPT-help').insertAdjacentHTML('beforeend',"
        " '<p id=planted style=\"color: #777; background: #888\">hard to read</p>')"
    )
    assert any("color-contrast" in fault for fault in page.evaluate(FAULTS)), "axe would see it"
    set_theme(page, LIGHT)


def check(page: Page, name: str) -> None:
    page.wait_for_function("() => !document.getAnimations().some(one => one instanceof CSSTransition)")
    shot(page, name)
    faults: list[Any] = page.evaluate(FAULTS)
    assert faults == []
