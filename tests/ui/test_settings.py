"""Privacy in the panel: notice, choices, what was sent, notifications, deleting all data, switching it off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ..scripted import Scripted, start_scripted
from .conftest import (
    OpenPage,
    ask,
    check_accessibility,
    code_call,
    open_lab,
    open_notebook,
    ready,
    slug_of,
)
from .lab import Lab

# Two ways of writing the address of this machine: the catalogue knows the second one for no name of it.
ELSEWHERE = "127.1"
HIDE = (
    "hidden => { Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});"
    " const state = hidden ? 'hidden' : 'visible';"
    " Object.defineProperty(document, 'visibilityState', {configurable: true, get: () => state});"
    " document.dispatchEvent(new Event('visibilitychange')); }"
)
RULES: list[dict[str, Any]] = [
    {
        "when": {"user": "print twelve", "after_tool": False},
        "reply": [code_call("12"), {"usage": {"prompt_tokens": 1500, "completion_tokens": 500}}],
    },
    {
        "when": {"user": "print twelve", "after_tool": True},
        "reply": [{"text": "Twelve."}, {"usage": {"prompt_tokens": 1500, "completion_tokens": 500}}],
    },
    {"when": {"user": "hello"}, "reply": [{"text": "Good day."}]},
    {
        "when": {"user": "delete it", "after_tool": False},
        "reply": [code_call("import os\nos.remove('no-such-file')")],
    },
    {"when": {"user": "delete it", "after_tool": True}, "reply": [{"text": "As you wish."}]},
]


@pytest.fixture(scope="module")
def models() -> Iterator[Scripted]:
    running = start_scripted(RULES)
    yield running
    running.close()


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, models: Scripted) -> Iterator[Lab]:
    """A site that pins the policy and asks a service elsewhere."""
    base = tmp_path_factory.mktemp("strict")
    there = {"model": "openai/there", "api_base": models.base.replace("127.0.0.1", ELSEWHERE), "api_key": "none"}
    prices = {"input_cost_per_token": 0.00001, "output_cost_per_token": 0.00004}
    here = {"model": "openai/here", "api_base": models.base, "api_key": "none"}
    entries = [
        {"model_name": "there", "litellm_params": there, "model_info": prices},
        {"model_name": "here", "litellm_params": here},
    ]
    catalogue = base / "models.json"
    catalogue.write_text(json.dumps({"model_list": entries}))
    settings = ("--FrevaGPT.local_model=False", "--FrevaGPT.title_model=-", "--FrevaGPT.approval_policy=ask-when-risky")
    running = Lab(base, f"--FrevaGPT.catalogue={catalogue}", *settings)
    yield running
    running.close()


@pytest.fixture
def panel(open_page: OpenPage, strict: Lab, request: pytest.FixtureRequest) -> Page:
    page = open_page(strict)
    stored(strict).unlink(missing_ok=True)
    open_lab(page, strict, slug_of(request))
    expect(page.locator(".jp-FrevaGPT-model select")).to_be_visible()
    return page


def stored(lab: Lab) -> Path:
    """Return the file of the user's settings."""
    return lab.base / "settings/jupyter-frevagpt/plugin.jupyterlab-settings"


def wait_for_setting(page: Page, lab: Lab, name: str, value: Any) -> None:
    """Wait until Lab has written a setting."""
    there = f"{lab.url}/lab/api/settings/jupyter-frevagpt:plugin"
    page.wait_for_function(
        "async ([there, name, value]) => {"
        " const { settings } = await (await fetch(there)).json();"
        " return JSON.stringify(settings[name]) === JSON.stringify(value); }",
        arg=[there, name, value],
        polling=200,
    )


def asked(models: Scripted) -> int:
    return len(models.requests())


def test_a_question_waits_until_its_notice_is_read(panel: Page, strict: Lab, models: Scripted) -> None:
    page, before = panel, asked(models)
    notice = page.locator(".jp-FrevaGPT-leaving")
    expect(notice).to_contain_text(ELSEWHERE)
    expect(notice).to_contain_text("beginnings of values")
    check_accessibility(page, "notice")
    ask(page, "print twelve")
    expect(notice).to_contain_text("Your question waits")
    expect(page.locator(".jp-FrevaGPT-input textarea")).to_have_value("print twelve")
    assert asked(models) == before
    page.get_by_role("button", name="I have read this: send").click()
    # the chat's own kernel starts for it
    expect(page.locator(".jp-FrevaGPT-card")).to_have_attribute("data-state", "done", timeout=60_000)
    expect(page.locator(".jp-FrevaGPT-answer")).to_contain_text("Twelve.")
    expect(notice).to_have_count(0)
    wait_for_setting(page, strict, "acknowledged", [ELSEWHERE])
    # what was sent, and what it cost: 3000 tokens at $10 and 1000 at $40 a million
    foot = page.locator(".jp-FrevaGPT-sent")
    expect(foot.locator("summary")).to_contain_text("4000 tokens")
    expect(foot.locator("summary")).to_contain_text("$0.0700")
    foot.locator("summary").click()
    expect(foot).to_contain_text(f"What was sent to there ({ELSEWHERE}):")
    expect(foot).to_contain_text("output of 1 run or tool")
    expect(foot).to_contain_text("in 2 requests")
    check_accessibility(page, "sent")
    page.reload(wait_until="domcontentloaded")  # once a user and a service
    ready(page)
    page.locator(".jp-FrevaGPT-answer").wait_for()
    expect(notice).to_have_count(0)


def test_no_notice_for_a_service_on_this_machine(panel: Page) -> None:
    page = panel
    expect(page.locator(".jp-FrevaGPT-leaving")).to_be_visible()
    page.locator(".jp-FrevaGPT-model select").select_option("here")
    expect(page.locator(".jp-FrevaGPT-leaving")).to_have_count(0)
    expect(page.locator(".jp-FrevaGPT-whereto")).to_contain_text("on this machine (127.0.0.1)")
    ask(page, "hello")
    expect(page.locator(".jp-FrevaGPT-answer")).to_contain_text("Good day.")


def test_what_the_site_decided_cannot_be_loosened(panel: Page, strict: Lab, models: Scripted) -> None:
    page = panel
    page.locator(".jp-FrevaGPT-model select").select_option("here")
    page.get_by_role("button", name="Privacy and data").click()
    policy = page.get_by_label("Code in your kernels")
    loose = policy.locator("option[value=run]")
    expect(loose).to_be_disabled()
    expect(loose).to_contain_text("set by your administrator")
    check_accessibility(page, "privacy")
    policy.select_option("suggest")
    page.get_by_label("What the model is told of your variables").select_option("names")
    wait_for_setting(page, strict, "codePolicy", "suggest")
    wait_for_setting(page, strict, "variables", "names")
    policy.press("Escape")
    expect(policy).to_have_count(0)
    open_notebook(page, strict, "decided.ipynb", "altitude = 4711")
    page.evaluate("async () => { await window.jupyterapp.commands.execute('notebook:run-cell-and-select-next'); }")
    ask(page, "print twelve")
    expect(page.locator(".jp-FrevaGPT-card")).to_be_visible()
    expect(page.locator(".jp-FrevaGPT-answer")).to_contain_text("Twelve.")
    body = json.dumps(models.requests()[-1]["body"]["messages"])
    assert "only suggest" in body
    assert "altitude" in body
    assert "4711" not in body
    # a setting that is looser than the site, as overrides.json or somebody's script may write it, does not count
    stored(strict).write_text(json.dumps({"codePolicy": "run"}))
    page.reload(wait_until="domcontentloaded")
    ready(page)
    page.evaluate("async () => { await window.jupyterapp.commands.execute('frevagpt:privacy'); }")
    expect(page.locator(".jp-FrevaGPT-privacy")).to_contain_text("what your administrator set counts")
    ask(page, "delete it")
    expect(page.locator(".jp-FrevaGPT-card[data-state=approval]")).to_be_visible()
    page.get_by_role("button", name="Deny").click()


def test_all_data_is_deleted_after_the_word_was_typed(panel: Page, strict: Lab) -> None:
    page = panel
    page.locator(".jp-FrevaGPT-model select").select_option("here")
    ask(page, "hello")
    expect(page.locator(".jp-FrevaGPT-answer")).to_contain_text("Good day.")
    page.evaluate("async () => { await window.jupyterapp.commands.execute('frevagpt:privacy'); }")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download diagnostics").click()
    bundle = json.loads(Path(download.value.path()).read_text())
    assert bundle["counts"]["threads"] >= 1
    assert "hello" not in json.dumps(bundle)
    button = page.get_by_role("button", name="Delete all my data")
    expect(button).to_have_attribute("aria-disabled", "true")
    page.get_by_label("Type delete to confirm").fill("delet")
    button.click(force=True)
    threads = list((strict.base / "data/frevagpt").glob("*/threads/*.txt"))
    assert threads
    page.get_by_label("Type delete to confirm").fill("delete")
    button.click()
    expect(page.locator(".jp-FrevaGPT-privacy")).to_contain_text("All your chats and their files are deleted.")
    assert list((strict.base / "data/frevagpt").glob("*/threads/*")) == []
    page.get_by_role("button", name="Back to the chat").click()
    expect(page.locator(".jp-FrevaGPT-welcome")).to_be_visible()


def test_a_hidden_page_tells_that_code_waits(panel: Page) -> None:
    page = panel
    page.locator(".jp-FrevaGPT-model select").select_option("here")
    page.get_by_role("button", name="Privacy and data").click()
    page.get_by_label("Code in your kernels").select_option("ask")
    page.get_by_role("button", name="Back to the chat").click()
    ask(page, "delete it")
    page.evaluate(HIDE, True)
    expect(page.locator(".jp-FrevaGPT-card[data-state=approval]")).to_be_visible()
    toast = page.locator(".Toastify__toast")
    expect(toast).to_contain_text("Code waits for your decision.")
    expect(page.locator(".jp-FrevaGPT-tab-waits")).to_have_count(1)
    page.evaluate(HIDE, False)
    toast.get_by_role("button", name="Show").click()
    page.get_by_role("button", name="Deny").click()


def test_switched_off_the_panel_and_its_commands_are_gone(panel: Page, strict: Lab) -> None:
    page = panel
    stored(strict).parent.mkdir(parents=True, exist_ok=True)
    stored(strict).write_text(json.dumps({"enabled": False}))
    page.reload(wait_until="domcontentloaded")
    ready(page)
    assert page.locator(".jp-FrevaGPT").count() == 0
    commands = page.evaluate(
        "() => window.jupyterapp.commands.listCommands().filter(one => one.startsWith('frevagpt:'))"
    )
    assert commands == []
    stored(strict).write_text("{}")  # the control
    page.reload(wait_until="domcontentloaded")
    ready(page)
    page.locator(".jp-FrevaGPT").wait_for(state="attached")
    commands = page.evaluate("() => window.jupyterapp.commands.listCommands()")
    assert "frevagpt:privacy" in commands
