"""Browser fixtures: one JupyterLab and one Chromium a session, a scripted model service, a page a test."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, expect, sync_playwright

from ..scripted import Scripted, start_scripted
from .lab import JUPYTERLAB, Lab

# machines are shared and slow at times
expect.set_options(timeout=20_000)

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
AXE = Path(__file__).parents[2] / "labextension/node_modules/axe-core/axe.min.js"
LIGHT, DARK, CONTRAST = "JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"
# The colours of code and of tracebacks are Lab's, and not all of them have enough contrast.
FAULTS = (
    "async () => (await axe.run({include: ['.jp-FrevaGPT'],"
    " exclude: ['.jp-FrevaGPT-card-code', '.jp-FrevaGPT-answer pre', '.jp-OutputArea-output']},"
    " {resultTypes: ['violations']})).violations"
    ".filter(one => ['serious', 'critical'].includes(one.impact))"
    ".map(one => `${one.id}: ${one.nodes.map(node => node.html).join(' | ')}`)"
)
PLANT = (
    "() => document.querySelector('.jp-FrevaGPT-panel').insertAdjacentHTML('afterbegin',"
    " '<p id=planted style=\"color: #777; background: #888\">hard to read</p>')"
)
IMAGES = Path(__file__).parents[2] / "docs/images"
OUR_SCRIPTS = "/jupyter-frevagpt/"
IDLE = (
    "() => { const w = window.jupyterapp.shell.currentWidget; const k = w?.sessionContext?.session?.kernel;"
    " return k && k.status === 'idle'; }"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.ui)
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture(scope="session")
def service() -> Iterator[Scripted]:
    running = start_scripted([])
    yield running
    running.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, service: Scripted) -> Iterator[Lab]:
    running = scripted_lab(tmp_path_factory.mktemp("lab"), service)
    yield running
    running.close()


def scripted_lab(base: Path, service: Scripted, application: tuple[str, str] = JUPYTERLAB) -> Lab:
    """Start an application whose models are those of a scripted service."""
    catalogue = service.catalogue(base / "models.json", {"scripted": {}, "scripted-two": {}})
    # the scripts answer the questions of the tests, not the one for a title
    settings = ("--FrevaGPT.local_model=False", "--FrevaGPT.title_model=-")
    return Lab(base, f"--FrevaGPT.catalogue={catalogue}", *settings, application=application)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "no Chromium found: apt-get install chromium, or set CHROMIUM_PATH"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield running
        running.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Return a function that opens a page logged in to a Lab; no script error may have come by the end of the test.

    Excused are errors with one of the texts that come from elsewhere than our own scripts.
    """
    pages: list[Page] = []
    errors: list[str] = []

    def new(lab: Lab, *excused: str) -> Page:
        context = browser.new_context(
            viewport={"width": 1360, "height": 850},
            locale="en-US",
            extra_http_headers={"Authorization": f"token {lab.token}"},
        )
        page = context.new_page()

        def note(error: Error) -> None:
            if error.message not in excused or OUR_SCRIPTS in (error.stack or OUR_SCRIPTS):
                errors.append(f"{error}\n{error.stack}")

        page.on("pageerror", note)
        pages.append(page)
        return page

    yield new
    shots = os.environ.get("UI_SHOTS")
    for number, page in enumerate(pages):
        if shots:
            page.screenshot(path=f"{shots}/{slug_of(request)}-{number}.png")
        page.context.close()
    assert not errors


@pytest.fixture
def page(open_page: OpenPage, lab: Lab, request: pytest.FixtureRequest) -> Page:
    """Return a page with the assistant's panel, in a workspace of the test's own."""
    page = open_page(lab)
    open_lab(page, lab, slug_of(request))
    return page


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Return a name for the test's notebook."""
    return f"{slug_of(request)}.ipynb"


def slug_of(request: pytest.FixtureRequest) -> str:
    """Return a name for the test that a workspace may have too."""
    return re.sub(r"\W+", "-", request.node.name).strip("-")


def notebook(*sources: str) -> dict[str, Any]:
    """Return a notebook of code cells."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell{at}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for at, source in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def open_lab(page: Page, lab: Lab, workspace: str) -> None:
    """Open a fresh workspace with the assistant's panel."""
    page.goto(f"{lab.url}/lab/workspaces/{workspace}?reset", wait_until="domcontentloaded")
    ready(page)
    page.wait_for_selector(".jp-Launcher")  # put into the empty main area behind all else, and given the focus
    show_panel(page)


def ready(page: Page) -> None:
    """Wait until Lab has restored itself."""
    page.wait_for_function("() => !!window.jupyterapp", timeout=60_000)
    page.evaluate("async () => { await window.jupyterapp.restored; }")


def reload(page: Page) -> None:
    """Reload the page and show the assistant again."""
    page.reload(wait_until="domcontentloaded")
    ready(page)
    show_panel(page)


def show_panel(page: Page) -> None:
    """Show the assistant; its box takes the focus with the next frame, and not later from what a test opens."""
    page.evaluate(
        "async () => { await window.jupyterapp.commands.execute('frevagpt:open');"
        " await new Promise(done => requestAnimationFrame(done)); }"
    )
    page.wait_for_selector(".jp-FrevaGPT-input textarea", state="visible")


def open_notebook(page: Page, lab: Lab, name: str, *sources: str) -> None:
    """Write a notebook, open it and wait until its kernel is idle."""
    (lab.root / name).write_text(json.dumps(notebook(*sources)))
    page.evaluate("async p => { await window.jupyterapp.commands.execute('docmanager:open', {path: p}); }", name)
    page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell", timeout=30_000)
    page.wait_for_function(IDLE, timeout=60_000)


def run_cell(page: Page) -> None:
    """Run the notebook's active cell and go to the next one."""
    page.evaluate("async () => { await window.jupyterapp.commands.execute('notebook:run-cell-and-select-next'); }")
    page.wait_for_function(IDLE, timeout=60_000)


def widen(page: Page, width: int) -> None:
    """Drag the panel's edge until it is about so many pixels wide."""
    edge = page.locator("#jp-main-split-panel > .lm-SplitPanel-handle").first.bounding_box()
    assert edge
    y = edge["y"] + edge["height"] / 2
    page.mouse.move(edge["x"] + edge["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(width, y, steps=5)
    page.mouse.up()


def set_theme(page: Page, theme: str) -> None:
    """Change Lab's theme and wait until it is there."""
    page.evaluate(
        "async t => { await window.jupyterapp.commands.execute('apputils:change-theme', {theme: t}); }", theme
    )
    page.wait_for_function("t => document.body.dataset.jpThemeName === t", arg=theme)
    # Lab covers all while it loads one; axe passes what it cannot see
    page.wait_for_function("() => !document.getElementById('jupyterlab-splash')")
    page.wait_for_function("() => !document.getAnimations().some(one => one instanceof CSSTransition)")


def check_accessibility(page: Page, name: str = "") -> None:
    """Let axe look at the panel in each theme; a text that is planted there, hard to read, must be found.

    With a name screenshots are kept.
    """
    page.evaluate(AXE.read_text())
    # Lab's body is 0 pixels high and cuts what overflows, so axe takes all in it for hidden and passes it
    page.evaluate("() => { document.body.style.height = '100vh'; }")
    for theme in (CONTRAST, DARK, LIGHT):
        set_theme(page, theme)
        if name:
            shot(page, f"{name}-{theme}")
        assert page.evaluate(FAULTS) == [], theme
        page.evaluate(PLANT)
        assert [fault.split(":")[0] for fault in page.evaluate(FAULTS)] == ["color-contrast"]
        page.evaluate("() => document.getElementById('planted').remove()")


def ask(page: Page, question: str) -> None:
    """Type a question and send it."""
    box = page.locator(".jp-FrevaGPT-input textarea")
    box.fill(question)
    box.press("Enter")


def code_call(code: str, **step: Any) -> dict[str, Any]:
    """Return the step of a script that calls for code."""
    return {"call": {"name": "code_interpreter", "arguments": {"code": code}, "fragments": 6}, **step}


def script(question: str, code: str, answer: str, delay: float = 0.02) -> list[dict[str, Any]]:
    """Return the rules for a question that is answered with code, and then in words."""
    return [
        {
            "when": {"user": question, "after_tool": False},
            "reply": [{"text": "I look at it.", "chunk": 4}, code_call(code)],
        },
        {"when": {"user": question, "after_tool": True}, "reply": [{"text": answer, "chunk": 5, "delay": delay}]},
    ]


def prompts(page: Page) -> list[str]:
    """Return the numbers beside the notebook's cells."""
    return page.locator(".jp-NotebookPanel .jp-Cell .jp-InputPrompt").all_inner_texts()


def card_output(page: Page, number: int = 0) -> Locator:
    """Return the output of a card."""
    return page.locator(".jp-FrevaGPT-card").nth(number).locator(".jp-FrevaGPT-card-output")


def shot(page: Page, name: str) -> None:
    """Keep a screenshot where somebody wants to look at it."""
    if folder := os.environ.get("UI_SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")


@pytest.fixture(autouse=True)
def jp_asyncio_loop() -> None:
    """Keep pytest-jupyter's loop away: Playwright runs one of its own in this thread."""


@pytest.fixture(autouse=True)
def jp_server_cleanup() -> None:
    """Keep pytest-jupyter's clean-up away: no server lives in this process."""
