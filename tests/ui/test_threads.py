"""Chats in the browser: found, named, deleted, and marked while they run."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from ..scripted import Scripted
from .chats import answered, chat, listing, mark, post, row
from .conftest import ask, check_accessibility, reload, shot
from .lab import Lab


def topics(page: Page) -> list[str]:
    return page.locator(".jp-FrevaGPT-thread-topic").all_inner_texts()


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


def test_every_command_has_a_label_and_is_in_the_palette(page: Page) -> None:
    found = page.evaluate(
        "() => { const c = window.jupyterapp.commands; return c.listCommands().filter(id => id.startsWith('frevagpt:'))"
        ".map(id => [id, c.label(id)]); }"
    )
    assert len(found) >= 15
    assert [command for command, label in found if not label] == []
    page.evaluate("async () => { await window.jupyterapp.commands.execute('apputils:activate-command-palette'); }")
    # it empties itself when it closes, as it does when the focus leaves it; of what is disabled it shows nothing
    expect(page.locator(".lm-CommandPalette-input")).to_be_focused()
    for label in ("Delete This FrevaGPT Chat", "Export This FrevaGPT Chat as a Notebook", "Import FrevaGPT Chats…"):
        assert label in [label for _, label in found]
        expect(page.locator(".lm-CommandPalette-itemLabel", has_text=label).first).to_be_attached()
