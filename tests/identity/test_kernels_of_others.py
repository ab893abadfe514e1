"""On a service for many nobody names a kernel: that of somebody else looks like none, and so does one's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ..handlers.conftest import code_rules, hints, joined
from ..scripted import Scripted
from .conftest import Site, detail
from .services import Service

ABSENT = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def jp_server_config(jp_server_config: dict[str, Any], scripted: Callable[..., Scripted]) -> dict[str, Any]:
    rules = [
        *code_rules("keep", "kept = 'alice only'"),
        *code_rules("look", "print(globals().get('kept', 'nothing'))"),
    ]
    path = jp_server_config["FrevaGPT"]["catalogue"]
    entry = {"model": "openai/first", "api_base": scripted(rules).base, "api_key": "k"}
    with open(path, "w") as file:
        json.dump({"model_list": [{"model_name": "first", "litellm_params": entry}]}, file)
    jp_server_config["FrevaGPT"] |= {"title_model": "-"}
    return jp_server_config


async def ask(site: Site, token: str, **given: Any) -> list[dict[str, Any]]:
    answer = await site.send("POST", "api/chatbot/streamresponse", token, given={"rich": True, **given})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_a_kernel_of_somebody_else_is_like_none(site: Site, service: Service, token: str) -> None:
    service.users["bob-token"] = "bob"
    mine = await ask(site, token, input="keep")
    kernel = hints(mine, "run")[-1]["kernel_id"]
    assert kernel in site.serverapp.kernel_manager
    thread = mine[0]["content"]["thread_id"]
    routes: tuple[tuple[str, dict[str, Any]], ...] = (
        ("streamresponse", {"input": "look"}),
        ("variables", {}),
        ("rerun", {"thread_id": thread}),
    )
    for route, given in routes:
        said = set()
        for who in (token, "bob-token"):
            for kernel_id in (kernel, ABSENT, "x", "../x"):
                answer = await site.send("POST", f"api/chatbot/{route}", who, given={**given, "kernel_id": kernel_id})
                assert answer.status_code == 422, (route, who, kernel_id)
                said.add(answer.text)
        assert len(said) == 1
        assert "Leave kernel_id out" in detail(answer)
    # The control: a thread finds its own kernel by itself, another's thread has another one.
    assert joined(await ask(site, token, input="look", thread_id=thread), "CodeOutput") == "alice only\n"
    assert joined(await ask(site, "bob-token", input="look"), "CodeOutput") == "nothing\n"
    for given in ({"thread_id": thread, "id": "call"}, {"thread_id": thread}):
        route = "undo" if "id" in given else "rerun"
        answer = await site.send("POST", f"api/chatbot/{route}", "bob-token", given=given)
        assert answer.status_code == 404
