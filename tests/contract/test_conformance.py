"""docs/conformance.md names tests that are there, and leaves no promise and no route out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from jupyter_frevagpt.handlers.routes import ROUTES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/conformance.md").read_text()
NAMED = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)
# Ours alone: docs/wire.md tells what they do.
OWN = {
    "settings", "follow", "approve", "toolresult", "undo", "output", "rerun", "variables", "files", "importthread",
    "deleteall", "diagnostics", "resources", "indexresources", "removeresource",
}  # fmt: skip


def names_in(path: Path) -> set[str]:
    """Return the names of a file's tests."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse(path.read_text())
    return {one.name for one in ast.walk(tree) if isinstance(one, kinds) and one.name.startswith("test_")}


def test_every_test_that_is_named_exists() -> None:
    assert len(NAMED) > 80
    known = {path: names_in(ROOT / "tests" / path) for path in {path for path, _ in NAMED}}
    assert [f"{path}::{name}" for path, name in NAMED if name not in known[path]] == []


def test_every_promise_has_one() -> None:
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert [int(number) for number, _, _ in rows] == list(range(1, 36))
    assert all("::test_" in tests for _, _, tests in rows)


def test_every_route_has_one() -> None:
    routes = PAGE.partition("## Routes")[2].partition("## What is not shown")[0]
    listed = set(re.findall(r"`([a-z.]+)`", routes))
    assert set(ROUTES) - OWN == listed & set(ROUTES)
