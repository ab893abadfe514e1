"""What the server's process holds while tools of other servers are used: nothing of the library, a helper has it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..contract.server import Server
from ..scripted import Scripted
from .conftest import Outside, tool_rules


def mapped(pid: int | str) -> str:
    """Return the files that a process has in its memory."""
    return Path(f"/proc/{pid}/maps").read_text()


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(one) for task in tasks for one in (task / "children").read_text().split()]


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
        pid = server._process.pid
        helpers = [child for child in children(pid) if b"_mcp_worker" in Path(f"/proc/{child}/cmdline").read_bytes()]
        assert len(helpers) == 1
        assert "pydantic_core" in mapped(helpers[0])
        assert "msgspec" in mapped(pid)
        assert "pydantic_core" not in mapped(pid)
    finally:
        server.close()
