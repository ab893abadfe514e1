"""Chats in the browser: found, named, deleted, forked, asked again, rated, exported and imported."""

from __future__ import annotations

import json
import random
import re
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from ..scripted import Scripted
from .conftest import (
    ask,
    card_output,
    check_accessibility,
    code_call,
    open_notebook,
    reload,
    script,
    shot,
)
from .lab import Lab


def post(lab: Lab, route: str, **given: Any) -> Any:
    """Ask a route as a program of the user's does."""
    request = urllib.request.Request(
        f"{lab.url}/api/chatbot/{route}",
        json.dumps(given).encode(),
        {"Authorization": f"token {lab.token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.loads(response.read())


def chat(lab: Lab, topic: str, *items: dict[str, Any]) -> str:
    """Make a chat without a browser; return its id."""
    content = [*items] or [{"variant": "User", "content": topic}, {"variant": "Assistant", "content": "Well."}]
    thread_id: str = post(lab, "importthread", topic=topic, content=content)["thread_id"]
    return thread_id


def mark() -> str:
    """Return a word that stands nowhere else."""
    return f"mark{random.randrange(10**9)}"


def topics(page: Page) -> list[str]:
    return page.locator(".jp-FrevaGPT-thread-topic").all_inner_texts()


def row(page: Page, topic: str) -> Locator:
    return page.locator(".jp-FrevaGPT-threadRow", has_text=topic)


def listing(page: Page) -> Locator:
    """Show the list of chats; return the box to search them."""
    page.locator(".jp-FrevaGPT-chats").click()
    box = page.locator(".jp-FrevaGPT-search input")
    expect(box).to_be_focused()
    return box


def answered(page: Page) -> None:
    """Wait until nothing is being answered."""
    expect(page.locator(".jp-FrevaGPT-send")).to_be_visible(timeout=30_000)


def shown(page: Page) -> str:
    """Return the id of the chat that the window shows."""
    found: str = page.evaluate(
        "() => JSON.parse(Object.entries(sessionStorage).find(([key]) => key.startsWith('frevagpt:place'))[1]).thread"
    )
    return found


def questions(lab: Lab, thread_id: str) -> list[str]:
    items = post(lab, "getthread", thread_id=thread_id, rich=True)
    return [item["content"] for item in items if item["variant"] == "User"]


def test_chats_are_found_while_typing(page: Page, lab: Lab) -> None:
    words = [mark() for _ in range(3)]
    chat(lab, f"Rain {words[0]}")
    code = [
        {"variant": "User", "content": "q"},
        {"variant": "Code", "content": json.dumps({"code": f"print('{words[1]}')"}), "id": "c"},
        {"variant": "CodeOutput", "content": words[2], "id": "c"},
    ]
    chat(lab, f"Snow {words[0]}", *code)
    box = listing(page)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url.rsplit("/", 1)[-1]))
    box.press_sequentially(words[0].upper(), delay=20)
    expect(page.locator(".jp-FrevaGPT-threadRow")).to_have_count(2)
    expect(page.locator(".jp-FrevaGPT-threads [role=status]")).to_have_text("2 chats found")
    assert requests.count("searchthreads") <= 2, "typing asks once the user pauses"
    box.fill(f"rain {words[0]}")
    expect(page.locator(".jp-FrevaGPT-threadRow")).to_have_count(1)
    for prefix, word in (("code:", words[1]), ("output:", words[2])):
        box.fill(word)
        expect(page.locator(".jp-FrevaGPT-threads-list")).to_contain_text("Nothing found")
        page.locator(".jp-FrevaGPT-prefix", has_text=prefix).click()
        expect(box).to_have_value(f"{prefix} {word}")
        expect(page.locator(".jp-FrevaGPT-thread-topic")).to_have_text(f"Snow {words[0]}")
    box.press("Escape")
    expect(box).to_have_value("")
    expect(row(page, f"Rain {words[0]}")).to_be_visible()
    box.press("ArrowDown")
    box.page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".jp-FrevaGPT-log")).to_contain_text(f"Rain {words[0]}")


def test_the_list_comes_in_pages_of_twenty(page: Page, lab: Lab) -> None:
    word = mark()
    for number in range(23):
        chat(lab, f"{word} {number}")
    box = listing(page)
    box.fill(word)
    expect(page.locator(".jp-FrevaGPT-threads [role=status]")).to_have_text("23 chats found")
    expect(page.locator(".jp-FrevaGPT-threadRow")).to_have_count(20)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".jp-FrevaGPT-threadRow")).to_have_count(23)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
    assert topics(page) == [f"{word} {number}" for number in range(22, -1, -1)]


def test_a_chat_is_renamed_in_place(page: Page, lab: Lab) -> None:
    old, new = mark(), mark()
    thread_id = chat(lab, old)
    listing(page)
    row(page, old).locator(".jp-FrevaGPT-thread").focus()
    page.keyboard.press("F2")
    box = page.locator(".jp-FrevaGPT-rename")
    expect(box).to_be_focused()
    expect(box).to_have_value(old)
    page.keyboard.press("Escape")
    expect(row(page, old).locator(".jp-FrevaGPT-thread")).to_be_focused()
    row(page, old).hover()
    row(page, old).locator(".jp-FrevaGPT-threadMenu").click()
    expect(page.get_by_role("menuitem", name="Delete")).to_be_visible()
    shot(page, "chats-menu")
    page.get_by_role("menuitem", name="Rename").click()
    expect(box).to_be_focused()
    box.fill(f" {new}   at sea ")
    box.press("Enter")
    expect(row(page, f"{new} at sea")).to_be_visible()
    assert (
        next(one for one in post(lab, "getuserthreads")[0] if one["thread_id"] == thread_id)["topic"] == f"{new} at sea"
    )
    row(page, new).locator(".jp-FrevaGPT-thread").click()
    expect(page.locator(".jp-FrevaGPT-topic")).to_have_text(f"{new} at sea")
    reload(page)
    expect(page.locator(".jp-FrevaGPT-topic")).to_have_text(f"{new} at sea")


def test_a_chat_is_deleted_after_a_question(page: Page, lab: Lab) -> None:
    words = [mark() for _ in range(3)]
    for word in words:
        chat(lab, word)
    box = listing(page)
    box.fill("mark")
    row(page, words[1]).locator(".jp-FrevaGPT-thread").focus()
    page.keyboard.press("Delete")
    expect(page.get_by_role("group", name=f"Delete “{words[1]}”?")).to_contain_text("cannot be undone")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(row(page, words[1]).locator(".jp-FrevaGPT-thread")).to_be_focused()
    page.keyboard.press("Delete")
    page.locator(".jp-FrevaGPT-delete").click()
    expect(row(page, words[1])).to_have_count(0)
    expect(row(page, words[0]).locator(".jp-FrevaGPT-thread")).to_be_focused()
    found = {one["topic"] for one in post(lab, "getuserthreads", num_threads=100)[0]}
    assert {words[0], words[2]} <= found
    assert words[1] not in found
    row(page, words[0]).locator(".jp-FrevaGPT-thread").click()
    expect(page.locator(".jp-FrevaGPT-log")).to_contain_text(words[0])
    page.locator(".jp-FrevaGPT-menu").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.locator(".jp-FrevaGPT-delete").click()
    expect(page.locator(".jp-FrevaGPT-welcome")).to_be_visible()


def test_a_running_chat_is_marked(page: Page, lab: Lab, service: Scripted) -> None:
    word = mark()
    service.set_script([{"when": {"user": word}, "reply": [{"text": "so"}, {"stall": 60}]}])
    ask(page, f"wait {word}")
    expect(page.locator(".jp-FrevaGPT-log")).to_contain_text("so", timeout=20_000)
    page.evaluate("async () => { await window.jupyterapp.commands.execute('frevagpt:new-chat'); }")
    listing(page)
    expect(row(page, word)).to_contain_text("running")
    row(page, word).locator(".jp-FrevaGPT-thread").click()
    page.locator(".jp-FrevaGPT-stop").click()
    answered(page)
    listing(page)
    expect(row(page, word)).to_be_visible()
    expect(row(page, word)).not_to_contain_text("running")


def test_an_earlier_question_is_asked_in_other_words(page: Page, lab: Lab, service: Scripted) -> None:
    words = [mark() for _ in range(4)]
    service.set_script([{"reply": [{"text": "An answer."}]}])
    for word in words[:2]:
        ask(page, f"about {word}")
        answered(page)
    source = shown(page)
    ask_button = page.locator(".jp-FrevaGPT-edit")
    ask_button.nth(1).focus()
    page.keyboard.press("Enter")
    box = page.locator(".jp-FrevaGPT-editing textarea")
    expect(box).to_be_focused()
    expect(box).to_have_value(f"about {words[1]}")
    box.press("Escape")
    expect(ask_button.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    box.fill(f"rather {words[2]}")
    box.press("Enter")
    expect(page.locator(".jp-FrevaGPT-question")).to_have_text([f"about {words[0]}", f"rather {words[2]}"])
    answered(page)
    fork = shown(page)
    assert fork != source
    assert questions(lab, source) == [f"about {words[0]}", f"about {words[1]}"]
    assert questions(lab, fork) == [f"about {words[0]}", f"rather {words[2]}"]
    ask_button.first.focus()
    page.keyboard.press("Enter")
    box.fill(f"first {words[3]}")
    page.locator(".jp-FrevaGPT-askEdited").click()
    expect(page.locator(".jp-FrevaGPT-question")).to_have_text([f"first {words[3]}"])
    answered(page)
    assert shown(page) not in (source, fork)
    assert questions(lab, shown(page)) == [f"first {words[3]}"]
    last = service.requests()[-1]["body"]["messages"]
    assert words[0] not in json.dumps(last), "nothing of what stood behind may be sent"


def test_asked_again_and_continued(page: Page, lab: Lab, service: Scripted) -> None:
    word = mark()
    first, second, third = ({"text": f"{word} {number}"} for number in ("one", "two", "three"))
    service.set_script(
        [{"once": True, "reply": [first]}, {"once": True, "reply": [second, {"stall": 60}]}, {"reply": [third]}]
    )
    ask(page, f"about {word}")
    answered(page)
    page.locator(".jp-FrevaGPT-actions .jp-FrevaGPT-retry").click()
    expect(page.locator(".jp-FrevaGPT-log")).to_contain_text(f"{word} two", timeout=20_000)
    page.locator(".jp-FrevaGPT-stop").click()
    expect(page.locator(".jp-FrevaGPT-turnEnd")).to_contain_text("stopped")
    page.locator(".jp-FrevaGPT-continue").click()
    expect(page.locator(".jp-FrevaGPT-log")).to_contain_text(f"{word} three", timeout=20_000)
    answered(page)
    expect(page.locator(".jp-FrevaGPT-turnEnd")).to_have_count(0)
    asked = questions(lab, shown(page))
    assert asked[:2] == [f"about {word}"] * 2
    assert "continue" in asked[2]


def test_answers_and_code_are_rated(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    service.set_script(script("rate me", "print(6 * 7)", "So it is."))
    open_notebook(page, lab, name, "1")
    ask(page, "Please rate me")
    answered(page)

    def rated() -> list[tuple[str, str | None]]:
        items = post(lab, "getthread", thread_id=shown(page), rich=True)
        return [(one["variant"], one.get("feedback")) for one in items if one["variant"] in ("Assistant", "Code")]

    def until(expected: list[tuple[str, str | None]]) -> None:
        deadline = time.monotonic() + 10
        while rated() != expected and time.monotonic() < deadline:
            page.wait_for_timeout(50)
        assert rated() == expected

    until([("Assistant", None), ("Code", None), ("Assistant", None)])
    card = page.locator(".jp-FrevaGPT-card")
    card.hover()
    card.get_by_role("button", name="This code is good").click()
    until([("Assistant", None), ("Code", "up"), ("Assistant", None)])
    last = page.locator(".jp-FrevaGPT-actions").last
    last.get_by_role("button", name="This answer is not good").click()
    until([("Assistant", None), ("Code", "up"), ("Assistant", "down")])
    reload(page)
    expect(last.get_by_role("button", name="This answer is not good")).to_have_attribute("aria-pressed", "true")
    expect(card.get_by_role("button", name="This code is good")).to_have_attribute("aria-pressed", "true")
    last.get_by_role("button", name="This answer is not good").click()
    until([("Assistant", None), ("Code", "up"), ("Assistant", None)])


def test_an_answer_is_copied_as_it_was_written(page: Page, lab: Lab, service: Scripted) -> None:
    text = f"See **{mark()}**:\n\n- `a`\n- 14 °C"
    service.set_script([{"reply": [{"text": text}]}])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=lab.url)
    ask(page, "copy")
    answered(page)
    page.locator(".jp-FrevaGPT-actions .jp-FrevaGPT-copy").click()
    assert page.evaluate("() => navigator.clipboard.readText()") == text


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


class Canary:
    """A server that notes who asks."""

    def __init__(self) -> None:
        asked = self.asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.asked: list[str]
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    running = Canary()
    yield running
    running.close()


def test_an_exported_notebook_fetches_and_runs_nothing(page: Page, lab: Lab, canary: Canary) -> None:
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
    assert canary.asked == ["/control"]


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


def test_the_list_and_its_boxes_are_accessible(page: Page, lab: Lab) -> None:
    words = [mark() for _ in range(3)]
    for word in words:
        chat(lab, word)
    box = listing(page)
    expect(row(page, words[2])).to_be_visible()
    check_accessibility(page, page.url.rpartition("/")[2])
    box.fill("code: nothing of that kind")
    expect(page.locator(".jp-FrevaGPT-threads-list")).to_contain_text("Nothing found")
    check_accessibility(page, page.url.rpartition("/")[2])
    box.press("Escape")
    for key in ("F2", "Delete"):
        row(page, words[1]).locator(".jp-FrevaGPT-thread").focus()
        page.keyboard.press(key)
        expect(page.locator(".jp-FrevaGPT-asked")).to_be_visible()
        check_accessibility(page, page.url.rpartition("/")[2])
        page.keyboard.press("Escape")


def test_what_follows_an_answer_is_accessible(page: Page, lab: Lab, service: Scripted, name: str) -> None:
    service.set_script(
        [*script("two parts", "print(1)", "Done so far."), {"reply": [{"text": "and"}, {"stall": 60}]}],
    )
    open_notebook(page, lab, name, "1")
    ask(page, "two parts")
    answered(page)
    ask(page, "go on")
    expect(page.locator(".jp-FrevaGPT-answer").last).to_contain_text("and", timeout=20_000)
    page.locator(".jp-FrevaGPT-stop").click()
    expect(page.locator(".jp-FrevaGPT-turnEnd")).to_be_visible()
    page.locator(".jp-FrevaGPT-card").get_by_role("button", name="This code is good").focus()
    page.keyboard.press("Enter")
    check_accessibility(page, page.url.rpartition("/")[2])
    page.locator(".jp-FrevaGPT-edit").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".jp-FrevaGPT-editing")).to_be_visible()
    check_accessibility(page, page.url.rpartition("/")[2])


def test_every_command_has_a_label_and_is_in_the_palette(page: Page) -> None:
    found = page.evaluate(
        "() => { const c = window.jupyterapp.commands; return c.listCommands().filter(id => id.startsWith('frevagpt:'))"
        ".map(id => [id, c.label(id)]); }"
    )
    assert len(found) >= 15
    assert [command for command, label in found if not label] == []
    page.evaluate("async () => { await window.jupyterapp.commands.execute('apputils:activate-command-palette'); }")
    # the palette's list is filled when it is shown first, and stays when it is hidden
    for label in ("Delete This FrevaGPT Chat", "Export This FrevaGPT Chat as a Notebook", "Import FrevaGPT Chats…"):
        assert label in [label for _, label in found]
        expect(page.locator(".lm-CommandPalette-itemLabel", has_text=label).first).to_be_attached()
