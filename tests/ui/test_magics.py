"""``%frevagpt`` in a notebook beside the panel."""

from __future__ import annotations

import random

from playwright.sync_api import Page, expect

from ..scripted import Scripted
from .conftest import open_notebook, run_cell
from .lab import Lab

CANARY = "http://canary.invalid/"


def test_a_cell_asks_and_the_answer_stands_below_it(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    left, right = random.sample(range(1000, 10_000), 2)
    code = f"total = {left} + {right}\ntotal"
    service.set_script(
        [
            {"when": {"user": "how warm"}, "reply": [{"text": f"**{left}** degrees. ![x]({CANARY})", "chunk": 4}]},
            {"when": {"user": "add them"}, "reply": [{"text": f"So:\n\n```python\n{code}\n```\n", "chunk": 5}]},
        ]
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_notebook(
        page, lab, name, "%load_ext jupyter_frevagpt", "%frevagpt how warm is it?", "%%frevagpt --code\nadd them"
    )
    cells = page.locator(".jp-NotebookPanel .jp-Cell")
    run_cell(page)
    run_cell(page)
    below = cells.nth(1).locator(".jp-OutputArea-output")
    expect(below.locator("strong")).to_have_text(str(left), timeout=30_000)
    expect(below).not_to_contain_text("is answering")
    expect(page.locator(".jp-FrevaGPT-log")).to_contain_text("how warm is it?")

    run_cell(page)
    expect(cells).to_have_count(5, timeout=30_000)  # with the empty one that Lab adds behind the last
    written = page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells.map(one => one.getSource())"
    )
    assert written[3] == code
    expect(cells.nth(2).locator(".jp-OutputArea-output")).to_contain_text(f"total = {left} + {right}")

    # Opened again the notebook shows its answers and asks nothing.
    page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
    page.evaluate("async () => { await window.jupyterapp.commands.execute('application:close'); }")
    page.evaluate("async p => { await window.jupyterapp.commands.execute('docmanager:open', {path: p}); }", name)
    expect(below.locator("strong")).to_have_text(str(left), timeout=30_000)
    assert len(service.requests()) == 2
    assert not [url for url in asked if url.startswith(CANARY)]
