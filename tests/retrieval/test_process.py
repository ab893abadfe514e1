"""What the server's process holds while documents are looked into: nothing of the libraries, a helper has them."""

from __future__ import annotations

from pathlib import Path

from ..contract.server import Server
from ..process import mapped
from ..scripted import start_scripted


def test_the_libraries_are_in_the_helper_alone(tmp_path: Path) -> None:
    call = {"call": {"name": "get_context_from_resources", "arguments": {"question": "means of months"}}}
    service = start_scripted(
        [{"when": {"user": "ask", "after_tool": False}, "reply": [call]}, {"reply": [{"text": "Done."}]}]
    )
    server = Server(tmp_path, service.base)
    try:
        lines = server.post("streamresponse", input="ask", rich=True)
        (output,) = [line for line in lines if line["variant"] == "ToolOutput"]
        assert output["data"]["passages"]["found"]
        (helper,) = server.process.helpers("jupyter_frevagpt.retrieval")
        assert "lancedb" in mapped(helper)
        assert "msgspec" in mapped(server.process.pid)
        for library in ("lancedb", "pyarrow", "onnxruntime", "semantic_text_splitter"):
            assert library not in mapped(server.process.pid)
    finally:
        server.close()
        service.close()
