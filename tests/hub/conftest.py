"""Alice's server on a hub, one for all tests, and a second one of a site that allows more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ..handlers.conftest import code_rules
from ..scripted import Scripted, start_scripted
from .hub import Hub
from .singleuser import SingleUser

TEXT = {"when": {"user": "hello"}, "reply": [{"text": "Good day.", "chunk": 4}]}

# What code in a kernel can do with the token of its environment: read, ask, decide, run again.
KERNEL_CODE = """
import json, os, urllib.error, urllib.request
token = os.environ.get("JUPYTERHUB_API_TOKEN", "")
def ask(route, **given):
    headers = {"Authorization": "token " + token, "Content-Type": "application/json"}
    request = urllib.request.Request("URL/" + route, json.dumps(given).encode(), headers)
    try:
        return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20).status
    except urllib.error.HTTPError as error:
        return error.code
answer = ask("approve", thread_id="t", id="x", decision="once")
again = (ask("rerun", thread_id="t"), ask("undo", thread_id="t", id="x"))
print(len(token), ask("getuserthreads"), ask("streamresponse", input="hello"), answer, *again)
"""


@pytest.fixture(scope="module")
def service() -> Iterator[Scripted]:
    made = start_scripted([TEXT])
    yield made
    made.close()


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    made = Hub()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def alice(hub: Hub, service: Scripted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SingleUser]:
    """Her server as a hub starts it, which asks before code runs in her kernels."""
    settings = ("FrevaGPT.approval_policy=ask", "FrevaGPT.scratch_approval_policy=run")
    made = SingleUser(tmp_path_factory.mktemp("hub") / "alice", hub, service.base, *settings)
    yield made
    made.close()


def script_kernel_code(service: Scripted, server: SingleUser, question: str) -> None:
    """Let the model answer a question by the code of a kernel that tries what its token opens."""
    rules: list[dict[str, Any]] = code_rules(question, KERNEL_CODE.replace("URL", server.url))
    service.set_script([TEXT, *rules])
