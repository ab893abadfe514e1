"""The scripted model service as a process of its own, for tests.

``start_scripted(rules)`` returns the running service; the fixture ``scripted`` is such a function whose services are
closed at the end of the test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]

Rules = list[dict[str, Any]] | dict[str, Any]


class Scripted:
    """A running service; ``url`` has no path, the OpenAI protocol is at ``url + "/v1"``."""

    def __init__(self, rules: Rules, port: int = 0) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
            json.dump(rules, file)
        path = os.environ.get("PYTHONPATH", "")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_frevagpt.models.scripted", file.name, "--port", str(port)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), path]))},
        )
        assert self.process.stdout
        line = self.process.stdout.readline().decode()
        os.unlink(file.name)
        if not line:
            self.close()
        assert line.startswith("listening on 127.0.0.1:"), f"the scripted service did not start: {line!r}"
        self.url = "http://" + line.split()[-1]

    @property
    def base(self) -> str:
        """The address of the OpenAI protocol."""
        return self.url + "/v1"

    def catalogue(self, path: Path, models: Mapping[str, Mapping[str, Any]]) -> Path:
        """Write a catalogue of models that this service answers for: each name with its ``model_info``."""
        way = {"api_base": self.base, "api_key": "k"}
        entries = [
            {"model_name": name, "litellm_params": {"model": f"openai/{name}", **way}}
            | ({"model_info": dict(info)} if info else {})
            for name, info in models.items()
        ]
        path.write_text(json.dumps({"model_list": entries}))
        return path

    def requests(self) -> list[dict[str, Any]]:
        """Return what was asked since the script was set: path, headers, body, matched, ended, left."""
        asked: list[dict[str, Any]] = self._fetch("/requests")
        return asked

    def set_script(self, rules: Rules) -> None:
        """Replace the script and forget what was asked."""
        self._fetch("/script", json.dumps(rules).encode())

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def _fetch(self, path: str, body: bytes | None = None) -> Any:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.url + path, data=body, timeout=10) as response:
            data = response.read()
        return json.loads(data) if data else None


def start_scripted(rules: Rules, port: int = 0) -> Scripted:
    """Start a service with a script; the caller closes it."""
    return Scripted(rules, port)


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    """Return :func:`start_scripted`; what it started is closed at the end of the test."""
    started: list[Scripted] = []

    def start(rules: Rules, port: int = 0) -> Scripted:
        service = start_scripted(rules, port)
        started.append(service)
        return service

    yield start
    for service in started:
        service.close()
