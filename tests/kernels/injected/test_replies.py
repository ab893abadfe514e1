"""A kernel is not trusted: whatever it answers, there is a valid reply or GuestFailed, and nothing else."""

from __future__ import annotations

import ast
import asyncio
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_frevagpt.domain.errors import KernelFailed
from jupyter_frevagpt.kernels.injection import GuestFailed, GuestOps, boot_code, read_report

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_CALLS: dict[str, Any] = {
    "state": lambda ops: ops.state(),
    "cancel": lambda ops: ops.cancel("m"),
    "interrupt_if": lambda ops: ops.interrupt_if("m"),
    "dropped": lambda ops: ops.dropped("m"),
    "describe": lambda ops: ops.describe(),
    "snapshot": lambda ops: ops.snapshot(["x"]),
    "diff": lambda ops: ops.diff("s"),
    "undo": lambda ops: ops.undo("s"),
    "forget": lambda ops: ops.forget(),
    "review": lambda ops: ops.review("x", builtin=[], vouched=[], files=None, made=[]),
    "review_facts": lambda ops: ops.review_facts({}, []),
    "transform": lambda ops: ops.transform("x"),
    "files": lambda ops: ops.files(),
    "uninstall": lambda ops: ops.uninstall(),
    "inject": lambda ops: ops.inject(),
}
_GOOD = {
    "executions": 1,
    "busy": False,
    "variables": [{"name": "x", "type": "int", "kind": "scalar", "value": 1}],
    "more": {},
    "total": 1,
    "masked": [],
    "ms": 0.1,
}


def _ops(reply: Any) -> GuestOps:
    async def link(message_type: str, content: dict[str, Any], *, channel: str, timeout: float) -> Mapping[str, Any]:
        if isinstance(reply, Exception):
            raise reply
        result: Mapping[str, Any] = reply
        return result

    return GuestOps(link, "s")


async def _call(name: str, reply: Any) -> None:
    failed: GuestFailed | None = None
    try:
        await _CALLS[name](_ops(reply))
    except GuestFailed as error:
        failed = error
    if failed is not None:
        assert failed.reason in ("timeout", "refused", "malformed", "failed", "outdated")
        assert len(str(failed)) < 400


def test_any_answer_is_borne() -> None:
    async def ask_all(replies: list[Any]) -> None:
        for name in _CALLS:
            for reply in replies:
                await _call(name, reply)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(body=_JSON, raw=st.text(max_size=50), whole=_JSON)
    def check(body: Any, raw: str, whole: Any) -> None:
        replies = [
            {"status": "ok", "body": json.dumps(body)},
            {"status": "ok", "body": raw},
            {"status": "ok", "body": body},
            {"status": "error", "evalue": body},
            whole,
        ]
        asyncio.run(ask_all(replies))

    check()


@pytest.mark.parametrize(
    "reply",
    [
        TimeoutError(),
        KernelFailed("gone"),
        {"status": "ok", "body": "[" * 200_000},
        {"status": "ok", "body": '{"executions": NaN}'},
        {"status": "ok", "body": json.dumps({**_GOOD, "more_keys": 1})},
        {"status": "ok", "body": json.dumps({**_GOOD, "executions": -1})},
        {"status": "ok", "body": json.dumps({**_GOOD, "variables": [{"name": "x" * 1000, "type": "int"}]})},
        {"status": "ok", "body": '{"total": 1e400}'},
        {"status": "ok", "body": " " * 3_000_000 + json.dumps(_GOOD)},
        {},
    ],
)
async def test_a_bad_description_is_refused(reply: Any) -> None:
    with pytest.raises(GuestFailed):
        await _ops(reply).describe()
    for name in _CALLS:
        await _call(name, reply)


async def test_a_good_description_is_taken() -> None:
    """The control of the test above."""
    found = await _ops({"status": "ok", "body": json.dumps(_GOOD)}).describe()
    assert found.variables[0].value == 1


@given(metadata=_JSON | st.dictionaries(st.just("frevagpt"), _JSON | st.text()))
@settings(max_examples=100, deadline=None)
def test_any_report_is_borne(metadata: Any) -> None:
    read_report(metadata)


def _injected() -> dict[str, str]:
    files = resources.files("jupyter_frevagpt.kernels.injected").iterdir()
    return {file.name: file.read_text(encoding="utf-8") for file in files if file.name.endswith(".py")}


@pytest.mark.parametrize("name", sorted(_injected()))
def test_injected_code_is_for_old_pythons_and_bare_environments(name: str) -> None:
    tree = ast.parse(_injected()[name], feature_version=(3, 9))
    for node in ast.walk(tree):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            modules = [node.module or ""]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 1, "nothing of the server's can be imported there"
        for module in modules:
            assert module.split(".")[0] in _ALLOWED, module


_ALLOWED = frozenset(
    "IPython __future__ builtins collections contextlib contextvars functools gc importlib itertools json math "
    "operator os re secrets select signal sys threading time types typing zlib".split()
)


def test_the_boot_code_is_one_expression_of_bounded_size() -> None:
    code = boot_code("session")
    assert isinstance(ast.parse(code, mode="eval").body, ast.Call)
    assert len(code) < 60_000
    assert "\n" not in code
