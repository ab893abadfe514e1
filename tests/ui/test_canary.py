"""Nothing of an answer, an output or a chat's name is fetched or run: a host that must not be asked sees nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ..scripted import Scripted
from .canary import Canary, Payload, listening
from .chats import chat, listing, mark, post, row
from .conftest import ask, code_call, open_notebook, reload
from .lab import Lab

LOG = ".jp-FrevaGPT-log"
# what Lab and the panel ask for by themselves
OWN = re.compile(
    r"/(?:lab(?:/|$|\?)|static/|custom/|favicon|kernelspecs/|api/(?:chatbot|config|contents|events|kernels|kernelspecs|me|nbconvert"
    r"|sessions|status|terminals|translations|workspaces|listings|settings|security|collaboration)\b"
    r"|lab/|lsp/|nbextensions/)"
)
WATCH = """() => {
  window.opened = []; window.ran = [];
  window.open = (...given) => { window.opened.push(given); return null; };
  window.jupyterapp.commands.addCommand('canary:run', {execute: () => { window.ran.push('command'); }});
}"""
CLICK = """() => {
  const hit = [...document.querySelectorAll(
    '.jp-FrevaGPT-log :is(.jp-RenderedHTMLCommon, .jp-FrevaGPT-answer) :is(a, area, svg *, mjx-container *, [onclick],'
    + ' [data-commandlinker-command], summary, div[id])')];
  for (const one of hit) {
    one.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
    one.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}));
  }
  return hit.length;
}"""
LOUD = """() => [...document.querySelectorAll(
  '.jp-FrevaGPT-log :is(.jp-RenderedHTMLCommon, .jp-FrevaGPT-answer, .jp-OutputArea-output) *')]
  .filter(one => !one.closest('.jp-FrevaGPT-codebar'))
  .filter(one => one.matches('svg, iframe, script, style, link, object, embed, form, video, audio, source, base, meta,'
    + ' area, .jp-Mermaid, [style*="url("], [background], [poster], [srcset], [ping], [data-commandlinker-command]')
    || one.matches('img') && !one.getAttribute('src').startsWith('data:image/')
    || [...one.attributes].some(({name}) => name.startsWith('on')))
  .map(one => one.outerHTML.slice(0, 200))"""
THROUGH = """async () => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  const frame = () => new Promise(resolve => requestAnimationFrame(resolve));
  while (!notebook.widgets.at(-1)?.model.sharedModel.source.includes('That is the end.')) { await frame(); }
  for (let at = 0; at < notebook.widgets.length; at++) {
    notebook.activeCellIndex = at;
    await notebook.scrollToItem(at);
    await frame();
  }
}"""
LINKS = """() => [...document.querySelectorAll('.jp-FrevaGPT-log .jp-RenderedHTMLCommon a[href]')].map(
  one => ({href: one.getAttribute('href'), rel: one.rel, target: one.target, title: one.title}))"""


@pytest.fixture
def canary() -> Iterator[Canary]:
    with listening() as running:
        yield running


@pytest.fixture
def asked(page: Page) -> list[str]:
    """Return what the page asks for from now on."""
    addresses: list[str] = []
    page.context.on("request", lambda request: addresses.append(request.url))
    page.on("websocket", lambda socket: addresses.append(socket.url))
    return addresses


def known(url: str, lab: Lab, canary: Canary) -> bool:
    """Whether Lab, the panel or the test asks for that by themselves."""
    if url.startswith((f"{lab.url}/", f"{lab.url}/".replace("http", "ws"))):
        return bool(OWN.match(url.split(str(lab.port), 1)[1]))
    return url.startswith(("data:", "blob:", f"{canary.url}/end-"))


def quiet(page: Page, lab: Lab, canary: Canary, asked: list[str]) -> None:
    """Check that nothing was asked for but what Lab and the panel ask for by themselves."""
    canary.silent(page)
    others = [url for url in asked if canary.word in url or not known(url, lab, canary)]
    assert others == []
    assert page.evaluate("() => window.ran") == []
    assert page.evaluate(LOUD) == []


def opened_all(page: Page) -> None:
    """Show all that the chat has: earlier items, and what is folded."""
    earlier = page.locator(".jp-FrevaGPT-earlier")
    while earlier.count():
        earlier.click()
    for toggle in page.locator(".jp-FrevaGPT-tool .jp-FrevaGPT-card-toggle[aria-expanded=false]").all():
        toggle.click()


def items(payloads: list[Payload]) -> list[dict[str, Any]]:
    """Return a chat with each text in each place that a text can have in one."""
    found: list[dict[str, Any]] = []
    mimes = ("text/html", "text/markdown", "image/svg+xml", "text/latex")
    shown: list[dict[str, Any]] = [
        {"output_type": "display_data", "data": {mime: payload.text, "text/plain": "plain"}, "metadata": {}}
        for payload in payloads
        for mime in mimes
    ]
    url = payloads[0].text
    address = re.search(r'http[^"]+', url)
    assert address
    widget = {"model_id": "0" * 32, "version_major": 2, "version_minor": 0}
    vega = {"$schema": "https://vega.github.io/schema/vega-lite/v5.json", "data": {"url": address[0]}, "mark": "bar"}
    bundles: list[dict[str, Any]] = [
        {"application/javascript": f"fetch('{address[0]}')"},
        {"application/vnd.jupyter.widget-view+json": widget},
        {"application/vnd.vegalite.v5+json": vega},
        {"application/vnd.vega.v5+json": vega},
        {"application/geo+json": {"type": "Point", "coordinates": [0, 0], "url": address[0]}},
        {"application/json": {"url": address[0]}},
        {"application/pdf": "JVBERi0="},
        {"image/png": f'"><img src="{address[0]}">'},
    ]
    shown += [{"output_type": "display_data", "data": data, "metadata": {}} for data in bundles]
    every = "\n\n".join(payload.text for payload in payloads)
    shown += [
        {"output_type": "stream", "name": "stdout", "text": every},
        {"output_type": "error", "ename": url, "evalue": every, "traceback": [every]},
    ]
    for payload in payloads:
        found += [{"variant": "User", "content": payload.text}, {"variant": "Assistant", "content": payload.text}]
    found += [
        {"variant": "ToolCall", "content": json.dumps({"query": every}), "id": "t", "tool_name": "look_up"},
        {"variant": "ToolOutput", "content": every, "id": "t", "tool_name": "look_up"},
        {"variant": "ServerError", "content": every},
        {"variant": "ServerHint", "content": {"notice": {"text": every}}},
        {"variant": "Code", "content": json.dumps({"code": every}), "id": "c"},
        {"variant": "CodeOutput", "content": every, "id": "c", "display": shown},
        {"variant": "Assistant", "content": "That is the end."},
        {"variant": "StreamEnd", "content": "Finished."},
    ]
    return found


def test_what_is_trusted_is_fetched(page: Page, lab: Lab, canary: Canary, name: str) -> None:
    """The control: each text does have the host asked where nobody takes care."""
    payloads = canary.payloads()
    assert len(payloads) > 60
    by_kind = {kind: [one for one in payloads if one.kind == kind] for kind in ("html", "markdown", "click")}
    bare = page.context.browser.new_page()  # type: ignore[union-attr]
    try:
        bare.goto(f"{canary.url}/blank")
        for payload in by_kind["html"]:
            bare.evaluate(
                "html => { const frame = document.createElement('iframe'); frame.srcdoc = html;"
                " document.body.append(frame); }",
                payload.text,
            )
        wanted = {one.number for one in by_kind["html"]}
        for _ in range(200):
            if wanted <= canary.numbers():
                break
            bare.wait_for_timeout(50)
        assert wanted - canary.numbers() == set()
    finally:
        bare.close()
    open_notebook(page, lab, name, "1")
    seen: set[str] = set()
    page.on("request", lambda request: seen.add(request.url))
    page.evaluate(
        "texts => { const nb = window.jupyterapp.shell.currentWidget.content; for (const source of texts) {"
        " nb.model.sharedModel.insertCell(0, {cell_type: 'markdown', source}); nb.widgets[0].rendered = true; } }",
        [one.text for one in by_kind["markdown"]],
    )
    for payload in by_kind["markdown"]:
        place = re.compile(rf"/{canary.word}/{payload.number}$")
        expect(page.locator(f".jp-NotebookPanel img[src*='{canary.word}/{payload.number}']")).to_have_count(1)
        for _ in range(100):
            if any(place.search(url) for url in seen):
                break
            page.wait_for_timeout(50)
        assert any(place.search(url) for url in seen), payload


def test_an_answer_fetches_and_runs_nothing_while_it_comes(
    page: Page, lab: Lab, service: Scripted, canary: Canary, asked: list[str]
) -> None:
    payloads = canary.payloads()
    page.evaluate(WATCH)
    # HTML swallows what stands behind it, so that each kind comes in an answer of its own
    for kind, chunk in (("markdown", 3), ("click", 5), ("html", 7)):
        text = "\n\n".join(payload.text for payload in payloads if payload.kind == kind)
        service.set_script([{"reply": [{"text": f"{text}\n\nThe end of {kind}.", "chunk": chunk, "delay": 0.001}]}])
        ask(page, f"show {kind}")
        expect(page.locator(".jp-FrevaGPT-question", has_text=f"show {kind}")).to_be_visible()
        expect(page.locator(".jp-FrevaGPT-stop")).to_be_visible()
        expect(page.locator(".jp-FrevaGPT-send")).to_be_visible(timeout=60_000)
        quiet(page, lab, canary, asked)
    assert page.evaluate(CLICK) > 10
    quiet(page, lab, canary, asked)
    text = "\n\n".join(payload.text for payload in payloads)
    service.set_script([{"reply": [{"text": f"{text}\n\nNot the end", "chunk": 900}, {"stall": 120}]}])
    ask(page, "go on after a reload")
    expect(page.locator(".jp-FrevaGPT-answer").last).to_contain_text("x")
    reload(page)
    page.evaluate(WATCH)
    expect(page.locator(LOG)).to_contain_text("The end of markdown.")
    expect(page.locator(".jp-FrevaGPT-question", has_text="after a reload")).to_be_visible()
    expect(page.locator(".jp-FrevaGPT-answer").last).to_contain_text("x")
    quiet(page, lab, canary, asked)
    page.locator(".jp-FrevaGPT-stop").click()
    expect(page.locator(".jp-FrevaGPT-send")).to_be_visible()


def test_a_chat_from_elsewhere_fetches_and_runs_nothing(page: Page, lab: Lab, canary: Canary, asked: list[str]) -> None:
    payloads = canary.payloads()
    topic = mark()
    chat(lab, topic, *items(payloads))
    for payload in payloads:
        post(lab, "importthread", topic=payload.text[:190], content=[{"variant": "User", "content": "x"}])
    page.evaluate(WATCH)
    listing(page)
    expect(row(page, payloads[-1].text[:20])).to_have_count(1)
    while (more := page.get_by_role("button", name="Show more")).count():
        before = page.locator(".jp-FrevaGPT-threadRow").count()
        more.click()
        expect(page.locator(".jp-FrevaGPT-threadRow").nth(before)).to_be_visible()
    quiet(page, lab, canary, asked)
    row(page, topic).locator(".jp-FrevaGPT-thread").click()
    expect(page.locator(LOG)).to_contain_text("That is the end.")
    opened_all(page)
    expect(page.locator(".jp-FrevaGPT-question")).to_have_count(len(payloads))
    quiet(page, lab, canary, asked)
    assert page.evaluate(CLICK) > 50
    quiet(page, lab, canary, asked)
    opened = page.evaluate("() => window.opened")
    assert opened, "the clicks did reach links"
    assert {re.match(r"\w+:", one[0])[0] for one in opened} <= {"http:", "https:", "mailto:"}  # type: ignore[index]
    assert {tuple(one[1:]) for one in opened} == {("_blank", "noopener,noreferrer")}
    for link in page.evaluate(LINKS):
        assert re.match(r"https?://|mailto:", link["href"]), link
        assert (link["rel"], link["target"], link["title"]) == ("noopener noreferrer", "_blank", link["href"])
    reload(page)
    page.evaluate(WATCH)
    expect(page.locator(LOG)).to_contain_text("That is the end.")
    opened_all(page)
    quiet(page, lab, canary, asked)
    page.evaluate("async () => { await window.jupyterapp.commands.execute('frevagpt:export-notebook'); }")
    cells = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell")
    expect(cells.first).to_be_visible(timeout=30_000)
    page.evaluate(THROUGH)  # Lab draws only the cells that are in view
    expect(cells.filter(has_text="That is the end.").first).to_be_visible(timeout=30_000)
    canary.silent(page)
    assert [url for url in asked if canary.word in url] == []


def test_what_goes_with_a_question_fetches_nothing(
    page: Page, lab: Lab, service: Scripted, canary: Canary, asked: list[str]
) -> None:
    topic = mark()
    texts = [payload.text for payload in canary.payloads()]
    service.set_script([{"reply": [{"text": "Seen."}]}])
    chips = [
        {"kind": "selection", "name": some[0], "path": f"{at}.ipynb", "text": "\n\n".join(some)}
        for at, some in enumerate(texts[at::6] for at in range(6))
    ]
    question = {"input": topic, "context": chips, "rich": True}
    answer = page.request.post(f"{lab.url}/api/chatbot/streamresponse", data=question)
    assert "Seen." in answer.text()
    page.evaluate(WATCH)
    listing(page)
    row(page, topic).locator(".jp-FrevaGPT-thread").click()
    for at in range(6):
        page.locator(".jp-FrevaGPT-question .jp-FrevaGPT-chip-name").nth(at).click()
        expect(page.locator(".jp-FrevaGPT-sent-preview")).to_contain_text(texts[at])
        expect(page.locator(".jp-FrevaGPT-sent-preview pre")).to_contain_text(texts[at + 6])
    quiet(page, lab, canary, asked)


def test_outputs_of_code_fetch_and_run_nothing(
    page: Page, lab: Lab, service: Scripted, canary: Canary, asked: list[str], name: str
) -> None:
    texts = [payload.text for payload in canary.payloads()]
    address = f"{canary.url}/{canary.word}/99"
    code = (
        "from IPython.display import display, HTML, Javascript, SVG, Markdown, Latex\n"
        f"texts = {texts!r}\n"
        "for text in texts:\n    for kind in (HTML, Markdown, Latex):\n        display(kind(' ' + text))\n"
        f"display(Javascript(\"fetch('{address}')\"))\n"
        f'display(SVG(\'<svg xmlns="http://www.w3.org/2000/svg"><image href="{address}"/></svg>\'))\n'
        f"vega = {{'data': {{'url': '{address}'}}, 'mark': 'bar'}}\n"
        "display({'application/vnd.vegalite.v5+json': vega, 'text/plain': 'chart'}, raw=True)\n"
        "import ipywidgets\n"
        f"display(ipywidgets.HTML('<img src=\"{address}\">'))\n"
        "print('all', 'shown')"
    )
    service.set_script(
        [
            {"when": {"after_tool": False}, "reply": [code_call(code)]},
            {"when": {"after_tool": True}, "reply": [{"text": "That is all."}]},
        ]
    )
    open_notebook(page, lab, name, "1")
    page.evaluate(WATCH)
    ask(page, "show it")
    page.locator(".jp-FrevaGPT-approve-once").click(timeout=60_000)
    expect(page.locator(".jp-FrevaGPT-card-output")).to_contain_text("all shown", timeout=60_000)
    expect(page.locator(".jp-FrevaGPT-send")).to_be_visible(timeout=30_000)
    quiet(page, lab, canary, asked)
    page.evaluate(CLICK)
    quiet(page, lab, canary, asked)
    reload(page)
    page.evaluate(WATCH)
    expect(page.locator(".jp-FrevaGPT-card-output")).to_contain_text("all shown")
    quiet(page, lab, canary, asked)
