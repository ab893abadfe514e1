"""A whole turn whose code runs in a kernel behind a gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..gateway import Gateway, gateway  # noqa: F401 - a fixture
from .conftest import Chat, code_rules, hints, joined


@pytest.fixture
def rules() -> list[dict[str, Any]]:
    return [
        *code_rules("sum", "secret = 40\nprint(secret + 2)"),
        *code_rules("again", "print(secret + 3)"),
        *code_rules("long", "import time\nprint('on', flush=True)\ntime.sleep(60)"),
    ]


@pytest.fixture
def jp_server_config(jp_server_config: dict[str, Any], gateway: Gateway) -> dict[str, Any]:  # noqa: F811
    client = {"url": gateway.url, "auth_token": gateway.token, "auth_scheme": "token", "gateway_retry_max": 0}
    return {**jp_server_config, "GatewayClient": client}


async def test_a_turn_in_a_remote_kernel(chat: Chat) -> None:
    kernels = chat.app.serverapp.kernel_manager
    assert type(kernels).__name__ == "GatewayMappingKernelManager"
    kernel_id = await kernels.start_kernel()
    lines = await chat.stream(input="sum", kernel_id=kernel_id, rich=True)
    assert joined(lines, "CodeOutput") == "42\n"
    assert hints(lines, "run")[-1] == {"id": hints(lines, "run")[0]["id"], "state": "done", "kernel_id": kernel_id}
    assert lines[-1] == {"variant": "StreamEnd", "content": "Finished."}


async def test_a_kernel_of_the_chats_own_is_started_there(chat: Chat, gateway: Gateway) -> None:  # noqa: F811
    lines = await chat.stream(input="sum")
    thread_id = lines[0]["content"]["thread_id"]
    assert joined(lines, "CodeOutput") == "42\n"
    assert joined(await chat.stream(input="again", thread_id=thread_id), "CodeOutput") == "43\n"


async def test_stop_ends_the_turn_and_the_code(chat: Chat) -> None:
    kernel_id = await chat.app.serverapp.kernel_manager.start_kernel()
    ended: list[dict[str, Any]] = []
    async with chat.reading("streamresponse", input="long", kernel_id=kernel_id, rich=True) as lines:
        async for line in lines:
            ended.append(line)
            if hints([line], "output"):
                await chat.post("stop", thread_id=ended[0]["content"]["thread_id"])
    assert ended[-1]["content"] == "Stopped."
    assert joined(await chat.stream(input="sum", kernel_id=kernel_id), "CodeOutput") == "42\n"


async def test_a_gateway_that_is_gone_is_told_in_words(chat: Chat, gateway: Gateway, tmp_path: Path) -> None:  # noqa: F811
    kernel_id = await chat.app.serverapp.kernel_manager.start_kernel()
    gateway.close()
    lines = await chat.stream(input="sum", kernel_id=kernel_id)
    assert "gateway" in joined(lines, "CodeOutput")
    assert str(gateway.port) not in str(lines)
    assert joined(await chat.stream(input="sum"), "CodeOutput").startswith("No kernel could be started")
