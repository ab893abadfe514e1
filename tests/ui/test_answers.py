"""What follows an answer: asked again, continued, in other words, rated, copied."""

from __future__ import annotations

import json
import time

from playwright.sync_api import Page, expect

from ..scripted import Scripted
from .chats import answered, mark, post, questions, shown
from .conftest import ask, check_accessibility, open_notebook, reload, script
from .lab import Lab


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
