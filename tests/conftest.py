"""Fixtures for all tests: a real Jupyter server with the extension, real kernels, a scripted model service."""

from __future__ import annotations

import pytest

from .scripted import scripted  # noqa: F401 - a fixture

pytest_plugins = ["pytest_jupyter.jupyter_server"]


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's own settings and keys out of the tests."""
    monkeypatch.delenv("FREVAGPT_AVAILABLE_MCP_SERVERS", raising=False)
    for name in ("LITELLM_CONFIG", "FREVAGPT_LITE_LLM_ADDRESS", "FREVAGPT_OPENAI_API_KEY", "FREVAGPT_MONGODB_URI"):
        monkeypatch.delenv(name, raising=False)
