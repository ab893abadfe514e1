"""A perfect guest in the browser: it waits for the user's cell, tells and undoes what it changed, hides nothing."""

from __future__ import annotations

import random
import secrets
import time

from playwright.sync_api import Locator, Page, expect

from jupyter_frevagpt.conversation import rerun

from ..scripted import Scripted
from .conftest import ask, card_output, check_accessibility, open_notebook, prompts, reload, run_cell, script
from .lab import Lab

START_CELL = "() => { void window.jupyterapp.commands.execute('notebook:run-cell-and-select-next'); }"
CAN_RERUN = "() => window.jupyterapp.commands.isEnabled('frevagpt:rerun')"
RESTART = "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"


def card(page: Page, number: int = 0) -> Locator:
    return page.locator(".jp-FrevaGPT-card").nth(number)


def allow(page: Page, number: int = 0) -> None:
    card(page, number).locator(".jp-FrevaGPT-approve-once").click(timeout=30_000)


def reaches(page: Page, state: str, number: int = 0) -> None:
    """Wait until a card's run is in a state.

    A kernel that does not tell in time what the code's names stand for lets harmless code be asked about too.
    """
    there = page.locator(f".jp-FrevaGPT-card[data-state={state}]").and_(card(page, number))
    asks = page.locator(".jp-FrevaGPT-card[data-state=approval]").and_(card(page, number))
    expect(there.or_(asks)).to_be_visible(timeout=30_000)
    if asks.is_visible():
        allow(page, number)
    expect(there).to_be_visible(timeout=30_000)


def ends(page: Page, number: int = 0) -> None:
    """Wait until a card's run is done and the answer is over."""
    reaches(page, "done", number)
    expect(page.locator(".jp-FrevaGPT-send")).to_be_visible(timeout=20_000)


def cell_output(page: Page, number: int) -> Locator:
    return page.locator(".jp-NotebookPanel .jp-Cell").nth(number).locator(".jp-OutputArea-output")


def test_a_wait_for_the_users_cell_can_be_cancelled(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    token, go = secrets.token_hex(8), f"go-{secrets.token_hex(4)}"
    sleeps = (
        f"import os, time\nfor _ in range(200):\n    if os.path.exists({go!r}): break\n    time.sleep(0.1)\n"
        f"print({token[:8]!r} + {token[8:]!r})"
    )
    service.set_script([*script("first", "1", "Met."), *script("while busy", "late = 1", "never said")])
    open_notebook(page, lab, name, "1", sleeps, "'late' in globals()")
    run_cell(page)
    ask(page, "Something first")
    ends(page)
    page.evaluate(START_CELL)
    ask(page, "Ask while busy")
    reaches(page, "waiting", 1)
    wait = card(page, 1).locator(".jp-FrevaGPT-wait")
    expect(wait).to_contain_text("Your cell is running; this starts when it has finished.")
    expect(page.locator(".jp-FrevaGPT [role=log]")).to_contain_text("Your cell is running")
    check_accessibility(page)
    wait.get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")
    began = time.monotonic()
    expect(page.locator(".jp-FrevaGPT-send")).to_be_visible(timeout=2_000)
    expect(card(page, 1)).to_have_attribute("data-state", "stopped", timeout=2_000)
    assert time.monotonic() - began < 2
    expect(card(page, 1).locator(".jp-FrevaGPT-card-toggle")).to_be_focused()
    assert [text.strip() for text in prompts(page)][1] == "[*]:"
    (lab.root / go).touch()
    expect(cell_output(page, 1)).to_have_text(f"{token}\n", timeout=20_000)
    run_cell(page)
    expect(cell_output(page, 2)).to_contain_text("False")
    assert [text.strip() for text in prompts(page)][:3] == ["[1]:", "[2]:", "[3]:"]


def test_what_a_run_changed_is_listed_and_undone(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    keep, gone, first = (random.randrange(10**9) for _ in range(3))
    code = "fresh = 1\nkeep = 2\nitems.append(3)\ndel gone"
    service.set_script(script("mess it up", code, "So it is."))
    cells = [f"keep, gone, items = {keep}, {gone}, [{first}]", "print(keep, gone, items, 'fresh' in globals())"]
    open_notebook(page, lab, name, *cells)
    run_cell(page)
    ask(page, "Please mess it up")
    ends(page)
    for kind, names in {"created": ["fresh"], "changed": ["keep", "items"], "deleted": ["gone"]}.items():
        expect(card(page).locator(f"[data-change={kind}]")).to_have_text(names)
    card(page).get_by_role("button", name="Undo").click()
    report = card(page).locator(".jp-FrevaGPT-undone")
    expect(report).to_contain_text("Restored", timeout=10_000)
    told = report.inner_text()
    restored, removed = told.replace(".", "").splitlines()
    assert sorted(restored.removeprefix("Restored ").split(", ")) == ["gone", "items", "keep"]
    assert removed == "Removed fresh"
    check_accessibility(page)
    run_cell(page)
    expect(cell_output(page, 1)).to_have_text(f"{keep} {gone} [{first}] False\n")
    reload(page)
    expect(card(page).locator(".jp-FrevaGPT-undone")).to_have_text(told.replace("\n", ""), timeout=30_000)
    expect(card(page).get_by_role("button", name="Undo")).to_have_count(0)


def test_the_end_of_a_long_print_is_shown_on_demand(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    seed, token = random.randrange(10**9), secrets.token_hex(8)
    lines = "\n".join(f"{seed + at:010d} {'x' * 89}" for at in range(9000))
    code = f"for at in range(9000): print(f'{{seed + at:010d}}', 'x' * 89)\nprint({token[:8]!r} + {token[8:]!r})"
    service.set_script(script("print much", code, "Much."))
    open_notebook(page, lab, name, f"seed = {seed}")
    run_cell(page)
    ask(page, "Please print much")
    ends(page)
    shown = card_output(page).text_content() or ""
    assert token not in shown
    card(page).get_by_role("button", name="Show all").click()
    rest = card(page).locator(".jp-FrevaGPT-rest-text")
    expect(rest).to_contain_text(token, timeout=20_000)
    head = shown[: shown.index(" more characters were printed")].rpartition("[")[0]
    assert head + (rest.text_content() or "") == f"{lines}\n{token}\n"
    expect(card(page).get_by_role("button", name="Show all")).to_have_count(0)


def test_the_code_of_a_chat_runs_again_in_a_new_kernel(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    value = random.randrange(10**9)
    service.set_script(script("make it", f"brought = {value}", "Made."))
    open_notebook(page, lab, name, "print(brought + 1)")
    again = page.get_by_role("button", name="Run the code of this chat again")
    expect(again).to_have_count(0)
    assert not page.evaluate(CAN_RERUN)
    ask(page, "Please make it")
    ends(page)
    page.evaluate(RESTART)
    assert page.evaluate(CAN_RERUN)
    again.click()
    ends(page, 1)
    assert page.locator(".jp-FrevaGPT-question").last.inner_text() == rerun.QUESTION
    expect(page.locator(".jp-FrevaGPT-answer").last).to_contain_text("It went through.")
    run_cell(page)
    expect(cell_output(page, 0)).to_have_text(f"{value + 1}\n")


def test_a_file_that_code_made_is_listed_and_opens(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    path, token = f"made-{secrets.token_hex(4)}.txt", secrets.token_hex(8)
    code = f"with open({path!r}, 'w') as file:\n    file.write({token[:8]!r} + {token[8:]!r})"
    service.set_script(script("write it", code, "Written."))
    open_notebook(page, lab, name, "1")
    ask(page, "Please write it")
    ends(page)
    assert (lab.root / path).read_text() == token
    file = card(page).get_by_role("button", name=path)
    expect(file).to_contain_text("created, 16 B")
    file.click()
    expect(page.locator(".jp-FileEditor:not(.lm-mod-hidden) .cm-content")).to_have_text(token, timeout=20_000)
    assert page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path") == path
