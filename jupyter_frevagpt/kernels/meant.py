"""Which files code may mean, from what stands in it, so that only those are looked for before it runs."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

_LONGEST = 10_000
_LONGEST_PATH = 1000
_MOST = 100
_WILD = frozenset("*?[")
_PUTS_TOGETHER = frozenset(
    "join joinpath format format_map Path PurePath PosixPath PurePosixPath pathlib glob iglob rglob listdir scandir "
    "walk iterdir chdir get_ipython eval exec compile".split()
)
"""Names by which code makes paths of several texts, searches for files, or runs other code."""


def meant_files(code: str) -> list[str] | None:
    """Return the beginnings of the paths that code may open, and of the files of what it imports.

    None where any file may be meant: paths are put together or searched for, or the code cannot be read here.
    """
    if len(code) > _LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
        nodes = list(ast.walk(tree))
        texts = list(_texts(nodes))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found = [path for root in _imported(nodes) if root for path in (root, f"{root}/__init__.")]
    if texts:
        if any(map(_puts_together, nodes)) or any(_WILD & set(text) for text in texts):
            return None
        found += [text for text in texts if len(text) <= _LONGEST_PATH]
    found = list(dict.fromkeys(found))
    return found if len(found) <= _MOST else None


def _texts(nodes: list[ast.AST]) -> Iterator[str]:
    """Yield the texts that may be a path or a part of one: not those that only say which item, or nothing."""
    idle: set[ast.AST] = set()
    for node in nodes:
        if isinstance(node, ast.Subscript):
            parts = list(ast.walk(node.slice))
            if all(isinstance(part, ast.Constant | ast.Tuple | ast.List | ast.expr_context) for part in parts):
                idle.update(parts)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            idle.add(node.value)
    for node in nodes:
        if isinstance(node, ast.Constant) and node not in idle:
            if isinstance(node.value, str) and node.value:
                yield node.value
            elif isinstance(node.value, bytes):
                yield node.value.decode("latin-1")


def _imported(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


def _puts_together(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr):
        return True
    if isinstance(node, ast.BinOp):
        numeric = any(_is_number(side) for side in (node.left, node.right))
        return not numeric and isinstance(node.op, ast.Add | ast.Div | ast.Mod)
    if isinstance(node, ast.AugAssign):
        return not _is_number(node.value) and isinstance(node.op, ast.Add | ast.Div | ast.Mod)
    if isinstance(node, ast.Name):
        return node.id in _PUTS_TOGETHER
    if isinstance(node, ast.Attribute):
        return node.attr in _PUTS_TOGETHER
    return isinstance(node, ast.alias) and bool(_PUTS_TOGETHER & set(node.name.split(".")))


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float, complex)
