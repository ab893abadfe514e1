"""Which of the user's names code may bind anew, change in place or delete: an over-approximation, for snapshots."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from .magics import magic
from .purity import (
    CALLS_BACK,
    CHANGING_FUNCTIONS,
    OUT_SECOND,
    OUT_THIRD,
    PURE_BUILTINS,
    PURE_METHODS,
)
from .report import KernelFacts, Touch
from .sharing import Sharing, bound_names, local_names

_ANY = frozenset("exec eval globals locals vars setattr delattr get_ipython compile __import__ input".split())
_STORES = frozenset("append extend insert update setdefault add appendleft".split())
_USUAL_MODULES = frozenset("np pd xr plt mpl da ccrs cfeature math datetime json re warnings time itertools".split())


def touches_of(tree: ast.Module, facts: KernelFacts) -> tuple[tuple[Touch, ...], bool]:
    """The names that ``tree`` touches, sorted, and whether it may touch any name at all."""
    walk = _Walk(facts)
    walk.visit(tree)
    return walk.result(), walk.any


class _Walk(Sharing):
    """Goes through all code; scope 0 is the user's namespace."""

    def __init__(self, facts: KernelFacts) -> None:
        super().__init__(set(facts.modules) | (_USUAL_MODULES - set(facts.variables)))
        self.any = False
        self._facts = facts
        self._functions: set[str] = set()

    def visit(self, node: ast.AST) -> None:
        """Note what the code at ``node`` touches."""
        reader = _READERS.get(type(node))
        if reader is not None:
            reader(self, node)
        else:
            self._children(node)

    def _children(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            self.visit(child)

    def _assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        keys = self.roots(node.value)
        for target in node.targets:
            self.bind(target, keys)

    def _annassign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self.bind(node.target, self.roots(node.value))

    def _namedexpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.bind(node.target, self.roots(node.value))

    def _augassign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        self.bind(node.target, self.roots(node.value))
        self.mutated |= self.roots(node.target)

    def _delete(self, node: ast.Delete) -> None:
        for target in ast.walk(node):
            if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Del):
                self.touch(target.id, "deletes")
            elif isinstance(target, ast.Attribute | ast.Subscript) and isinstance(target.ctx, ast.Del):
                self.mutated |= self.roots(target.value)

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self.bind(node.target, self.roots(node.iter))
        self._moves_on(node.iter)
        for part in [*node.body, *node.orelse]:
            self.visit(part)

    def _moves_on(self, iterable: ast.expr) -> None:
        """A generator or an open file that is looped over is used up."""
        if isinstance(iterable, ast.Name):
            kind = self._facts.variables.get(iterable.id, "")
            if kind in ("generator", "map", "filter", "zip", "enumerate") or kind.startswith("_io"):
                self.mutated.add(self.key(iterable.id))

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            if not isinstance(item.context_expr, ast.Call):
                self.mutated |= self.roots(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, self.roots(item.context_expr))
        for part in node.body:
            self.visit(part)

    def _excepthandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.touch(node.name, "rebinds")
            self.touch(node.name, "deletes")
        self._children(node)

    def _match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        keys = self.roots(node.subject)
        for case in node.cases:
            for part in ast.walk(case.pattern):
                name = part.name if isinstance(part, ast.MatchAs | ast.MatchStar) else None
                name = part.rest if isinstance(part, ast.MatchMapping) else name
                if name:
                    self.bind(ast.Name(name, ast.Store()), keys)
            for inner in [case.guard, *case.body]:
                if inner is not None:
                    self.visit(inner)

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.split(".")[0]
            self.touch(name, "rebinds")
            self.modules.add(name)

    def _importfrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.any = True
            else:
                self.touch(alias.asname or alias.name, "rebinds")
                self.modules.add(alias.asname or alias.name)

    def _functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.touch(node.name, "rebinds")
        self._functions.add(node.name)
        for part in [*node.decorator_list, node.args]:
            self.visit(part)
        self.inside(local_names(node), node.body)

    def _lambda(self, node: ast.Lambda) -> None:
        self.visit(node.args)
        self.inside({argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}, [node.body])

    def _classdef(self, node: ast.ClassDef) -> None:
        self.touch(node.name, "rebinds")
        for part in [*node.decorator_list, *node.bases]:
            self.visit(part)
        self.inside(bound_names(node.body), node.body)

    def inside(self, names: set[str], body: Iterable[ast.AST]) -> None:
        """Visit the body of a function or a class, whose own names are not the user's."""
        self.enter(names)
        for part in body:
            self.visit(part)
        self.leave()

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        names = {
            part.id
            for generator in node.generators
            for part in ast.walk(generator.target)
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
        }
        outer = [self.roots(generator.iter) for generator in node.generators]
        self.enter(names)
        for generator, keys in zip(node.generators, outer, strict=True):
            self.visit(generator.iter)
            self._moves_on(generator.iter)
            self.bind(generator.target, keys)
            for condition in generator.ifs:
                self.visit(condition)
        for part in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
            self.visit(part)
        self.leave()

    def _name(self, node: ast.Name) -> None:
        if node.id in _ANY and self.key(node.id)[0] == 0 and node.id != "get_ipython":
            self.any = True

    def _attribute(self, node: ast.Attribute) -> None:
        if node.attr in ("__dict__", "__globals__", "user_ns", "f_globals", "__builtins__"):
            self.any = True
        self.visit(node.value)

    def _call(self, node: ast.Call) -> None:
        if self._is_magic(node):
            return
        self._children(node)
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        if isinstance(node.func, ast.Attribute):
            self._method(node, node.func, given)
        elif isinstance(node.func, ast.Name):
            self._plain(node, node.func.id, given)
        else:
            self.mutated |= self.all_roots(given) | self.roots(node.func)
        for keyword in node.keywords:
            if keyword.arg == "out":
                self.mutated |= self.roots(keyword.value)

    def _plain(self, node: ast.Call, name: str, given: list[ast.expr]) -> None:
        if name in self._facts.variables and self.key(name)[0] == 0 and name not in self._functions:
            self.any = True
        if name in CHANGING_FUNCTIONS or not (name in PURE_BUILTINS or name in self.modules):
            self.mutated |= self.all_roots(given)
        if name in ("map", "filter", "sorted", "min", "max", "reduce") and any(_is_own(part) for part in given):
            self.mutated |= self.all_roots(given)

    def _method(self, node: ast.Call, func: ast.Attribute, given: list[ast.expr]) -> None:
        roots = self.roots(func.value)
        name = func.attr
        if not roots and self._is_module(func.value):
            position = 2 if name in OUT_THIRD else 1 if name in OUT_SECOND else None
            if name in CHANGING_FUNCTIONS:
                self.mutated |= self.all_roots(given)
            elif position is not None:
                self.mutated |= self.all_roots(node.args[position : position + 1])
            return
        if name in _STORES:
            self.mutated |= roots
            self.share(roots, self.all_roots(given))
        elif name not in PURE_METHODS or any(_is_inplace(keyword) for keyword in node.keywords):
            self.mutated |= roots | self.all_roots(given)
        if name in CALLS_BACK and any(_is_own(part) for part in given):
            self.mutated |= roots

    def _is_module(self, node: ast.expr) -> bool:
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self.modules

    def _is_magic(self, node: ast.Call) -> bool:
        func = node.func
        if not any(
            isinstance(part, ast.Name) and part.id == "get_ipython" for part in (func, getattr(func, "value", None))
        ):
            inner = getattr(getattr(func, "value", None), "func", None)
            if not (isinstance(inner, ast.Name) and inner.id == "get_ipython"):
                return False
        texts = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        attribute = func.attr if isinstance(func, ast.Attribute) else ""
        if attribute in ("run_line_magic", "run_cell_magic") and len(texts) == len(node.args) >= 2:
            self._magic(texts)
        elif attribute not in ("system", "getoutput"):
            self.any = True
        return True

    def _magic(self, texts: list[str]) -> None:
        verdict = magic(texts[0], texts[1], texts[2] if len(texts) > 2 else None)
        if verdict.kind is not None and verdict.kind != "files":
            self.any = self.any or verdict.kind not in ("processes", "installs", "browser")
        if verdict.binds:
            self.touch(verdict.binds, "rebinds")
        if verdict.code:
            try:
                self.visit(ast.parse(verdict.code))
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                self.any = True


def _is_inplace(keyword: ast.keyword) -> bool:
    fixed = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
    return keyword.arg is None or (keyword.arg == "inplace" and not fixed)


def _is_own(node: ast.expr) -> bool:
    return isinstance(node, ast.Lambda | ast.Name)


_READERS: dict[type[ast.AST], Callable[..., None]] = {
    ast.Assign: _Walk._assign,
    ast.AnnAssign: _Walk._annassign,
    ast.NamedExpr: _Walk._namedexpr,
    ast.AugAssign: _Walk._augassign,
    ast.Delete: _Walk._delete,
    ast.For: _Walk._for,
    ast.With: _Walk._with,
    ast.ExceptHandler: _Walk._excepthandler,
    ast.Match: _Walk._match,
    ast.Import: _Walk._import,
    ast.ImportFrom: _Walk._importfrom,
    ast.FunctionDef: _Walk._functiondef,
    ast.Lambda: _Walk._lambda,
    ast.ClassDef: _Walk._classdef,
    ast.Name: _Walk._name,
    ast.Attribute: _Walk._attribute,
    ast.Call: _Walk._call,
    ast.AsyncFor: _Walk._for,
    ast.AsyncWith: _Walk._with,
    ast.AsyncFunctionDef: _Walk._functiondef,
    **dict.fromkeys((ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp), _Walk._comprehension),
}
