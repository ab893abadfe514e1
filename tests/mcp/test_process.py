"""What the server's process holds while tools of other servers are used: nothing of the library, a helper has it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..contract.server import Server
from ..process import mapped
from ..scripted import Scripted
from .conftest import Outside, tool_rules


def test_the_library_is_in_the_helper_alone(
    tmp_path: Path, outside: Callable[..., Outside], scripted: Callable[[Any], Scripted]
) -> None:
    service = scripted({"rules": tool_rules("look up", ("look_up", {"name": "Kiel"})), "models": ["one"]})
    environment = {
        "FREVAGPT_LITE_LLM_ADDRESS": service.url,
        "FREVAGPT_AVAILABLE_MCP_SERVERS": "site",
        "FREVAGPT_SITE_SERVER_URL": outside().url,
    }
    server = Server(tmp_path, service.base, environment)
    try:
        for _ in range(5):  # on a busy machine the helper may need longer to start than a question waits
            lines = server.post("streamresponse", input="look up", rich=True)
            (output,) = [line for line in lines if line["variant"] == "ToolOutput"]
            if "no tool named" not in output["content"]:
                break
        assert json.loads(output["content"])["name"] == "Kiel"
        (helper,) = server.process.helpers("_mcp_worker")
        assert "pydantic_core" in mapped(helper)
        assert "msgspec" in mapped(server.process.pid)
        assert "pydantic_core" not in mapped(server.process.pid)
    finally:
        server.close()
