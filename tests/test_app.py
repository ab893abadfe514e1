"""The server extension as a whole: what a fresh server imports, shows and hides."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from jupyter_frevagpt.models.weights import ENGINE_REQUIREMENT

HEAVY = frozenset("litellm lancedb pyarrow onnxruntime motor pymongo mcp openai xllamacpp PIL freva_client".split())

FRESH = """
import json, os, sys
from jupyter_server.serverapp import ServerApp
app = ServerApp()
app.initialize(argv=["--ServerApp.jpserver_extensions={'jupyter_frevagpt': True}", "--port=0", "--no-browser"])
loaded = [name for extensions in app.extension_manager.extension_apps.values() for name in map(type, extensions)]
print(json.dumps({
    "modules": sorted({name.partition(".")[0] for name in sys.modules}),
    "loaded": [kind.__name__ for kind in loaded],
    "environment": dict(os.environ),
}))
"""


def run(*command: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    folders = {f"JUPYTER_{kind}_DIR": str(tmp_path / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    return subprocess.run(
        command,
        env={**os.environ, **folders, **environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def fresh(tmp_path: Path, **environment: str) -> dict[str, Any]:
    """Return what a server that has just started knows."""
    done = run(sys.executable, "-c", FRESH, tmp_path=tmp_path, **environment)
    assert done.returncode == 0, done.stderr[-2000:]
    state: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return state


def test_a_fresh_server_has_imported_nothing_heavy_and_hidden_our_secrets(tmp_path: Path) -> None:
    canary = secrets.token_hex(8)
    state = fresh(tmp_path, FREVAGPT_OPENAI_API_KEY=canary)
    assert "FrevaGPT" in state["loaded"]
    assert "jupyter_frevagpt" in state["modules"]
    assert not set(HEAVY) & set(state["modules"])
    assert canary not in json.dumps(state["environment"])


def test_the_address_of_a_database_is_hidden_and_its_driver_there_before_the_first_request(tmp_path: Path) -> None:
    canary = secrets.token_hex(8)
    state = fresh(tmp_path, FREVAGPT_MONGODB_URI=f"mongodb://user:{canary}@127.0.0.1:9/chatbot")
    assert canary not in json.dumps(state["environment"])
    assert "motor" in state["modules"]
    assert not (set(HEAVY) - {"motor", "pymongo"}) & set(state["modules"])


@pytest.mark.parametrize("command", [["server", "extension", "list"], ["labextension", "list"]])
def test_both_extensions_are_enabled_and_ok(tmp_path: Path, command: list[str]) -> None:
    done = run(sys.executable, "-m", "jupyter", *command, tmp_path=tmp_path)
    said = done.stdout + done.stderr
    name = "jupyter_frevagpt" if command[0] == "server" else "jupyter-frevagpt"
    lines = [line for line in said.splitlines() if name in line]
    assert any("enabled" in line for line in lines), said
    assert any("OK" in line for line in lines), said


def test_no_setting_shows_a_key(tmp_path: Path) -> None:
    canary = secrets.token_hex(8)
    for option in ("--show-config", "--show-config-json", "--help-all"):
        start = f"from jupyter_frevagpt.app import main; main([{option!r}])"
        done = run(sys.executable, "-c", start, tmp_path=tmp_path, FREVAGPT_OPENAI_API_KEY=canary)
        assert canary not in done.stdout + done.stderr
    assert "FrevaGPT.catalogue" in done.stdout


def test_the_extra_asks_for_the_engine_that_the_command_installs() -> None:
    all_of_them = [Requirement(text) for text in requires("jupyter-frevagpt") or []]
    wanted = [one for one in all_of_them if one.marker and one.marker.evaluate({"extra": "local"})]
    assert [(one.name, one.specifier) for one in wanted] == [
        ((engine := Requirement(ENGINE_REQUIREMENT)).name, engine.specifier)
    ]
