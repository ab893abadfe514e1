"""The panel as a tab of the main area: it takes along what runs and what is typed, and is there after a reload."""

from __future__ import annotations

import random

from playwright.sync_api import Page, expect

from ..scripted import Scripted
from .conftest import ask, card_output, check_accessibility, open_notebook, ready, run_cell, script
from .lab import Lab

MAIN = "#jp-main-dock-panel .jp-FrevaGPT"
SIDE = "#jp-left-stack .jp-FrevaGPT"
TAB = '.lm-TabBar-tab[data-id="frevagpt:sidebar"]'
AT_END = (
    "() => { const log = document.querySelector('.jp-FrevaGPT-log');"
    " return log.scrollHeight > log.clientHeight && log.scrollHeight - log.scrollTop - log.clientHeight < 40; }"
)
SAVED = (
    "async ([there, area]) => { const { data } = await (await fetch(there)).json();"
    " return JSON.stringify(data['layout-restorer:data']?.[area] ?? '').includes('frevagpt:sidebar'); }"
)


def choose(page: Page, tab: str, command: str) -> None:
    """Choose from the context menu of a tab."""
    page.locator(f"{tab} {TAB}").click(button="right")
    page.locator(".lm-Menu-content").get_by_text(command).click()


def saved(page: Page, lab: Lab, workspace: str, area: str) -> None:
    """Wait until Lab has written down that the panel is in an area."""
    there = f"{lab.url}/lab/api/workspaces/{workspace}"
    page.wait_for_function(SAVED, arg=[there, area], polling=200)


def test_the_chat_moves_while_it_answers_and_stays_where_it_was_put(
    page: Page, lab: Lab, service: Scripted, name: str
) -> None:
    secret = random.randrange(10**9)
    code = "import time\nfor i in range(60):\n    print('step', i, flush=True)\n    time.sleep(0.1)\nprint(secret + 1)"
    answer = "".join(f"- line {line}\n" for line in range(60))
    service.set_script([*script("long job", code, answer), *script("twice", "print(secret * 2)", "There.")])
    open_notebook(page, lab, name, f"secret = {secret}", "1 + 1")
    run_cell(page)
    ask(page, "Start the long job")
    expect(card_output(page)).to_contain_text("step 3", timeout=30_000)
    box = page.locator(".jp-FrevaGPT-input textarea")
    box.fill("And twice?")
    choose(page, ".jp-SideBar", "Open FrevaGPT in the Main Area")
    expect(page.locator(MAIN)).to_be_visible()
    expect(page.locator(SIDE)).to_have_count(0)
    expect(page.locator(f"#jp-main-dock-panel {TAB}")).to_contain_text("FrevaGPT")
    expect(box).to_have_value("And twice?")
    expect(box).to_be_focused()
    expect(page.locator(".jp-FrevaGPT-kernel")).to_contain_text(name)
    expect(page.locator(".jp-FrevaGPT-card")).to_have_attribute("data-state", "done", timeout=30_000)
    expect(card_output(page)).to_contain_text(str(secret + 1))
    expect(page.locator(".jp-FrevaGPT-answer").last).to_contain_text("line 59", timeout=30_000)
    page.wait_for_function(AT_END)
    expect(page.locator(".jp-FrevaGPT-send")).to_be_visible()
    box.press("Enter")
    expect(card_output(page, 1)).to_have_text(f"{secret * 2}\n", timeout=30_000)
    check_accessibility(page)
    saved(page, lab, name.removesuffix(".ipynb"), "main")
    page.reload(wait_until="domcontentloaded")
    ready(page)
    expect(page.locator(MAIN)).to_have_count(1)
    page.locator(f"#jp-main-dock-panel {TAB}").click()
    expect(card_output(page, 1)).to_have_text(f"{secret * 2}\n", timeout=30_000)
    expect(page.locator(f"#jp-main-dock-panel {TAB}")).to_contain_text("FrevaGPT")
    box.fill("kept")
    choose(page, "#jp-main-dock-panel", "Move FrevaGPT to the Sidebar")
    expect(page.locator(SIDE)).to_be_visible()
    expect(page.locator(MAIN)).to_have_count(0)
    expect(box).to_have_value("kept")
    expect(box).to_be_focused()


def test_a_closed_tab_is_in_the_sidebar_again(page: Page) -> None:
    for _ in range(2):
        page.evaluate("async () => { await window.jupyterapp.commands.execute('frevagpt:open-in-main-area'); }")
        page.locator(f"#jp-main-dock-panel {TAB} .lm-TabBar-tabCloseIcon").click()
        expect(page.locator(MAIN)).to_have_count(0)
        expect(page.locator(f".jp-SideBar {TAB}")).to_have_count(1)
        page.evaluate("async () => { await window.jupyterapp.commands.execute('frevagpt:open'); }")
        expect(page.locator(SIDE)).to_be_visible()
        expect(page.locator(".jp-FrevaGPT-input textarea")).to_be_focused()
