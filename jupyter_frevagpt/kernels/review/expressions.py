"""Reads expressions: what each gives, and what it may do on the way."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable

import msgspec

from . import allocation, functions, memory
from .calls import Calls
from .known import PLAIN_TYPES
from .paths import LOOPBACK, SECRET
from .scope import DATA, NUMERIC, PARAMETER, REPORTED, Scope, Value, element, held, joined, one_of

_OPTIONS = frozenset(
    "allow_pickle usetex text/html application/javascript image/svg+xml storage_options remote_protocol "
    "remote_options target_options target_protocol".split()
)
_NUMERIC_FORMAT = re.compile(r"[<>=^]?[+\- ]?0?\d*[,_]?(\.\d+)?[dfeg]")


class Expressions(Calls):
    """The part of the reader that goes through expressions; anything of a kind it does not know asks."""

    def value(self, node: ast.expr) -> Value:
        """What the expression gives, where it is used as a value."""
        return self.handed_on(self.resolve(node), node)

    def resolve(self, node: ast.expr) -> Value:
        """The same, where it may still be a module: before a dot, or on its own."""
        reader = _READERS.get(type(node))
        if reader is None:
            self.findings.add("unknown", "Uses a form of Python that is not known here", node)
            return REPORTED
        return reader(self, node)

    def _constant(self, node: ast.Constant) -> Value:
        if not isinstance(node.value, str):
            return Value(texts=(str(node.value),), tag="number") if type(node.value) in (int, float) else DATA
        self._look_at_text(node.value, node)
        return Value(texts=(node.value,))

    def _look_at_text(self, text: str, node: ast.AST) -> None:
        if LOOPBACK.search(text):
            self.findings.add("loopback", "Names this very computer or the assistant's own server", node)
        elif SECRET.search(text):
            self.findings.add("secrets", "Names a place where passwords, keys or settings are kept", node)
        elif functions.has_markup(text):
            self.findings.add("browser", "Holds markup that the browser would run", node)
        elif text in _OPTIONS:
            self.findings.add("dynamic", "Names an option by which code can run", node)

    def _name(self, node: ast.Name) -> Value:
        return self.name(node)

    def _attribute(self, node: ast.Attribute) -> Value:
        if node.attr == "__name__" and isinstance(node.value, ast.Call):
            return self.type_of(node.value)
        base = self.resolve(node.value)
        if node.attr == "values" and base.sort == "data":
            memory.check_size(self.facts, self.findings, base, node)
        return self.attribute(base, node.attr, node)

    def _binary(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Add) and not left.listed and not right.listed and left.tag != "number":
            whole = joined([left, right]) if right.tag != "number" else DATA
            for text in whole.texts or ():
                self._look_at_text(text, node)
            return whole
        if isinstance(node.op, ast.Div) and left.tag == "path":
            whole = joined([Value(texts=left.texts), Value(texts=("/",)), Value(texts=right.texts, tag=right.tag)])
            absolute = any(text.startswith("/") for text in right.texts or ())
            return Value(texts=None if absolute else whole.texts, tag="path")
        if isinstance(node.op, ast.Mult):
            allocation.of_repetition(self.facts, self.findings, node, left, right)
        if left.tag == "number" and right.tag == "number" and not left.listed and not right.listed:
            return allocation.computed(node.op, left, right)
        if isinstance(node.op, ast.Mod) and left.texts is not None:
            return DATA
        return Value(size=max(left.size, right.size), holds=left.holds or right.holds)

    def _joined(self, node: ast.JoinedStr) -> Value:
        whole = joined([self._piece(piece) for piece in node.values])
        for text in whole.texts or ():
            self._look_at_text(text, node)
        return whole

    def _piece(self, node: ast.expr) -> Value:
        if not isinstance(node, ast.FormattedValue):
            return self.value(node)
        inner = self.type_of(node.value)
        if node.format_spec is not None:
            spec = self.value(node.format_spec)
            numeric = spec.texts is not None and all(_NUMERIC_FORMAT.fullmatch(text) for text in spec.texts)
            return NUMERIC if numeric else DATA
        return inner if node.conversion == -1 else DATA

    def _container(self, node: ast.List | ast.Tuple | ast.Set) -> Value:
        items = [self.value(item) for item in node.elts]
        holds = self.held_by(items)
        if any(isinstance(item, ast.Starred) for item in node.elts):
            return Value(tag="opaque" if any(item.tag == "opaque" for item in items) else "", holds=holds)
        parts = () if isinstance(node, ast.Set) or not holds else tuple(items)
        return msgspec.structs.replace(_with_functions(items), holds=holds, parts=parts)

    def held_by(self, values: Iterable[Value]) -> str:
        """One of the variables of the user's among these; such a one as must not be changed, if there is one."""
        names = [name for value in values for name in (value.of, value.holds) if name]
        return next((name for name in names if name == PARAMETER or self.is_users(name)), names[0] if names else "")

    def is_users(self, name: str) -> bool:
        """Whether a variable is the user's own, and may be changed in place by what is done with it."""
        kind = self.facts.variables.get(name, "")
        known = name in self.facts.variables and name not in self.facts.own
        return known and kind not in PLAIN_TYPES and not kind.startswith("matplotlib.")

    def _dict(self, node: ast.Dict) -> Value:
        keys = [self.value(key) for key in node.keys if key is not None]
        values = [self.value(item) for item in node.values]
        holds = self.held_by(values)
        if len(keys) < len(values):
            return Value(tag="opaque" if any(item.tag == "opaque" for item in values) else "", holds=holds)
        plain = held([*keys, *values])
        if plain.texts is not None:
            return plain
        inner = _with_functions([Value(texts=item.texts) if item.listed else item for item in values])
        if inner.texts is not None:
            return Value(texts=inner.texts, listed=True, tag="callables", holds=holds)
        return Value(holds=holds)

    def _starred(self, node: ast.Starred) -> Value:
        return self.value(node.value)

    def _subscript(self, node: ast.Subscript) -> Value:
        base = self.resolve(node.value)
        if base.sort in ("module", "risky"):
            base = self.handed_on(base, node)
        self.value(node.slice)
        if isinstance(node.slice, ast.Slice):
            if base.tag == "opaque":
                return Value(tag="opaque")  # of a list it is a copy
            return base if base.listed else Value(of=base.of, holds=base.holds)
        if base.holds and base.sort == "data" and base.texts is None:
            return element(base)
        named = isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
        if named and base.sort == "data" and not base.tag and base.texts is None:
            return Value(size=base.size, of=base.of)
        if base.tag != "opaque" and base.of:
            return Value(of=PARAMETER) if base.of == PARAMETER else DATA
        return element(base) if base.sort == "data" else REPORTED if base.sort == "reported" else DATA

    def _slice(self, node: ast.Slice) -> Value:
        for part in (node.lower, node.upper, node.step):
            if part is not None:
                self.value(part)
        return DATA

    def _children(self, node: ast.expr) -> Value:
        read = self.type_of if isinstance(node, ast.Compare) else self.value
        self.branches += isinstance(node, ast.BoolOp | ast.Compare)
        parts = [read(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        self.branches -= isinstance(node, ast.BoolOp | ast.Compare)
        if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
            return NUMERIC
        either = one_of(parts) if isinstance(node, ast.BoolOp) else DATA
        return Value(tag="opaque", of=either.of) if any(part.tag == "opaque" for part in parts) else either

    def _if(self, node: ast.IfExp) -> Value:
        self.value(node.test)
        self.branches += 1
        one, other = self.value(node.body), self.value(node.orelse)
        self.branches -= 1
        return one if one == other else _either(one, other)

    def _walrus(self, node: ast.NamedExpr) -> Value:
        given = self.value(node.value)
        inner = self.scope
        while self.scope.passing and self.scope.outer is not None:
            self.scope = self.scope.outer
        self.bind(node.target, given)
        self.scope = inner
        return given

    def _lambda(self, node: ast.Lambda) -> Value:
        self.function(node)
        return Value(sort="local")

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Value:
        self.scope = Scope(self.scope, passing=True)
        self.branches += 1
        for generator in node.generators:
            looped = self.loop(generator.target, generator.iter)
            if not isinstance(node, ast.GeneratorExp) and not generator.ifs:
                allocation.of_items(self.facts, self.findings, looped, node)
            for condition in generator.ifs:
                self.value(condition)
        if isinstance(node, ast.DictComp):
            self.value(node.key)
            result = Value(holds=self.held_by([self.value(node.value)]))
        else:
            item = self.value(node.elt)
            result = msgspec.structs.replace(held([item]), holds=self.held_by([item]))
        self.branches -= 1
        self.scope = self.scope.outer or self.scope
        return result

    def loop(self, target: ast.expr, iterable: ast.expr) -> Value:
        """Bind what ``for target in iterable`` binds; returns what is looped over."""
        given = self.value(iterable)
        parts = target.elts if isinstance(target, ast.Tuple) else []
        if parts and isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Name):
            inner = [self._again(argument) for argument in iterable.args]
            if self.is_builtin(iterable.func, "enumerate") and len(parts) == 2 and len(inner) == 1:
                self.bind(parts[0], NUMERIC)
                self.bind(parts[1], element(inner[0]))
                return given
            if self.is_builtin(iterable.func, "zip") and len(parts) == len(inner) == len(iterable.args):
                for part, value in zip(parts, inner, strict=True):
                    self.bind(part, element(value))
                return given
        if len(parts) == 2 and given.listed and isinstance(iterable, ast.Call) and _is_items(iterable.func):
            for part in parts:
                self.bind(part, element(given))
            return given
        self.bind(target, element(given))
        return given

    def _again(self, node: ast.expr) -> Value:
        """The value of a simple expression that was read before."""
        if isinstance(node, ast.List | ast.Tuple) and not all(isinstance(item, ast.Constant) for item in node.elts):
            return Value(holds=self.held_by(self.name(item) for item in node.elts if isinstance(item, ast.Name)))
        return self.value(node) if isinstance(node, ast.Name | ast.List | ast.Tuple) else DATA

    def _template(self, node: ast.FormattedValue) -> Value:
        return self._piece(node)


def _is_items(func: ast.expr) -> bool:
    return isinstance(func, ast.Attribute) and func.attr == "items"


def _with_functions(items: list[Value]) -> Value:
    """A container that may hold functions and names of methods, as ``agg`` takes them."""
    if any(item.sort in ("function", "local") for item in items) and all(
        item.sort in ("function", "local") or item.texts is not None for item in items
    ):
        texts = tuple(text for item in items for text in item.texts or ())
        return Value(texts=texts, listed=True, tag="callables")
    return held(items)


def _either(one: Value, other: Value) -> Value:
    if one.texts is None or other.texts is None or one.listed != other.listed or one.tag != other.tag:
        tag = "opaque" if "opaque" in (one.tag, other.tag) else ""
        return Value(size=max(one.size, other.size), tag=tag, of=one.of or other.of, holds=one.holds or other.holds)
    return Value(texts=one.texts + other.texts, listed=one.listed, tag=one.tag)


_READERS: dict[type[ast.expr], Callable[..., Value]] = {
    ast.Constant: Expressions._constant,
    ast.Name: Expressions._name,
    ast.Attribute: Expressions._attribute,
    ast.Call: Calls.call,
    ast.BinOp: Expressions._binary,
    ast.JoinedStr: Expressions._joined,
    ast.FormattedValue: Expressions._template,
    ast.List: Expressions._container,
    ast.Tuple: Expressions._container,
    ast.Set: Expressions._container,
    ast.Dict: Expressions._dict,
    ast.Starred: Expressions._starred,
    ast.Subscript: Expressions._subscript,
    ast.Slice: Expressions._slice,
    ast.IfExp: Expressions._if,
    ast.NamedExpr: Expressions._walrus,
    ast.Lambda: Expressions._lambda,
    ast.ListComp: Expressions._comprehension,
    ast.SetComp: Expressions._comprehension,
    ast.GeneratorExp: Expressions._comprehension,
    ast.DictComp: Expressions._comprehension,
    **dict.fromkeys((ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Await, ast.Yield, ast.YieldFrom), Expressions._children),
}
