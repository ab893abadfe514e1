"""The pictures of the README's tour, made of a session that goes through it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from ..scripted import Scripted
from .conftest import IMAGES, ask, code_call, open_notebook, run_cell, widen
from .lab import Lab

DATA = """import numpy as np
import pandas as pd

days = pd.date_range("2020-01-01", periods=366)
tas = pd.Series(283 + 9 * np.sin((np.arange(366) - 100) / 58), days, name="tas")"""
WRONG = "tas.groupby(tas.index.mont).mean()"
SAVE = "monthly = tas.groupby(tas.index.month).mean()\nmonthly.to_csv('/tmp/monthly.csv')\nmonthly.round(1)"


def keep(page: Page, name: str) -> None:
    """Keep a picture of the README's, once what moves in it has come to rest."""
    page.wait_for_timeout(600)
    page.screenshot(path=IMAGES / f"tour-{name}.png")


def test_the_tour(page: Page, lab: Lab, service: Scripted) -> None:
    fixed = (
        "`DatetimeIndex` has no `mont`: it is named **month**.\n\n```python\ntas.groupby(tas.index.month).mean()\n```\n"
    )
    warmest = "tas.idxmax(), float(tas.max())"
    service.set_script(
        [
            {"when": {"user": "Explain the error"}, "reply": [{"text": fixed}]},
            {
                "when": {"user": "warmest", "after_tool": False},
                "reply": [{"text": "I look at it."}, code_call(warmest)],
            },
            {"when": {"user": "warmest", "after_tool": True}, "reply": [{"text": "In **July**, see above."}]},
            {"when": {"user": "Save", "after_tool": False}, "reply": [code_call(SAVE)]},
            {"when": {"user": "Save", "after_tool": True}, "reply": [{"text": "The means are saved."}]},
        ]
    )
    open_notebook(page, lab, "temperature.ipynb", DATA, WRONG, "")
    widen(page, 520)
    run_cell(page)
    run_cell(page)
    box = page.locator(".jp-FrevaGPT-input textarea")

    box.press_sequentially("When was it warmest in @ta")
    expect(page.get_by_role("option").filter(has_text="tas")).to_be_visible()
    keep(page, "mention")
    box.press("Enter")
    box.press("Enter")
    expect(page.locator(".jp-FrevaGPT-answer").last).to_contain_text("July", timeout=60_000)
    expect(page.locator(".jp-FrevaGPT-send")).to_be_visible(timeout=20_000)

    page.locator(".jp-NotebookPanel .jp-Cell").nth(1).locator(".jp-OutputArea-output").click(button="right")
    page.locator(".lm-Menu-content").get_by_text("Explain This Error").click()
    expect(page.locator(".jp-FrevaGPT-answer").last).to_contain_text("it is named month", timeout=20_000)
    expect(page.locator(".jp-FrevaGPT-send")).to_be_visible(timeout=20_000)
    page.locator(".jp-FrevaGPT-answer pre").last.hover()
    keep(page, "error")

    ask(page, "Save the monthly means as a table")
    card = page.locator(".jp-FrevaGPT-card").last
    run = card.get_by_role("button", name="Run once")
    expect(run).to_be_visible(timeout=20_000)
    keep(page, "approval")
    run.click()
    expect(card.get_by_role("button", name="Undo")).to_be_visible(timeout=60_000)
    expect(page.locator(".jp-FrevaGPT-send")).to_be_visible(timeout=20_000)
    keep(page, "changes")
