"""Chats that become notebooks and Markdown, or are imported again."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from ..identity.services import Service
from ..scripted import Scripted
from .chats import answered, chat, listing, mark, questions, row, shown
from .conftest import ask, card_output, code_call, open_notebook, script
from .lab import Lab

RICH = """%matplotlib inline
import matplotlib.pyplot as plt, pandas as pd
print('value', {number})
plt.figure(figsize=(2, 1)); plt.plot([1, 3, 2]); plt.show()
pd.DataFrame({{'month': ['Jan'], 'tas': [273.15]}})"""


def export(page: Page, label: str) -> None:
    """Export the chat that is shown."""
    page.locator(".jp-FrevaGPT-menu").click()
    page.get_by_role("menuitem", name=label).click()


def saved(page: Page, lab: Lab, path: str) -> Path:
    """Return the file that an export has made, once the panel says so."""
    expect(page.get_by_text(f"The chat was saved as {path}.").first).to_be_visible(timeout=20_000)
    return lab.root / path


def test_a_chat_becomes_a_notebook_that_runs(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    topic, number = mark(), random.randrange(10**9)
    service.set_script(
        [
            *script(topic, RICH.format(number=number), "Read $x^2$ and `code`."),
            {"when": {"user": "fail", "after_tool": False}, "reply": [code_call("1 / 0")]},
            {"when": {"user": "fail", "after_tool": True}, "reply": [{"text": "It failed."}]},
        ]
    )
    open_notebook(page, lab, name, "1")
    ask(page, topic)
    expect(card_output(page).locator("table")).to_contain_text("273.15", timeout=60_000)
    answered(page)
    ask(page, "now fail")
    expect(page.locator(".jp-FrevaGPT-card").nth(1)).to_have_attribute("data-state", "failed", timeout=30_000)
    answered(page)
    export(page, "Export as Notebook")
    path = saved(page, lab, f"{topic}.ipynb")
    expect(page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell")).to_have_count(8, timeout=30_000)
    content = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(content)
    assert (content.nbformat, content.nbformat_minor) == (4, 5)
    assert content.metadata.kernelspec.name == "python3"
    codes = [cell for cell in content.cells if cell.cell_type == "code"]
    assert [cell.metadata.frevagpt.state for cell in codes] == ["done", "failed"]
    for cell in codes:
        assert {"time", "kernel_id", "model"} <= cell.metadata.frevagpt.keys()
        assert "trusted" not in cell.metadata
    kinds = [sorted(output.data) if "data" in output else output.output_type for output in codes[0].outputs]
    assert kinds == ["stream", ["image/png", "text/plain"], ["text/html", "text/plain"]]
    texts = [cell.source for cell in content.cells if cell.cell_type == "markdown"]
    assert any(f"> {topic}" in text for text in texts)
    assert "Read $x^2$ and `code`." in texts
    # it runs, all of it, the part that fails included
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
        timeout=60_000,
    )
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    prompts = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell .jp-InputPrompt")
    expect(prompts).to_have_text(["[1]:", "[2]:"], timeout=60_000)
    expect(page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell").first).to_contain_text(f"value {number}")
    # the next one takes another name
    export(page, "Export as Notebook")
    assert saved(page, lab, f"{topic} 2.ipynb").exists()


def test_a_chat_becomes_markdown_beside_what_the_user_looks_at(
    page: Page, lab: Lab, service: Scripted, name: str
) -> None:
    topic, folder, number = mark(), mark(), random.randrange(10**9)
    (lab.root / folder).mkdir()
    service.set_script(script(topic, RICH.format(number=number), "A **bold** answer."))
    open_notebook(page, lab, name, "1")
    ask(page, topic)
    expect(card_output(page).locator("table")).to_contain_text("273.15", timeout=60_000)
    answered(page)
    page.evaluate(
        "async p => { await window.jupyterapp.commands.execute('filebrowser:go-to-path', {path: p}); }", folder
    )
    page.evaluate("async () => { await window.jupyterapp.commands.execute('frevagpt:export-markdown'); }")
    text = saved(page, lab, f"{folder}/{topic}.md").read_text()
    assert f"> {topic}" in text
    assert "A **bold** answer." in text
    assert f"value {number}" in text
    assert re.search(r"!\[Figure\]\(data:image/png;base64,iVBORw0KGgo[\w+/=]+\)", text)
    assert "```python\n%matplotlib inline" in text


@pytest.fixture
def canary() -> Iterator[Service]:
    """A server that notes who asks."""
    running = Service()
    yield running
    running.stop()


def test_an_exported_notebook_fetches_and_runs_nothing(page: Page, lab: Lab, canary: Service) -> None:
    topic, url = mark(), canary.url
    hostile = (
        f"![a]({url}/image) !![b]({url}/twice) <img src='{url}/tag'>\n\n![c][r]\n\n[r]: {url}/reference\n\n"
        f"<b style=\"background:url('{url}/style')\">x</b>\n\n- ```\n  ```\n![d]({url}/list)\n\nend of text"
    )
    shown = {
        "text/html": f"<img src='{url}/output'><script>fetch('{url}/script')</script><i>rich</i>",
        "application/javascript": f"fetch('{url}/javascript')",
        "text/plain": "plain",
    }
    content = [
        {"variant": "User", "content": hostile},
        {"variant": "Assistant", "content": hostile},
        {"variant": "Code", "content": '{"code":"1"}', "id": "c"},
        {
            "variant": "CodeOutput",
            "content": "plain",
            "id": "c",
            "display": [{"output_type": "display_data", "data": shown, "metadata": {"trusted": True}}],
        },
        {"variant": "StreamEnd", "content": "Finished."},
    ]
    chat(lab, topic, *content)
    listing(page)
    row(page, topic).locator(".jp-FrevaGPT-thread").click()
    expect(page.locator(".jp-FrevaGPT-log")).to_contain_text("end of text")
    export(page, "Export as Notebook")
    cells = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell")
    expect(cells.filter(has_text="rich")).to_be_visible(timeout=30_000)
    expect(cells.filter(has_text="end of text").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert canary.asked == []
    # the control: what fetches in a notebook is noticed
    page.evaluate(
        "async u => { const nb = window.jupyterapp.shell.currentWidget.content; nb.model.sharedModel.insertCell(0,"
        " {cell_type: 'markdown', source: `![x](${u}/control)`}); nb.widgets[0].rendered = true; }",
        url,
    )
    page.wait_for_function("() => document.querySelector('.jp-NotebookPanel img[src$=control]')?.complete")
    assert [path for path, _ in canary.asked] == ["/control"]


def test_an_exported_chat_is_imported(page: Page, lab: Lab, service: Scripted, name: str, tmp_path: Path) -> None:
    topic, number = mark(), random.randrange(10**9)
    service.set_script(script(topic, f"print({number} + 1)", "That is it."))
    open_notebook(page, lab, name, "1")
    ask(page, topic)
    answered(page)
    source = shown(page)
    export(page, "Export for Import Elsewhere")
    line = saved(page, lab, f"{topic}.jsonl").read_text()
    file = tmp_path / "chats.jsonl"
    file.write_text(f"{line}\nno chat\n")
    with page.expect_file_chooser() as chooser:
        page.locator(".jp-FrevaGPT-menu").click()
        page.get_by_role("menuitem", name="Import Chats…").click()
    chooser.value.set_files(file)
    expect(page.locator(".jp-FrevaGPT-log")).to_contain_text("imported from a file", timeout=20_000)
    expect(card_output(page)).to_contain_text(str(number + 1))
    expect(page.get_by_text("line 3 was left out").first).to_be_visible()
    assert shown(page) != source
    assert questions(lab, shown(page)) == [topic]
