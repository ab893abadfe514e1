"""Secrets of the server's environment: whatever code prints of them, nobody gets them."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from ..scripted import Scripted
from .conftest import Chat, code_rules, joined

NAME = "CANARY_API_KEY"


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> str:
    value = secrets.token_urlsafe(24)
    monkeypatch.setenv(NAME, value)
    return value


@pytest.fixture
def settings(canary: str) -> dict[str, Any]:
    return {"GuestRegistry": {"stored_output_chars": 1000}}


@pytest.mark.parametrize(
    "code",
    [
        "print('it is', S)",
        "import sys\nfor part in (S[:7], S[7:20], S[20:]): sys.stdout.write(part); sys.stdout.flush(); time.sleep(0.3)",
        "import base64; print(base64.b64encode(b'xx' + S.encode()).decode())",
        "raise ValueError(S)",
        "{'key': S}",
        "from IPython.display import display; display({'text/html': f'<b>{S}</b>', 'text/plain': S}, raw=True)",
        "print(dict(os.environ))",
        "print('x' * 990 + S)",
        "import threading; threading.Timer(0.2, lambda: print(S)).start()",
    ],
)
async def test_what_code_prints_of_a_secret_is_redacted(
    chat: Chat, service: Scripted, canary: str, code: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "jupyter_frevagpt")
    lines: list[dict[str, Any]] = []
    kernel = {"kernel_id": str(await chat.app.serverapp.kernel_manager.start_kernel())}
    for script in (
        f"import os, time; S = os.environ[{NAME!r}]\n{code}",
        "import time; time.sleep(0.5); print('later')",
    ):
        service.set_script(code_rules("now", script))
        lines += await chat.stream(input="now", rich=True, **kernel)
        assert canary not in json.dumps(service.requests())
    thread = {"thread_id": lines[0]["content"]["thread_id"], "id": next(x["id"] for x in lines if "id" in x)}
    rest = await chat.post("output", **thread)
    shown = joined(lines, "CodeOutput")
    assert "[redacted]" in shown + rest.text
    assert shown.endswith("later\n") or "[redacted]\n" in shown.partition("later")[2]
    kept = "".join(path.read_text() for path in (tmp_path / "frevagpt").rglob("*") if path.is_file())
    assert "CodeOutput" in kept
    for text in (json.dumps(lines), rest.text, kept, caplog.text):
        assert canary not in text


async def test_a_kernel_of_ours_has_the_variable_and_the_server_knows_its_own_token(
    chat: Chat, service: Scripted, canary: str
) -> None:
    token = chat.app.serverapp.identity_provider.token
    service.set_script(code_rules("now", f"import os; print(len(os.environ[{NAME!r}])); print({token!r})"))
    lines = await chat.stream(input="now", rich=True)
    assert joined(lines, "CodeOutput") == f"{len(canary)}\n[redacted]\n"
