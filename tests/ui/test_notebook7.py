"""Jupyter Notebook 7 in the browser: the panel opens beside its page and works in the kernel of its notebook."""

from __future__ import annotations

import json
import random
import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from ..scripted import Scripted
from .conftest import (
    IDLE,
    OpenPage,
    ask,
    card_output,
    check_accessibility,
    notebook,
    prompts,
    ready,
    run_cell,
    script,
    scripted_lab,
)
from .lab import NOTEBOOK, Lab

# Notebook's core looks for the settings of the shortcuts before it has loaded them, on each page, with us or without.
EARLY = "Cannot read properties of undefined (reading 'schema')"
SOURCES = "() => window.jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.sharedModel.getSource())"
HAS_COMMAND = "id => window.jupyterapp.commands.hasCommand(id)"


@pytest.fixture(scope="module")
def classic(tmp_path_factory: pytest.TempPathFactory, service: Scripted) -> Iterator[Lab]:
    running = scripted_lab(tmp_path_factory.mktemp("notebook"), service, NOTEBOOK)
    yield running
    running.close()


@pytest.fixture
def page(open_page: OpenPage, classic: Lab) -> Page:
    return open_page(classic, EARLY)


def go(page: Page, classic: Lab, path: str) -> None:
    """Open one of Notebook's pages."""
    page.goto(f"{classic.url}/{path}", wait_until="domcontentloaded")
    ready(page)


def open_beside(page: Page, classic: Lab, name: str, *sources: str) -> None:
    """Open the page of a notebook, and the panel by the button in its toolbar."""
    (classic.root / name).write_text(json.dumps(notebook(*sources)))
    go(page, classic, f"notebooks/{name}")
    page.wait_for_function(IDLE, timeout=60_000)
    show(page)


def show(page: Page) -> None:
    button = page.locator(".jp-NotebookPanel-toolbar [data-jp-item-name=frevagpt]").get_by_role("button")
    expect(button).to_have_accessible_name(re.compile("Show the FrevaGPT chat"))
    button.click()
    expect(page.locator(".jp-FrevaGPT-input textarea")).to_be_focused()


def test_a_question_runs_in_the_kernel_of_the_pages_notebook(
    page: Page, classic: Lab, service: Scripted, name: str
) -> None:
    temps = [round(random.uniform(-20, 30), 3) for _ in range(3)]
    service.set_script(script("sum of temps", "print(sum(temps))", "The **sum** is in the card above."))
    open_beside(page, classic, name, f"temps = {temps!r}", "len(temps)")
    expect(page.locator(".jp-FrevaGPT-kernel")).to_contain_text(name)
    run_cell(page)
    ask(page, "What is the sum of temps?")
    expect(page.locator(".jp-FrevaGPT-card")).to_have_attribute("data-state", "done", timeout=30_000)
    expect(card_output(page)).to_have_text(f"{sum(temps)}\n")
    expect(page.locator(".jp-FrevaGPT strong", has_text="sum")).to_be_visible()
    run_cell(page)
    assert [text.strip() for text in prompts(page)][:2] == ["[1]:", "[2]:"]
    page.reload(wait_until="domcontentloaded")
    ready(page)
    show(page)
    expect(card_output(page)).to_have_text(f"{sum(temps)}\n")
    assert not page.evaluate(HAS_COMMAND, "frevagpt:open-in-main-area")  # its main area holds one document
    check_accessibility(page)


def test_code_waits_for_leave_and_is_stopped(page: Page, classic: Lab, service: Scripted, name: str) -> None:
    victim = classic.root / f"victim{random.randrange(10**9)}"
    victim.write_text("here")
    forever = "import time\nprint('begun', flush=True)\nwhile True: time.sleep(0.05)"
    delete = f"import os\nos.remove({str(victim)!r})"
    service.set_script([*script("delete", delete, "So it is."), *script("for ever", forever, "never said")])
    open_beside(page, classic, name, "kept = 1", "kept + 1")
    run_cell(page)
    ask(page, "Please delete it")
    cards = page.locator(".jp-FrevaGPT-card")
    expect(cards).to_have_attribute("data-state", "approval", timeout=30_000)
    assert victim.exists()
    cards.locator(".jp-FrevaGPT-approve-once").click()
    expect(cards).to_have_attribute("data-state", "done", timeout=30_000)
    assert not victim.exists()
    expect(page.locator(".jp-FrevaGPT-send")).to_be_visible()
    ask(page, "Run for ever")
    expect(card_output(page, 1)).to_contain_text("begun", timeout=30_000)
    page.locator(".jp-FrevaGPT-stop").click()
    expect(cards.nth(1)).to_have_attribute("data-state", "stopped", timeout=5_000)
    run_cell(page)
    assert [text.strip() for text in prompts(page)][:2] == ["[1]:", "[2]:"]


def test_an_error_is_explained_and_the_right_code_put_into_the_notebook(
    page: Page, classic: Lab, service: Scripted, name: str
) -> None:
    canary = secrets.token_hex(6)
    code = f"print('{canary}'.upper())"
    answer = f"Letters, please:\n\n```python\n{code}\n```\n"
    service.set_script([{"when": {"user": "Explain the error"}, "reply": [{"text": answer}]}])
    open_beside(page, classic, name, f"raise ValueError('{canary}')", "fine = 1")
    run_cell(page)
    failed = page.locator(".jp-NotebookPanel .jp-Cell").nth(0)
    expect(failed.locator(".jp-OutputArea-output")).to_contain_text(canary)
    failed.locator(".jp-OutputArea-output").click(button="right")
    page.locator(".lm-Menu-content").get_by_text("Explain This Error").click()
    page.locator(".jp-FrevaGPT-insertBelow").click()
    assert f"raise ValueError('{canary}')" in str(service.requests()[-1]["body"]["messages"])
    assert page.evaluate(SOURCES) == [f"raise ValueError('{canary}')", code, "fine = 1"]
    run_cell(page)
    inserted = page.locator(".jp-NotebookPanel .jp-Cell").nth(1)
    expect(inserted.locator(".jp-OutputArea-output")).to_have_text(f"{canary.upper()}\n")


def test_the_page_of_files_has_the_chat_too(page: Page, classic: Lab, service: Scripted) -> None:
    value = random.randrange(10**9)
    service.set_script(script("one more", f"print({value} + 1)", "There."))
    go(page, classic, "tree")
    page.locator(".lm-MenuBar").get_by_text("View", exact=True).click()
    page.get_by_role("menuitem", name="Show FrevaGPT").click()
    expect(page.locator(".jp-FrevaGPT-input textarea")).to_be_focused()
    expect(page.locator(".jp-FrevaGPT-kernel")).to_contain_text("No notebook open")
    expect(page.locator(".jp-DirListing")).to_be_visible()
    ask(page, "And one more?")
    expect(page.locator(".jp-FrevaGPT-card")).to_have_attribute("data-state", "done", timeout=30_000)
    expect(card_output(page)).to_have_text(f"{value + 1}\n")
