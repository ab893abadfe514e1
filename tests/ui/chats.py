"""Chats that a test makes without a browser, and where the panel shows them."""

from __future__ import annotations

import json
import random
import urllib.request
from typing import Any

from playwright.sync_api import Locator, Page, expect

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
