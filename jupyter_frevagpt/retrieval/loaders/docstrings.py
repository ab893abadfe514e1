"""The docstrings of a Python module, read from its source: nothing of it is imported or run."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import PurePosixPath

from ..sections import Section

_Described = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_LONGEST_SIGNATURE = 500


def of_module(source: str, text: str) -> list[Section]:
    """Return a section for each public class, function and method with a docstring, headed by its full name."""
    module = ".".join(PurePosixPath(source).with_suffix("").parts).removesuffix(".__init__")
    tree = ast.parse(text)
    sections = []
    if said := ast.get_docstring(tree):
        sections.append(Section(module, said, 1))
    return [*sections, *_of(tree, module)]


def _of(node: ast.Module | ast.ClassDef, above: str) -> Iterator[Section]:
    for one in node.body:
        if not isinstance(one, _Described) or one.name.startswith("_"):
            continue
        name = f"{above}.{one.name}"
        said = ast.get_docstring(one, clean=False)
        if said and said.strip():
            yield Section(name, f"```python\n{_signature(one)}\n```\n\n{inspect.cleandoc(said)}", one.lineno)
        if isinstance(one, ast.ClassDef):
            yield from _of(one, name)


def _signature(node: _Described) -> str:
    if isinstance(node, ast.ClassDef):
        made = next((one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"), None)
        return f"class {node.name}({_arguments(made)})" if made else f"class {node.name}"
    return f"{node.name}({_arguments(node)})"


def _arguments(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Return the arguments without their types, which say little and are long."""
    given = node.args
    for one in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg):
        if one is not None:
            one.annotation = None
    text = ast.unparse(given)
    for own in ("self", "cls"):
        text = text.removeprefix(own).removeprefix(", ") if text == own or text.startswith(f"{own}, ") else text
    return text if len(text) <= _LONGEST_SIGNATURE else text[: _LONGEST_SIGNATURE - 1] + "…"
