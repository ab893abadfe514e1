"""Reads what code binds and changes: names, attributes, items."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from .expressions import Expressions
from .known import CANONICAL
from .options import is_look
from .scope import DATA, PARAMETER, REPORTED, Scope, Value

_ASSIGNABLE = frozenset(
    "columns index name names attrs values shape data real imag coords encoding units mask flat fill_value title "
    "dtype calendar top_labels right_labels left_labels bottom_labels xlabels_top ylabels_right xlocator ylocator "
    "xformatter yformatter xlabel_style ylabel_style xlines ylines".split()
)
_LIST_CHANGES = frozenset(("append", "extend", "insert", "update", "setdefault", "add", "appendleft", "extendleft"))


class Bindings(Expressions):
    """The part of the reader that binds; a name that is bound more than once is not vouched for."""

    def look_ahead(self, tree: ast.AST) -> None:
        """Note what the whole code binds, before it is read in order."""
        nodes = all_nodes(tree)
        self._bindings = count_bindings(nodes)
        self._lists_change = _changes_lists(nodes)
        self.globals: set[str] = set()
        self.prepare(nodes)

    def bind(self, target: ast.expr, value: Value) -> None:
        """Let a target stand for a value, and all targets inside of it."""
        if isinstance(target, ast.Name):
            self.bind_name(target.id, value, target)
        elif isinstance(target, ast.Tuple | ast.List):
            for part, inner in zip(target.elts, _parts_of(value, target.elts), strict=True):
                self.bind(part, _without_texts(msgspec.structs.replace(inner, tag=value.tag)))
        elif isinstance(target, ast.Starred):
            self.bind(target.value, _without_texts(Value(tag=value.tag, holds=value.holds or value.of)))
        elif isinstance(target, ast.Attribute):
            self._bind_attribute(target)
        elif isinstance(target, ast.Subscript):
            self._bind_item(target)

    def bind_name(self, name: str, value: Value, node: ast.AST) -> None:
        """Let a name stand for a value, in the scope where it belongs."""
        scope = self.scope
        if value.parts:
            value = msgspec.structs.replace(value, parts=())  # a list may be another one when it is used
        if name in self.globals:
            while scope.outer is not None:
                scope = scope.outer
        if scope.outer is None:
            self._bind_outermost(name, value, node)
            if self.branches > 0 and (scope.names.get(name) is None):
                if name.startswith("_"):
                    return  # it may still be one of IPython's
                value = self._or_what_it_was(name, value, node)
        before = scope.names.get(name)
        special = ("module", "function", "risky")
        if before is not None and before != value and (value.sort in special or before.sort in special):
            if {"module", "risky"} & {before.sort, value.sort}:
                self.findings.add("persistence", f"Lets {name} stand for different things", node)
                value = REPORTED
            else:
                value = DATA
        elif self._bindings[name] > 1 or self.runs_magics or (value.listed and self._lists_change):
            value = _without_texts(value)
        if before is not None and before.tag == "opaque" and value.sort == "data":
            value = Value(tag="opaque")
        scope.names[name] = value

    def _bind_outermost(self, name: str, value: Value, node: ast.AST) -> None:
        wanted = self.facts.modules.get(name) or CANONICAL.get(name)
        if wanted is not None and value.sort in ("module", "risky") and value.path == wanted:
            return
        if name == "display" and value.path == "IPython.display.display":
            return
        if self.is_guarded(name):
            words = f"Makes {name} something else for all later code"
            self.findings.add("persistence", words, node)
        elif name in self.facts.variables and name not in self.facts.own:
            line = getattr(node, "lineno", 1)
            self.findings.say("rebinds", f"Gives your variable {name} a new value.", line, asks=False)

    def _or_what_it_was(self, name: str, value: Value, node: ast.AST) -> Value:
        """A name that is bound in a branch only may still be the kernel's."""
        if name in self.facts.modules:
            return value if value.path == self.facts.modules[name] else REPORTED
        if name not in self.facts.variables:
            return value
        before = self.name(ast.copy_location(ast.Name(name, ast.Load()), node))
        if before.sort == "reported" or value.sort != "data":
            return before if before.sort == "reported" or value.sort in ("function", "local") else REPORTED
        return Value(size=max(before.size, value.size), tag=before.tag)

    def _is_of_module(self, target: ast.expr) -> bool:
        """True for a part of a module, such as ``plt.style.library["x"]``."""
        while isinstance(target, ast.Attribute | ast.Subscript):
            target = target.value
        found = self.resolve(target) if isinstance(target, ast.Name) else DATA
        return found.sort in ("module", "function")

    def _bind_attribute(self, target: ast.Attribute) -> None:
        base = self.resolve(target.value)
        if base.sort == "risky":
            self.ask_for(base.path, target)
        elif base.sort in ("module", "function") or self._is_of_module(target.value):
            if base.path.startswith("pandas.options.display"):
                return
            self.findings.add("persistence", "Changes a module or a type for all later code", target)
        elif base.sort != "reported" and target.attr not in _ASSIGNABLE:
            self.findings.add("persistence", f"Sets .{target.attr} of an object", target)
        self.mutation(target.value, target, base)

    def _bind_item(self, target: ast.Subscript) -> None:
        base = self.resolve(target.value)
        self.value(target.slice)
        if base.sort == "risky":
            self.ask_for(base.path, target)
        elif base.sort in ("module", "function") or self._is_of_module(target.value):
            key = target.slice.value if isinstance(target.slice, ast.Constant) else None
            if base.path != "matplotlib.rcParams" or not is_look(key):
                self.findings.add("persistence", "Changes settings for all later code", target)
        self.mutation(target.value, target, base)

    def mutation(self, target: ast.expr, node: ast.AST, value: Value) -> None:
        """Note that what ``target`` stands for, ``value`` as far as is known, is changed in place."""
        root = target
        while isinstance(root, ast.Attribute | ast.Subscript | ast.Starred):
            root = root.value
        if isinstance(root, ast.Name) and self.scope.find(root.id) is None:
            self.changed(root.id, node)
        else:
            self.changed(value.of, node)

    def put_inside(self, target: ast.expr, values: Iterable[Value]) -> None:
        """Note that a list of this code's holds these."""
        holds = self.held_by(values)
        scope: Scope | None = self.scope
        while holds and isinstance(target, ast.Name) and scope is not None:
            if (before := scope.names.get(target.id)) is not None:
                if before.sort == "data":
                    scope.names[target.id] = msgspec.structs.replace(before, holds=holds)
                return
            scope = scope.outer

    def changed(self, name: str, node: ast.AST) -> None:
        """Note that a variable of the user's is changed in place, whatever it is called here."""
        if name == PARAMETER:
            self.changes_arguments = True
        if self.is_users(name):
            self.findings.say("mutates", f"Changes your variable {name} in place.", getattr(node, "lineno", 1))


def _without_texts(value: Value) -> Value:
    """What is still true of a name that is bound more than once."""
    if value.sort != "data":
        return value
    tag = value.tag if value.tag in ("figure", "opaque") else ""
    return Value(size=value.size, tag=tag, of=value.of, holds=value.holds, parts=value.parts)


def _parts_of(value: Value, targets: Sequence[ast.expr]) -> Sequence[Value]:
    """What each of these is bound to, as far as a review follows data."""
    if len(value.parts) == len(targets) and not any(isinstance(target, ast.Starred) for target in targets):
        return [Value(size=part.size, of=part.of, holds=part.holds, parts=part.parts) for part in value.parts]
    return [Value(of=value.holds or value.of, holds=value.holds)] * len(targets)


def all_nodes(tree: ast.AST) -> list[ast.AST]:
    """All nodes of the tree, as ``ast.walk`` gives them but in a third of its time."""
    found = [tree]
    for node in found:
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, list):
                found += [part for part in value if isinstance(part, ast.AST)]
            elif isinstance(value, ast.AST) and value._fields:
                found.append(value)
    return found


_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)


def count_bindings(nodes: Iterable[ast.AST]) -> Counter[str]:
    """How often each name is bound anywhere in the code."""
    counts: Counter[str] = Counter()
    for node in nodes:
        if type(node) is ast.Name:
            if type(node.ctx) is not ast.Load:
                counts[node.id] += 1
        elif type(node) is ast.arg:
            counts[node.arg] += 1
        elif type(node) is ast.alias:
            counts[(node.asname or node.name).split(".")[0]] += 1
        elif type(node) is ast.MatchMapping:
            counts[node.rest or ""] += 1
        elif type(node) is ast.AugAssign:
            if isinstance(node.target, ast.Name):
                counts[node.target.id] += 1
        elif isinstance(node, _NAMED):
            counts[node.name or ""] += 1
    return counts


def _changes_lists(nodes: Iterable[ast.AST]) -> bool:
    for node in nodes:
        match node:
            case ast.AugAssign():
                return True
            case ast.Attribute() if node.attr in _LIST_CHANGES:
                return True
            case ast.Name() if node.id == "getattr":
                return True
            case ast.Subscript() if not isinstance(node.ctx, ast.Load):
                return True
    return False
