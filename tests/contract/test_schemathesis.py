"""schemathesis over our own document against a running server: no 5xx, no status, media type or answer not in it.

What it leaves out is in schemathesis.toml, with reasons.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .schemathesis_hooks import THREAD
from .server import Server
from .test_openapi import OPERATIONS

FOLDER = Path(__file__).parent
CASES = 5
"""Drawn requests an operation, beside the hundreds that its coverage phase makes of limits and wrong kinds."""


@pytest.fixture
def thread(server: Server) -> None:
    """Make the thread that the document's examples name."""
    server.post("streamresponse", input="figures", thread_id=THREAD)


@pytest.mark.timeout(660)
@pytest.mark.usefixtures("thread")
def test_requests_of_every_kind_are_answered_as_documented(server: Server, tmp_path: Path) -> None:
    root = FOLDER.parents[1]
    command = [
        Path(sys.executable).with_name("st"), "--config-file", FOLDER / "schemathesis.toml", "run",
        f"{server.url}/api/chatbot/openapi.json", "--url", server.url, "-H", f"Authorization: token {server.token}",
        "--phases", "examples,coverage,fuzzing", "-n", str(CASES), "--generation-deterministic", "--no-shrink",
        "--workers", "2", "--request-timeout", "20",
    ]  # fmt: skip
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.contract.schemathesis_hooks",
        "PYTHONPATH": str(root),
        "NO_COLOR": "1",
    }
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=tmp_path, env=environment)
    said = ended.stdout[-6000:] + ended.stderr[-2000:]
    assert ended.returncode == 0, said
    selected = re.search(r"Selected: (\d+)/(\d+)", ended.stdout)
    assert selected, said
    assert int(selected[1]) == len(OPERATIONS) - 1, said  # all but the route that the document itself comes from
    tested = re.search(r"(\d+) generated, (\d+) passed", ended.stdout)
    assert tested, said
    assert int(tested[2]) > 1000, said
    assert "Traceback" not in server.log
