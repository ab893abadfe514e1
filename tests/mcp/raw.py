"""Messages of the protocol, sent by hand."""

from __future__ import annotations

import json
from typing import Any

import httpx

ACCEPT = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}},
}
LIST = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}


def call(name: str, arguments: dict[str, Any], request_id: int = 3) -> dict[str, Any]:
    params = {"name": name, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": request_id, "method": "tools/call", "params": params}


def error_of(answer: httpx.Response) -> str:
    """Return the text of an error of JSON-RPC, which is all that the answer holds."""
    body = answer.json()
    assert set(body) == {"jsonrpc", "id", "error"}, body
    assert set(body["error"]) == {"code", "message"}
    assert "Access-Control-Allow-Origin" not in answer.headers
    text = str(body["error"]["message"])
    assert text.endswith((".", "?")), text
    return text


def result_of(answer: httpx.Response) -> dict[str, Any]:
    """Return the result that an answer holds, be it a stream or not."""
    assert answer.status_code == 200, answer.text
    if answer.headers["Content-Type"].startswith("application/json"):
        result: dict[str, Any] = answer.json()["result"]
        return result
    last = [line for line in answer.text.splitlines() if line.startswith("data: ")][-1]
    result = json.loads(last[6:])["result"]
    return result
