"""Which names may stand for the same object, or share its memory, while code runs."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable

from .purity import CALLS_BACK, NEW_RESULT, PURE_METHODS, SHARING
from .report import How, Touch

Key = tuple[int, str]
"""A scope's number, 0 for the user's namespace, and a name in it."""
_LISTS = (ast.List, ast.Tuple, ast.ListComp)


class Sharing:
    """Scopes, bindings and what shares with what; ``visit`` is for who walks through the code."""

    def __init__(self, modules: set[str]) -> None:
        self.modules = modules
        self.direct: set[Touch] = set()
        self.mutated: set[Key] = set()
        self._shared: dict[Key, set[Key]] = defaultdict(set)
        self._locals: list[set[str]] = []
        self._ids: list[int] = []
        self._scopes = 0
        self._roots: dict[int, set[Key]] = {}

    def visit(self, node: ast.AST) -> None:
        """Note what the code at ``node`` touches."""
        raise NotImplementedError

    def enter(self, names: set[str]) -> None:
        """Begin a scope with these names of its own."""
        self._scopes += 1
        self._ids.append(self._scopes)
        self._locals.append(names)

    def leave(self) -> None:
        """End the scope."""
        self._ids.pop()
        self._locals.pop()

    def result(self) -> tuple[Touch, ...]:
        """All touches, with those that come by sharing."""
        seen: set[Key] = set()
        waiting = list(self.mutated)
        while waiting:
            key = waiting.pop()
            if key not in seen:
                seen.add(key)
                waiting += self._shared[key]
        found = self.direct | {Touch(name, "mutates") for scope, name in seen if scope == 0}
        return tuple(sorted(found))

    def key(self, name: str) -> Key:
        """The name in the scope where it belongs."""
        for number, names in zip(reversed(self._ids), reversed(self._locals), strict=True):
            if name in names:
                return (number, name)
        return (0, name)

    def touch(self, name: str, how: How) -> None:
        """Note a touch, if the name is the user's."""
        if self.key(name)[0] == 0:
            self.direct.add(Touch(name, how))

    def roots(self, node: ast.expr | None) -> set[Key]:
        """The names whose objects the expression's result may be or share memory with."""
        found = self._roots.get(id(node))
        if found is None:
            found = self._roots[id(node)] = self._find_roots(node)
        return found

    def _find_roots(self, node: ast.expr | None) -> set[Key]:
        match node:
            case ast.Name():
                return set() if node.id in self.modules else {self.key(node.id)}
            case ast.Attribute() | ast.Subscript() | ast.Starred() | ast.Await() | ast.NamedExpr():
                return self.roots(node.value)
            case ast.List() | ast.Tuple() | ast.Set():
                return self.all_roots(node.elts)
            case ast.Dict():
                return self.all_roots(node.values)
            case ast.IfExp():
                return self.roots(node.body) | self.roots(node.orelse)
            case ast.BoolOp():
                return self.all_roots(node.values)
            case ast.BinOp() if isinstance(node.left, _LISTS) or isinstance(node.right, _LISTS):
                return self.all_roots([node.left, node.right])
            case ast.Call():
                return self.roots_of_call(node)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                inner = self.all_roots(generator.iter for generator in node.generators)
                return inner | self.roots(node.elt)
            case ast.DictComp():
                inner = self.all_roots(generator.iter for generator in node.generators)
                return inner | self.roots(node.value)
        return set()

    def all_roots(self, nodes: Iterable[ast.expr | None]) -> set[Key]:
        """The roots of all of these."""
        return {key for node in nodes for key in self.roots(node)}

    def roots_of_call(self, node: ast.Call) -> set[Key]:
        """The roots of what a call gives."""
        func = node.func
        if isinstance(func, ast.Name) and func.id in NEW_RESULT:
            return set()
        if isinstance(func, ast.Attribute) and func.attr in PURE_METHODS and func.attr not in SHARING:
            if func.attr not in CALLS_BACK and self.roots(func.value):
                return set()
        return self.all_roots([*node.args, *(keyword.value for keyword in node.keywords)]) | (
            self.roots(func.value) if isinstance(func, ast.Attribute) else set()
        )

    def share(self, targets: Iterable[Key], keys: set[Key]) -> None:
        """Note that these may be, or hold, one another."""
        for target in targets:
            for key in keys:
                if key != target:
                    self._shared[target].add(key)
                    self._shared[key].add(target)

    def bind(self, target: ast.expr, keys: set[Key]) -> None:
        """Bind a target to an object that shares with ``keys``."""
        match target:
            case ast.Name():
                self.touch(target.id, "rebinds")
                self.share([self.key(target.id)], keys)
            case ast.Tuple() | ast.List():
                parts = {self.key(part.id) for part in target.elts if isinstance(part, ast.Name)}
                for part in target.elts:
                    self.bind(part, keys | parts)
            case ast.Starred():
                self.bind(target.value, keys)
            case ast.Attribute() | ast.Subscript():
                roots = self.roots(target.value)
                self.mutated |= roots
                self.share(roots, keys)
                if not roots and isinstance(target.value, ast.Name):
                    self.mutated.add(self.key(target.value.id))
                self.visit(target.value)
                if isinstance(target, ast.Subscript):
                    self.visit(target.slice)


def bound_names(body: Iterable[ast.AST]) -> set[str]:
    """The names that the statements bind, without those of functions inside of them."""
    found: set[str] = set()
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            found.add(node.name)
        if not isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            waiting += ast.iter_child_nodes(node)
    return found


def local_names(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The names that belong to the function alone."""
    names = bound_names(node.body) | {part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)}
    for part in ast.walk(node):
        if isinstance(part, ast.Global):
            names -= set(part.names)
        elif isinstance(part, ast.Nonlocal):
            names -= set(part.names)
    return names
