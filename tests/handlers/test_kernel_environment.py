"""What kernels that we start know of their site and thread (contract 35)."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Chat, code_rules, joined

ASKED = "import os\nprint(os.environ.get('EVALUATION_SYSTEM_CONFIG_FILE'), os.environ.get('THREAD_ID'))"


@pytest.fixture
def rules() -> list[dict[str, Any]]:
    return code_rules("configuration", ASKED)


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"freva_config": "/opt/freva/evaluation_system.conf"}


async def test_kernels_of_ours_know_the_freva_configuration_and_others_are_left_alone(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EVALUATION_SYSTEM_CONFIG_FILE", raising=False)
    lines = await chat.stream(input="configuration")
    thread_id = lines[0]["content"]["thread_id"]
    assert joined(lines, "CodeOutput") == f"/opt/freva/evaluation_system.conf {thread_id}\n"
    kernel_id = await chat.app.serverapp.kernel_manager.start_kernel()
    lines = await chat.stream(input="configuration", kernel_id=kernel_id)
    assert joined(lines, "CodeOutput") == "None None\n"
