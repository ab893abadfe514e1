"""The notebook beside the chat, in the browser: errors explained, code put into cells, the model's own work on them."""

from __future__ import annotations

import json
import random
import secrets
from typing import Any

from playwright.sync_api import Locator, Page, expect

from ..scripted import Scripted
from .conftest import ask, check_accessibility, code_call, open_notebook, prompts, reload, run_cell
from .lab import Lab

SOURCES = "() => window.jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.sharedModel.getSource())"
CELLS = (
    "() => window.jupyterapp.shell.currentWidget.content.widgets.map(cell => ({id: cell.model.id,"
    " source: cell.model.sharedModel.getSource()}))"
)
ACTIVE = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
SELECT = "at => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = at; }"
WRITE = "([at, text]) => window.jupyterapp.shell.currentWidget.content.widgets[at].model.sharedModel.setSource(text)"
TRUSTED = "at => window.jupyterapp.shell.currentWidget.content.widgets[at].model.trusted"
MODE = "() => window.jupyterapp.shell.currentWidget.content.mode"
COMMAND = "async id => { await window.jupyterapp.commands.execute(id); }"
ENABLED = "id => window.jupyterapp.commands.isEnabled(id)"
FOCUS = "() => document.activeElement.closest('.jp-Notebook') !== null"


def tool_call(name: str, **arguments: Any) -> dict[str, Any]:
    """Return the step of a script that calls a tool."""
    return {"call": {"name": name, "arguments": arguments}}


def rules(question: str, *reply: dict[str, Any], answer: str = "Done.") -> list[dict[str, Any]]:
    """Rules that answer a question with a reply, then a sentence."""
    return [
        {"when": {"user": question, "after_tool": False}, "reply": list(reply)},
        {"when": {"user": question, "after_tool": True}, "reply": [{"text": answer}]},
    ]


def ends(page: Page, turns: int = 1) -> None:
    """Wait until so many turns have ended."""
    expect(page.locator(".jp-FrevaGPT-usage")).to_have_count(turns, timeout=60_000)


def wait_until_a_cell_runs(page: Page) -> None:
    """Wait until a cell of the notebook runs; where that is asked about, say yes."""
    once = page.locator(".jp-FrevaGPT-approve-once")
    running = page.locator(".jp-NotebookPanel .jp-Cell .jp-InputPrompt", has_text="[*]")
    expect(once.or_(running).first).to_be_visible(timeout=30_000)
    if once.count():
        once.click()
    expect(running).to_be_visible(timeout=30_000)


def tool_text(service: Scripted) -> str:
    """Return what the model was told last by a tool."""
    messages = service.requests()[-1]["body"]["messages"]
    assert messages[-1]["role"] == "tool"
    return str(messages[-1]["content"])


def output_of(page: Page, at: int) -> Locator:
    return page.locator(".jp-NotebookPanel .jp-Cell").nth(at).locator(".jp-OutputArea-output")


def known(service: Scripted, source: str) -> str:
    """Return the hash of a cell as the model read it."""
    for message in reversed(service.requests()[-1]["body"]["messages"]):
        if message["role"] == "tool":
            for line in message["content"].splitlines()[1:]:
                cell = json.loads(line)
                if cell["source"] == source:
                    return str(cell["hash"])
    raise AssertionError(f"the model has not read {source!r}")


def read(page: Page, service: Scripted, source: str) -> str:
    """Have the model read the notebook; returns the hash of the cell with that source."""
    before = page.locator(".jp-FrevaGPT-usage").count()
    service.set_script(rules("look at", tool_call("read_notebook")))
    ask(page, "Please look at it")
    ends(page, before + 1)
    return known(service, source)


def test_an_error_is_explained_from_the_context_menu(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    canary = secrets.token_hex(6)
    service.set_script([{"when": {"user": "Explain the error"}, "reply": [{"text": "It is **too cold**."}]}])
    open_notebook(page, lab, name, f"raise ValueError('{canary}')", "fine = 1")
    page.locator(".jp-NotebookPanel .jp-Cell").nth(1).click(button="right")
    menu = page.locator(".lm-Menu-content")
    expect(menu.get_by_text("Ask FrevaGPT")).to_be_visible()
    expect(menu.get_by_text("Explain This Error")).not_to_be_visible()
    page.keyboard.press("Escape")
    page.evaluate(SELECT, 0)
    run_cell(page)
    expect(output_of(page, 0)).to_contain_text(canary)
    assert not page.evaluate(ENABLED, "frevagpt:explain-error")
    output_of(page, 0).click(button="right")
    expect(menu.get_by_text("Fix This Error")).to_be_visible()
    menu.get_by_text("Explain This Error").click()
    ends(page)
    expect(page.locator(".jp-FrevaGPT-answer").last).to_contain_text("too cold")
    asked = str(service.requests()[-1]["body"]["messages"])
    assert f"raise ValueError('{canary}')" in asked
    assert "Traceback" in asked
    assert "\\x1b" not in asked


def test_asking_about_a_selection_puts_it_into_the_box(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    canary = secrets.token_hex(6)
    service.set_script([{"when": {"user": "what is it"}, "reply": [{"text": "A name."}]}])
    open_notebook(page, lab, name, f"x_{canary} = 1; y = 2")
    page.evaluate(
        "n => { const c = window.jupyterapp.shell.currentWidget.content.activeCell;"
        " c.editor.setSelection({start: {line: 0, column: 0}, end: {line: 0, column: n}}); }",
        len(canary) + 2,
    )
    page.evaluate(COMMAND, "frevagpt:ask-about-cell")
    expect(page.locator(".jp-FrevaGPT-input textarea")).to_be_focused()
    assert not service.requests()
    ask(page, "what is it")
    ends(page)
    asked = str(service.requests()[-1]["body"]["messages"])
    assert f"x_{canary}" in asked
    assert "y = 2" not in asked


def test_code_of_an_answer_goes_into_the_notebook_and_is_undone(
    page: Page, lab: Lab, service: Scripted, name: str
) -> None:
    value = random.randint(1000, 9999)
    code = f"answer = '''{value}'''; quoted = \"a\\\\n\"\nprint(len(answer) * {value})"
    service.set_script(rules("code", tool_call("read_notebook"), answer=f"Try:\n\n```python\n{code}\n```\n\nDone."))
    ask(page, "code please")
    ends(page)
    above = page.locator(".jp-FrevaGPT-insertAbove")
    expect(above).to_have_attribute("title", "Insert above the active cell: open a notebook and select a cell first")
    open_notebook(page, lab, name, "first = 1", "second = 2")
    page.evaluate(SELECT, 1)
    expect(above).to_have_attribute("title", "Insert above the active cell")
    above.click()
    assert page.evaluate(SOURCES) == ["first = 1", code, "second = 2"]
    assert page.evaluate(ACTIVE) == 1
    page.wait_for_function(FOCUS)
    page.keyboard.press("z")  # Lab's own undo of cell operations
    assert page.evaluate(SOURCES) == ["first = 1", "second = 2"]
    page.evaluate(SELECT, 0)
    page.locator(".jp-FrevaGPT-insertBelow").click()
    assert page.evaluate(SOURCES) == ["first = 1", code, "second = 2"]
    page.evaluate(SELECT, 2)
    page.locator(".jp-FrevaGPT-replace").click()
    assert page.evaluate(SOURCES) == ["first = 1", code, code]
    page.wait_for_function(FOCUS)
    page.keyboard.press("Enter")
    page.keyboard.press("Control+z")
    page.wait_for_function(f"({SOURCES})()[2] === 'second = 2'")
    page.keyboard.press("Escape")
    page.evaluate(SELECT, 0)
    page.locator(".jp-FrevaGPT-runCode").click()
    expect(output_of(page, 1)).to_have_text(f"{4 * value}\n", timeout=30_000)
    assert page.evaluate(SOURCES) == ["first = 1", code, code, "second = 2"]
    check_accessibility(page)


def test_a_run_is_added_with_its_output_untrusted(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    value = random.randint(1000, 9999)
    token = secrets.token_hex(6)
    code = (
        f"from IPython.display import HTML, display\nprint({value} + 1)\n"
        f"display(HTML('<b>{token}</b><img src=x onerror=\"window.hit = 1\"><script>window.hit = 2</script>'))"
    )
    service.set_script(rules("show", code_call(code)))
    open_notebook(page, lab, name, "first = 1")
    ask(page, "show it")
    once = page.locator(".jp-FrevaGPT-approve-once")
    expect(page.locator(".jp-FrevaGPT-usage").or_(once).first).to_be_visible(timeout=30_000)
    if once.count():
        once.click()
    ends(page)
    page.locator(".jp-FrevaGPT-addCell").click()
    page.wait_for_function(f"({SOURCES})().length === 2")
    assert page.evaluate(SOURCES)[1] == code
    expect(output_of(page, 1).first).to_have_text(f"{value + 1}\n")
    expect(output_of(page, 1).last).to_contain_text(token)
    assert page.evaluate(TRUSTED, 1) is False
    assert page.evaluate("() => window.hit") is None
    page.evaluate(COMMAND, "docmanager:save")
    saved = (lab.root / name).read_text()
    assert str(value + 1) in saved
    assert "onerror" not in saved.partition('"outputs"')[2].partition('"source"')[0]
    assert '"trusted"' not in saved


def test_the_model_reads_replaces_and_runs_a_cell(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    value = random.randint(1000, 9999)
    open_notebook(page, lab, name, "first = 1", f"print({value} + '1')")
    old, new = f"print({value} + '1')", f"print({value} + 1)"
    known_hash = read(page, service, old)
    service.set_script(rules("mend", tool_call("replace_cell", cell_id="cell1", hash=known_hash, source=new)))
    box = page.locator(".jp-FrevaGPT-input textarea")
    ask(page, "mend it")
    ends(page, 2)
    assert page.evaluate(CELLS)[1] == {"id": "cell1", "source": new}
    expect(box).to_be_focused()
    card = page.locator(".jp-FrevaGPT-tool[data-tool=replace_cell]")
    expect(card).to_contain_text("Replaced. Cell cell1")
    new_hash = tool_text(service).split("hash ")[1].split(" ")[0]
    service.set_script(rules("go", tool_call("run_cell", cell_id="cell1", hash=new_hash)))
    ask(page, "go on")
    ends(page, 3)
    assert tool_text(service) == f"It ran. Its output:\n{value + 1}"
    expect(output_of(page, 1)).to_have_text(f"{value + 1}\n")
    assert prompts(page)[1] == "[1]:"
    assert page.evaluate(TRUSTED, 1) is False
    service.set_script(rules("more", tool_call("insert_cell", source="# Heading", type="markdown", before="cell1")))
    ask(page, "more")
    ends(page, 4)
    assert page.evaluate(SOURCES) == ["first = 1", "# Heading", new]
    expect(box).to_be_focused()


def test_a_cell_that_the_user_edited_in_between_is_left_alone(
    page: Page, lab: Lab, service: Scripted, name: str
) -> None:
    canary = secrets.token_hex(4)
    open_notebook(page, lab, name, "theirs = 1")
    known_hash = read(page, service, "theirs = 1")
    mine = f"mine = '{canary}'"
    page.evaluate(WRITE, [0, mine])
    for at, call in enumerate((
        tool_call("replace_cell", cell_id="cell0", hash=known_hash, source="lost = 1"),
        tool_call("run_cell", cell_id="cell0", hash=known_hash),
    )):  # fmt: skip
        service.set_script(rules("do it", call))
        ask(page, "do it")
        ends(page, 2 + at)
        assert "changed meanwhile" in tool_text(service)
        assert page.evaluate(SOURCES) == [mine]
    assert prompts(page) == ["[ ]:"]


def test_a_cell_that_is_edited_while_the_user_decides_does_not_run(
    page: Page, lab: Lab, service: Scripted, name: str
) -> None:
    victim = lab.root / f"victim-{secrets.token_hex(4)}"
    victim.write_text("here")
    danger = f"import os\nos.remove({victim.name!r})"
    open_notebook(page, lab, name, danger)
    known_hash = read(page, service, danger)
    for at, edited in enumerate((True, False)):
        service.set_script(rules("do it", tool_call("run_cell", cell_id="cell0", hash=known_hash)))
        ask(page, "do it")
        card = page.locator(".jp-FrevaGPT-tool[data-tool=run_cell]").last
        expect(card).to_contain_text("Deletes", timeout=30_000)
        expect(card).to_contain_text("os.remove")
        if edited:
            page.evaluate(WRITE, [0, danger + "  # mine"])
        card.locator(".jp-FrevaGPT-approve-once").click()
        ends(page, 2 + at)
        assert victim.exists() == edited
        assert ("changed meanwhile" in tool_text(service)) == edited
        page.evaluate(WRITE, [0, danger])


def test_without_a_notebook_the_model_is_told_so(page: Page, service: Scripted) -> None:
    service.set_script(rules("look at", tool_call("read_notebook")))
    ask(page, "Please look at it")
    ends(page)
    assert tool_text(service).startswith("No notebook is open")
    check_accessibility(page)


def test_stop_interrupts_the_cell_that_the_model_runs(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    source = "import time\nfor second in range(120):\n    time.sleep(1)"
    open_notebook(page, lab, name, source, "print('after')")
    known_hash = read(page, service, source)
    service.set_script(rules("wait", tool_call("run_cell", cell_id="cell0", hash=known_hash)))
    ask(page, "wait for it")
    wait_until_a_cell_runs(page)
    page.locator(".jp-FrevaGPT-stop").click()
    ends(page, 2)
    expect(output_of(page, 0)).to_contain_text("KeyboardInterrupt", timeout=20_000)
    page.evaluate(SELECT, 1)
    run_cell(page)
    expect(output_of(page, 1)).to_have_text("after\n")


def test_who_types_in_a_cell_goes_on_typing_while_another_one_runs(
    page: Page, lab: Lab, service: Scripted, name: str
) -> None:
    open_notebook(page, lab, name, "mine = 1", "print(6 * 7)")
    known_hash = read(page, service, "print(6 * 7)")
    service.set_script(rules("run", {"stall": 2}, tool_call("run_cell", cell_id="cell1", hash=known_hash)))
    ask(page, "run it")
    page.locator(".jp-NotebookPanel .jp-Cell").nth(0).locator(".cm-content").click()
    page.keyboard.press("End")
    page.keyboard.type("2")
    ends(page, 2)
    expect(output_of(page, 1)).to_have_text("42\n")
    page.keyboard.type("3")
    assert page.evaluate(SOURCES) == ["mine = 123", "print(6 * 7)"]
    assert page.evaluate(MODE) == "edit"
    assert page.evaluate(ACTIVE) == 0


def test_a_page_that_is_reloaded_tells_what_it_leaves_undone(
    page: Page, lab: Lab, service: Scripted, name: str
) -> None:
    source = "for second in range(120):\n    __import__('time').sleep(1)"
    open_notebook(page, lab, name, source)
    known_hash = read(page, service, source)
    service.set_script(rules("wait", tool_call("run_cell", cell_id="cell0", hash=known_hash)))
    ask(page, "wait for it")
    wait_until_a_cell_runs(page)
    reload(page)
    ends(page, 2)
    assert "went away" in tool_text(service)
