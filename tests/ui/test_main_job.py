"""The main job in the browser: ask in the sidebar, run in the notebook's kernel, keep the thread."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ..scripted import Scripted
from .conftest import (
    DARK,
    IMAGES,
    LIGHT,
    OpenPage,
    ask,
    card_output,
    open_lab,
    open_notebook,
    prompts,
    reload,
    run_cell,
    script,
    set_theme,
    widen,
)
from .lab import Lab


def test_the_sum_of_the_users_numbers(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    temps = [round(random.uniform(-20, 30), 3) for _ in range(3)]
    service.set_script(script("sum of temps", "print(sum(temps))", "The **sum** is in the card above."))
    open_notebook(page, lab, name, f"temps = {temps!r}", "len(temps)")
    run_cell(page)
    expect(page.locator(".jp-FrevaGPT")).to_contain_text(name)
    ask(page, "What is the sum of temps?")
    expect(page.locator(".jp-FrevaGPT-card")).to_have_attribute("data-state", "done", timeout=30_000)
    expect(card_output(page)).to_contain_text(str(sum(temps)))
    expect(page.locator(".jp-FrevaGPT strong", has_text="sum")).to_be_visible()
    expect(page.locator(".jp-FrevaGPT-send")).to_be_visible()
    run_cell(page)
    assert [text.strip() for text in prompts(page)][:2] == ["[1]:", "[2]:"]
    tool = [message for message in service.requests()[-1]["body"]["messages"] if message["role"] == "tool"][-1]
    assert tool["content"] == f"{sum(temps)}\n"


def test_a_reload_picks_the_running_turn_up(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    secret = random.randrange(10**9)
    code = "import time\nfor i in range(40):\n    print('step', i, flush=True)\n    time.sleep(0.2)\nprint(secret + 1)"
    service.set_script(script("long job", code, "It took a while, and it is done."))
    open_notebook(page, lab, name, f"secret = {secret}", "1 + 1")
    run_cell(page)
    ask(page, "Start the long job")
    expect(card_output(page)).to_contain_text("step 3", timeout=30_000)
    reload(page)
    expect(page.locator(".jp-FrevaGPT")).to_contain_text("Start the long job", timeout=30_000)
    expect(page.locator(".jp-FrevaGPT-stop")).to_be_visible()
    expect(card_output(page)).to_contain_text("step 3", timeout=30_000)
    expect(page.locator(".jp-FrevaGPT-card")).to_have_attribute("data-state", "done", timeout=30_000)
    expect(card_output(page)).to_contain_text(str(secret + 1))
    expect(page.locator(".jp-FrevaGPT")).to_contain_text("It took a while, and it is done.")
    expect(page.locator(".jp-FrevaGPT-card")).to_have_count(1)


def test_stop_ends_the_answer_and_the_code_and_nothing_else(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    code = "import time\nprint('begun', flush=True)\nwhile True: time.sleep(0.05)"
    service.set_script(script("for ever", code, "never said"))
    open_notebook(page, lab, name, "kept = 1", "kept + 1")
    run_cell(page)
    ask(page, "Run for ever")
    expect(card_output(page)).to_contain_text("begun", timeout=30_000)
    page.locator(".jp-FrevaGPT-stop").click()
    expect(page.locator(".jp-FrevaGPT-card")).to_have_attribute("data-state", "stopped", timeout=3_000)
    expect(page.locator(".jp-FrevaGPT-send")).to_be_visible()
    run_cell(page)
    assert [text.strip() for text in prompts(page)][:2] == ["[1]:", "[2]:"]


def test_a_run_waits_for_the_users_cell_and_says_so(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    service.set_script([*script("before", "1", "Met."), *script("while busy", "print(late)", "There.")])
    open_notebook(page, lab, name, "import time; late = 1", "time.sleep(6); late = 'after the cell'", "1")
    run_cell(page)
    ask(page, "Something before")
    expect(page.locator(".jp-FrevaGPT-card")).to_have_attribute("data-state", "done", timeout=30_000)
    expect(page.locator(".jp-FrevaGPT-send")).to_be_visible()
    page.evaluate("() => { void window.jupyterapp.commands.execute('notebook:run-cell-and-select-next'); }")
    ask(page, "Ask while busy")
    card = page.locator(".jp-FrevaGPT-card").nth(1)
    expect(card).to_have_attribute("data-state", "waiting", timeout=5_000)
    expect(card).to_have_attribute("data-state", "done", timeout=30_000)
    expect(card_output(page, 1)).to_contain_text("after the cell")


def test_risky_code_waits_for_its_user(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    victim = lab.root / f"victim{random.randrange(10**9)}"
    victim.write_text("here")
    service.set_script(script("delete", f"import os\nos.remove({str(victim)!r})", "So it is."))
    open_notebook(page, lab, name, "1")
    ask(page, "Please delete it")
    card = page.locator(".jp-FrevaGPT-card")
    expect(card).to_have_attribute("data-state", "approval", timeout=30_000)
    expect(card.locator(".jp-FrevaGPT-approval")).to_contain_text("Deletes")
    reload(page)
    expect(card).to_have_attribute("data-state", "approval", timeout=30_000)
    card.locator(".jp-FrevaGPT-deny-reason").fill("keep it")
    card.locator(".jp-FrevaGPT-deny").click()
    expect(page.locator(".jp-FrevaGPT")).to_contain_text("keep it")
    expect(page.locator(".jp-FrevaGPT-send")).to_be_visible(timeout=20_000)
    assert victim.exists()
    ask(page, "Please delete it")
    expect(card.nth(1)).to_have_attribute("data-state", "approval", timeout=30_000)
    card.nth(1).locator(".jp-FrevaGPT-approve-once").click()
    expect(card.nth(1)).to_have_attribute("data-state", "done", timeout=30_000)
    assert not victim.exists()


def test_a_figure_and_a_table_are_shown(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    code = (
        "%matplotlib inline\nimport matplotlib.pyplot as plt, pandas as pd\n"
        "plt.plot([1, 3, 2]); plt.show()\npd.DataFrame({'month': ['Jan'], 'tas': [273.15]})"
    )
    service.set_script(script("plot", code, "See the plot."))
    open_notebook(page, lab, name, "1")
    ask(page, "Please plot")
    expect(card_output(page).locator("img")).to_be_visible(timeout=60_000)
    expect(card_output(page).locator("table")).to_contain_text("273.15")


def test_the_kernel_follows_the_notebook_and_errors_are_alerts(
    page: Page, lab: Lab, service: Scripted, name: str
) -> None:
    open_notebook(page, lab, name, "1")
    expect(page.locator(".jp-FrevaGPT")).to_contain_text(name)
    other = f"other-{name}"
    open_notebook(page, lab, other, "1")
    expect(page.locator(".jp-FrevaGPT")).to_contain_text(other)
    service.set_script([{"reply": [{"text": "half an ans"}, {"cut": True}]}])
    ask(page, "break off")
    expect(page.locator(".jp-FrevaGPT [role=alert]")).to_be_visible(timeout=20_000)
    expect(page.locator(".jp-FrevaGPT")).to_contain_text("half an ans")


def test_threads_are_listed_and_reopened(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    marks = [f"mark{random.randrange(10**9)}" for _ in range(2)]
    service.set_script([{"reply": [{"text": "An answer about it."}]}])
    ask(page, f"first {marks[0]}")
    expect(page.locator(".jp-FrevaGPT")).to_contain_text("An answer about it.", timeout=20_000)
    page.evaluate("async () => { await window.jupyterapp.commands.execute('frevagpt:new-chat'); }")
    expect(page.locator(".jp-FrevaGPT")).not_to_contain_text(marks[0])
    ask(page, f"second {marks[1]}")
    expect(page.locator(".jp-FrevaGPT")).to_contain_text("An answer about it.", timeout=20_000)
    page.get_by_role("button", name=re.compile("chats|history|threads", re.IGNORECASE)).first.click()
    page.get_by_text(f"first {marks[0]}").first.click()
    expect(page.locator(".jp-FrevaGPT-log")).to_contain_text(f"first {marks[0]}", timeout=20_000)
    expect(page.locator(".jp-FrevaGPT-log")).not_to_contain_text(marks[1])


def test_code_of_every_shape_is_shown_whole(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    code = 'd = {"a": {"b": [1]}}\nprint(f"{d}\\n°😀")\n# ends with "}'
    service.set_script(script("shapes", code, "Fine."))
    open_notebook(page, lab, name, "1")
    ask(page, "All shapes")
    expect(page.locator(".jp-FrevaGPT-card")).to_have_attribute("data-state", "done", timeout=30_000)
    expect(card_output(page)).to_contain_text("{'a': {'b': [1]}}")
    expect(card_output(page)).to_contain_text("°😀")
    shown = page.locator(".jp-FrevaGPT-card-code pre")
    expect(shown).to_contain_text("# ends with")
    assert shown.inner_text().strip() == code


@pytest.fixture
def bare_lab(tmp_path: Path) -> Iterator[Lab]:
    running = Lab(tmp_path, "--FrevaGPT.local_model=False")
    yield running
    running.close()


def test_without_a_model_a_card_says_what_to_do(bare_lab: Lab, open_page: OpenPage) -> None:
    page = open_page(bare_lab)
    open_lab(page, bare_lab, "bare")
    expect(page.locator(".jp-FrevaGPT")).to_contain_text("No model is configured")
    expect(page.locator(".jp-FrevaGPT")).to_contain_text("local-model install")


@pytest.fixture
def local_lab(tmp_path: Path) -> Iterator[Lab]:
    running = Lab(tmp_path)
    yield running
    running.close()


def test_the_embedded_model_computes_in_the_notebooks_kernel(local_lab: Lab, open_page: OpenPage) -> None:
    exponent = random.randrange(20, 60)
    page = open_page(local_lab)
    open_lab(page, local_lab, "embedded")
    open_notebook(page, local_lab, "embedded.ipynb", "mine = 1", "mine + 1")
    run_cell(page)
    expect(page.locator(".jp-FrevaGPT")).to_contain_text("often wrong")
    ask(page, f"what is 2 to the power of {exponent}")
    expect(page.locator(".jp-FrevaGPT-card")).to_have_attribute("data-state", "done", timeout=120_000)
    expect(card_output(page)).to_contain_text(str(2**exponent))
    run_cell(page)
    assert [text.strip() for text in prompts(page)][:2] == ["[1]:", "[2]:"]


def test_light_and_dark(page: Page, lab: Lab, service: Scripted) -> None:
    code = (
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nfig, ax = plt.subplots(figsize=(5, 2.6))\n"
        "ax.plot(range(1, 13), monthly)\nax.set_xlabel('month')\nax.set_ylabel('tas [degC]')\n"
        "ax.set_title('Mean annual cycle')\nplt.show()\nprint(f'{sum(monthly) / 12:.2f} degC')"
    )
    answer = (
        "The annual mean is printed above the plot. Two remarks:\n\n- every month counts the **same**; with "
        "`days_in_month` as weights it would differ slightly\n- `monthly` is unchanged\n\n"
        "$$\\bar T = \\frac{1}{12}\\sum_{m=1}^{12} T_m$$"
    )
    service.set_script(script("annual cycle", code, answer, delay=0))
    cells = ["monthly = [1.2, 1.9, 5.0, 9.1, 13.8, 16.9, 18.7, 18.3, 14.6, 9.9, 5.1, 2.2]", "len(monthly)"]
    open_notebook(page, lab, "annual-cycle.ipynb", *cells)
    run_cell(page)
    widen(page, 560)
    ask(page, "Plot the annual cycle of monthly and give its mean")
    expect(card_output(page).locator("img")).to_be_visible(timeout=60_000)
    expect(page.locator(".jp-FrevaGPT-send")).to_be_visible(timeout=20_000)
    for theme in (LIGHT, DARK):
        set_theme(page, theme)
        dark = theme == DARK
        page.wait_for_timeout(800)
        page.screenshot(path=IMAGES / f"sidebar-{'dark' if dark else 'light'}.png")
        box = page.locator(".jp-FrevaGPT").evaluate("node => getComputedStyle(node).backgroundColor")
        levels = [int(part) for part in re.findall(r"\d+", box)[:3]]
        assert (sum(levels) < 3 * 128) == dark
    set_theme(page, LIGHT)
