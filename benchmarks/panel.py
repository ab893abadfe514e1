"""The panel in a browser: a long answer while it streams, a long chat while it opens, and what it leaves behind."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Any

from jupyter_frevagpt.domain.values import ThreadRef
from jupyter_frevagpt.domain.variants import Assistant, Code, CodeOutput, StreamEnd, StreamVariant, User
from jupyter_frevagpt.threads.folders import OwnerFolders
from jupyter_frevagpt.threads.jsonl import FileThreadStore
from tests.scripted import Scripted
from tests.ui.conftest import FLAGS, ask, open_lab
from tests.ui.lab import Lab

from .figures import Figure, middle
from .processes import OWNER, Ground

_ITEMS = 1000
_ROUNDS = 3
_SENTENCE = "The field of day {0} shows **{0} K** in `tas.sel(time={0})`, as $T_{{{0}}}$ and the table below tell.\n\n"
_ANSWER = "".join(_SENTENCE.format(number) for number in range(210))[:20_000] + "\n\nThat was all."
_CHUNKS = 200

_WATCH_TASKS = """
window.longTasks = [];
new PerformanceObserver(list => window.longTasks.push(...list.getEntries().map(one => one.duration)))
  .observe({type: 'longtask', buffered: true});
"""
_LONGEST = "() => { const longest = Math.max(0, ...window.longTasks); window.longTasks = []; return longest; }"
_OPEN = """([thread, last]) => new Promise((resolve, reject) => {
  const began = performance.now();
  document.querySelector(`[data-thread-id="${thread}"]`).click();
  const look = () => {
    const passed = performance.now() - began;
    if (document.querySelector('.jp-FrevaGPT-log')?.textContent.includes(last)) {
      resolve(passed);
    } else if (passed > 30000) {
      reject(new Error('the chat did not open'));
    } else {
      requestAnimationFrame(look);
    }
  };
  look();
})"""
_SHOWN = """() => JSON.parse(
  Object.entries(sessionStorage).find(([key]) => key.startsWith('frevagpt:place'))[1]).thread"""
_FETCH = """async thread => {
  const began = performance.now();
  const answer = await fetch(`/api/chatbot/getthread?thread_id=${thread}&rich=true`);
  const items = await answer.json();
  return [performance.now() - began, items.length];
}"""
_LIST = "async () => { await window.jupyterapp.commands.execute('frevagpt:list-chats'); }"
_NEW = "async () => { await window.jupyterapp.commands.execute('frevagpt:new-chat'); }"


async def panel(_: Ground) -> list[Figure]:
    """Measure in Chromium; nothing where there is none."""
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        return []
    with tempfile.TemporaryDirectory() as folder:
        long = ThreadRef(OWNER, secrets.token_hex(16))
        store = FileThreadStore(OwnerFolders(Path(folder) / "data/frevagpt"))
        await store.reserve(long, User("Question 0"), "The long one")
        await store.append(long, _items())
        return await asyncio.to_thread(_measured, Path(folder), path, long.thread_id)


def _measured(folder: Path, chromium: str, long: str) -> list[Figure]:
    from playwright.sync_api import sync_playwright

    service = Scripted([{"reply": [{"text": _ANSWER, "chunk": len(_ANSWER) // _CHUNKS, "delay": 0.01}]}])
    try:
        catalogue = folder / "models.json"
        way = {"model": "openai/m", "api_base": service.base, "api_key": "none"}
        catalogue.write_text(json.dumps({"model_list": [{"model_name": "m", "litellm_params": way}]}))
        settings = (f"catalogue={catalogue}", "local_model=False", "title_model=-", f"owner={OWNER}")
        lab = Lab(folder, *(f"--FrevaGPT.{one}" for one in settings))
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=FLAGS)
                context = browser.new_context(extra_http_headers={"Authorization": f"token {lab.token}"})
                page = context.new_page()
                page.add_init_script(_WATCH_TASKS)
                open_lab(page, lab, "panel")
                return [*_streamed(page), *_opened(page, long)]
        finally:
            lab.close()
    finally:
        service.close()


def _streamed(page: Any) -> list[Figure]:
    browser = _Browser(page)
    once, streamed, longest = [], [], []
    for _ in range(_ROUNDS):
        page.evaluate(_NEW)
        page.evaluate(_LONGEST)
        before = browser.work()
        ask(page, "Tell me all.")
        # looking for a text, again and again, would cost the page as much as rendering it does
        page.locator(".jp-FrevaGPT-stop").wait_for()
        page.locator(".jp-FrevaGPT-send").wait_for()
        page.get_by_text("That was all.").wait_for()
        page.wait_for_timeout(500)
        streamed.append(browser.work() - before)
        longest.append(page.evaluate(_LONGEST))
        thread = page.evaluate(_SHOWN)
        page.evaluate(_NEW)
        page.evaluate(_LIST)
        page.locator(f'[data-thread-id="{thread}"]').wait_for()
        before = browser.work()
        page.evaluate(_OPEN, [thread, "That was all."])
        page.wait_for_timeout(500)
        once.append(browser.work() - before)
    return [
        Figure(
            "20 kB answer in 200 chunks, work of the browser", middle(streamed), floor=middle(once), limit=1000,
            note="floor: opened when it is done",
        ),
        Figure("longest task while it streams", min(longest), limit=50, note=f"0 is below 50; best of {_ROUNDS}"),
    ]  # fmt: skip


def _opened(page: Any, long: str) -> list[Figure]:
    browser = _Browser(page)
    opened, fetched = [], []
    page.evaluate(_NEW)
    before = browser.megabytes()
    for _ in range(_ROUNDS):
        page.evaluate(_LIST)
        page.locator(f'[data-thread-id="{long}"]').wait_for()
        opened.append(page.evaluate(_OPEN, [long, f"Answer {_ITEMS // 4 - 1}"]))
        milliseconds, items = page.evaluate(_FETCH, long)
        if items < _ITEMS:
            raise RuntimeError(f"the chat has {items} items and not {_ITEMS}")
        fetched.append(milliseconds)
        page.evaluate(_NEW)
    return [
        Figure(
            f"chat of {_ITEMS} items opens", middle(opened), floor=middle(fetched), limit=1000, note="floor: fetched"
        ),
        Figure("memory it leaves in the browser", browser.megabytes() - before, "MB", limit=5, note=f"{_ROUNDS} times"),
    ]


class _Browser:
    def __init__(self, page: Any) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable")
        self._session.send("HeapProfiler.enable")

    def work(self) -> float:
        """Return the milliseconds that the page's thread has computed."""
        return self._metric("TaskDuration") * 1000

    def megabytes(self) -> float:
        """Return what the page's scripts hold."""
        self._session.send("HeapProfiler.collectGarbage")
        return self._metric("JSHeapUsedSize") / 2**20

    def _metric(self, name: str) -> float:
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == name))


def _items() -> list[StreamVariant]:
    items: list[StreamVariant] = []
    for number in range(_ITEMS // 4):
        if number:
            items.append(User(f"Question {number}"))
        items += [
            Code(json.dumps({"code": f"value = {number}\nprint(value)"}), f"call_{number}"),
            CodeOutput(f"{number}\n", f"call_{number}"),
            Assistant(f"Answer {number}: " + _SENTENCE.format(number)),
            StreamEnd("Finished."),
        ]
    return items
