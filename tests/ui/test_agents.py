"""Another agent's code in the browser: it waits in a chat of its own, and its user decides there."""

from __future__ import annotations

import json
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ..mcp.raw import ACCEPT, HELLO, call
from .conftest import check_accessibility, open_notebook
from .lab import Lab
from .test_threads import listing, mark, post, row


def send(lab: Lab, message: dict[str, Any], session: str = "") -> tuple[str, dict[str, Any]]:
    """Send a message as a program does; return the session's id and the result."""
    headers = {**ACCEPT, "Authorization": f"token {lab.token}", **({"Mcp-Session-Id": session} if session else {})}
    request = urllib.request.Request(f"{lab.url}/api/chatbot/mcp", json.dumps(message).encode(), headers)
    with urllib.request.urlopen(request, timeout=120) as response:
        text = response.read().decode()
        lines = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
        return session or response.headers["Mcp-Session-Id"], json.loads(lines[-1] if lines else text)["result"]


def end(lab: Lab, session: str) -> None:
    """End a session, and what it runs."""
    headers = {"Authorization": f"token {lab.token}", "Mcp-Session-Id": session}
    request = urllib.request.Request(f"{lab.url}/api/chatbot/mcp", headers=headers, method="DELETE")
    with urllib.request.urlopen(request, timeout=30) as response:
        assert response.status == 204


def until_running(lab: Lab, agent: str) -> None:
    """Wait until a chat of the agent's is being answered."""
    deadline = time.monotonic() + 60
    while not any(agent in one["topic"] and one["running"] for one in post(lab, "getuserthreads")[0]):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def kernel_of(page: Page) -> str:
    found: str = page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.id")
    return found


@pytest.mark.parametrize("decision", ["once", "deny"])
def test_the_user_decides_in_the_panel(page: Page, lab: Lab, name: str, decision: str) -> None:
    victim = lab.root.parent / mark()
    victim.write_text("here")
    open_notebook(page, lab, name, "1")
    agent = mark()
    hello = {**HELLO, "params": {**HELLO["params"], "clientInfo": {"name": agent, "version": "1"}}}
    session, _ = send(lab, hello)
    code = f"import os\nos.remove({str(victim)!r})\nprint(6 * 7)"
    with ThreadPoolExecutor(1) as pool:
        asked = call("code_interpreter", {"kernel_id": kernel_of(page), "code": code})
        answer = pool.submit(send, lab, asked, session)
        try:
            until_running(lab, agent)  # the list is loaded once, and again only while something in it runs
            listing(page)
            row(page, agent).locator(".jp-FrevaGPT-thread").click(timeout=30_000)
            card = page.locator(".jp-FrevaGPT-card[data-state=approval]")
            expect(card).to_be_visible(timeout=30_000)
            expect(card).to_contain_text(agent)
            assert victim.exists()
            if decision == "deny":
                check_accessibility(page)
            card.locator(".jp-FrevaGPT-deny" if decision == "deny" else ".jp-FrevaGPT-approve-once").click()
            _, result = answer.result(timeout=60)
        finally:
            end(lab, session)  # else a failure would wait for the answer
    assert victim.exists() == (decision == "deny")
    assert result["isError"] == (decision == "deny")
    assert ("did not let" if decision == "deny" else "42") in result["content"][0]["text"]
