"""Servers that are set up by their environment alone, as existing deployments are (contract section 6, number 30)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from ..scripted import Scripted, start_scripted
from .server import Server

Start = Callable[[Mapping[str, str]], Server]
NESTED = """
groups:
  - name: ours
    model_list:
      - model_name: inner
        litellm_params: {model: openai/inner, api_base: "https://models.invalid/v1"}
      - model_name: vectors
        litellm_params: {model: openai/vectors}
        model_info: {mode: embedding}
model_list:
  - {model_name: OUTER, litellm_params: {model: openai/outer}}
  - {model_name: inner, litellm_params: {model: openai/another}}
"""


@pytest.fixture
def proxy() -> Iterator[Scripted]:
    names = "import os; print(sorted(name for name in os.environ if name.startswith('FREVAGPT')))"
    call = {"name": "code_interpreter", "arguments": {"code": names}}
    rules = [
        {"when": {"user": "names", "after_tool": False}, "reply": [{"call": call}]},
        {"reply": [{"text": "Good day."}]},
    ]
    running = start_scripted({"rules": rules, "models": ["one", "two"]})
    yield running
    running.close()


@pytest.fixture
def start(tmp_path: Path, proxy: Scripted) -> Iterator[Start]:
    started: list[Server] = []

    def begin(environment: Mapping[str, str]) -> Server:
        started.append(Server(tmp_path, proxy.base, environment))
        return started[-1]

    yield begin
    for server in started:
        server.close()


@pytest.mark.parametrize("variable", [True, False])
def test_a_catalogue_is_found_by_the_environment_or_in_the_working_directory(
    start: Start, tmp_path: Path, variable: bool
) -> None:
    (tmp_path / "litellm_config.yaml").write_text(NESTED.replace("OUTER", "of the folder"))
    elsewhere = tmp_path / "elsewhere.yaml"
    elsewhere.write_text(NESTED.replace("OUTER", "of the variable"))
    server = start({"LITELLM_CONFIG": str(elsewhere)} if variable else {})
    assert server.get("availablechatbots") == ["inner", "of the variable" if variable else "of the folder"]
    elsewhere.unlink()
    status, _, answer = server.send("GET", "availablechatbots", {})
    assert (status, list(json.loads(answer))) == ((500, ["detail"]) if variable else (200, ["inner", "of the folder"]))
    assert str(tmp_path) not in answer.decode()


@pytest.mark.parametrize("slash", ["", "/v1/"])
def test_a_proxy_is_asked_with_its_key_which_no_kernel_gets(start: Start, proxy: Scripted, slash: str) -> None:
    key = secrets.token_hex(16)
    server = start({"FREVAGPT_LITE_LLM_ADDRESS": proxy.url + slash, "FREVAGPT_OPENAI_API_KEY": key})
    assert server.get("availablechatbots") == ["one", "two"]
    assert server.post("streamresponse", input="hello", chatbot="two")[-1]["content"] == "Finished."
    asked = proxy.requests()[0]
    assert (asked["path"], asked["body"]["model"]) == ("/v1/chat/completions", "two")
    assert asked["headers"]["authorization"] == f"Bearer {key}"
    if not slash:
        lines = server.post("streamresponse", input="names")
        shown = "".join(line["content"] for line in lines if line["variant"] == "CodeOutput")
        assert "FREVAGPT_OPENAI_API_KEY" not in shown
        assert shown.startswith("[")
    assert key not in server.log
