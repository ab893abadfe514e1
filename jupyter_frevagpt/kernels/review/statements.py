"""Reads statements: what they bind, change and run."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable

from .bindings import Bindings
from .dangers import danger
from .modules import MODULES
from .scope import DATA, PARAMETER, REPORTED, Scope, Value

_IMPORTED_CODE = ("py", "so", "pyd", "pyc")
_DEEPEST = 3

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Statements(Bindings):
    """The whole reader; ``read`` goes through a module's statements in order."""

    def read(self, tree: ast.Module) -> None:
        """Read all of the code."""
        self._depth = 0
        self.look_ahead(tree)
        self.block(tree.body)
        self.settle()

    def block(self, body: Iterable[ast.stmt]) -> None:
        """Read statements one after the other."""
        for statement in body:
            reader = _READERS.get(type(statement))
            if reader is None:
                self.findings.add("unknown", "Uses a form of Python that is not known here", statement)
            else:
                reader(self, statement)

    def nested(self, code: str, node: ast.AST) -> None:
        """Read code that a magic runs, as if it stood here."""
        self._depth += 1
        try:
            tree = ast.parse(code) if self._depth <= _DEEPEST else None
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            tree = None
        if tree is None or any(line.lstrip().startswith(("%", "!", "?")) for line in code.splitlines()):
            self.findings.add("unknown", "Runs code that cannot be read here", node)
        else:
            for part in ast.walk(tree):
                if hasattr(part, "lineno"):
                    ast.copy_location(part, node)
            self.opaque = True
            self.block(tree.body)
        self._depth -= 1

    def _expression(self, node: ast.Expr) -> None:
        self.type_of(node.value)

    def _assign(self, node: ast.Assign) -> None:
        value = self.resolve(node.value)
        if value.sort != "module" or not all(isinstance(target, ast.Name) for target in node.targets):
            value = self.handed_on(value, node.value)
        for target in node.targets:
            self.bind(target, value)

    def _annotated(self, node: ast.AnnAssign) -> None:
        self.value(node.annotation)
        if node.value is not None:
            self.bind(node.target, self.value(node.value))

    def _augmented(self, node: ast.AugAssign) -> None:
        given = self.value(node.value)
        holds = ""
        if isinstance(node.target, ast.Name):
            self.value(ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target))
            before = self.scope.find(node.target.id) or DATA
            self.mutation(node.target, node, before)
            holds = self.held_by([Value(holds=given.holds), Value(holds=before.holds)])
        self.bind(node.target, Value(holds=holds))

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        self.branches += 1
        self.loop(node.target, node.iter)
        self.block(node.body)
        self.block(node.orelse)
        self.branches -= 1

    def _while(self, node: ast.While | ast.If) -> None:
        self.type_of(node.test)
        self.branches += 1
        self.block(node.body)
        self.block(node.orelse)
        self.branches -= 1

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            value = self.value(item.context_expr)
            self.changed(value.of, item.context_expr)  # it is closed at the end
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value)
        self.block(node.body)

    def _try(self, node: ast.Try) -> None:
        self.branches += 1
        self.block(node.body)
        for handler in node.handlers:
            if handler.type is not None:
                self.value(handler.type)
            if handler.name:
                self.bind_name(handler.name, DATA, handler)
            self.block(handler.body)
        self.block(node.orelse)
        self.branches -= 1
        self.block(node.finalbody)

    def _children_of(self, node: ast.stmt) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child)

    def _match(self, node: ast.Match) -> None:
        subject = self.value(node.subject)
        captured = Value(of=self.held_by([subject]))
        self.branches += 1
        for case in node.cases:
            for part in ast.walk(case.pattern):
                if isinstance(part, ast.MatchAs | ast.MatchStar) and part.name:
                    self.bind_name(part.name, captured, part)
                elif isinstance(part, ast.MatchMapping) and part.rest:
                    self.bind_name(part.rest, captured, part)
                elif isinstance(part, ast.MatchValue):
                    self.value(part.value)
                elif isinstance(part, ast.MatchClass):
                    self._match_class(part)
            if case.guard is not None:
                self.value(case.guard)
            self.block(case.body)
        self.branches -= 1

    def _match_class(self, part: ast.MatchClass) -> None:
        self.value(part.cls)
        for name in part.kwd_attrs:
            self.attribute(DATA, name, part)

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            root = alias.name.split(".")[0]
            path = alias.name if alias.asname else root
            if self._may_import(alias.name, node):
                value = Value(sort="module", path=path)
            else:
                value = Value(sort="risky", path=path)
                self._ask_for_import(alias.name, node)
            self.bind_name(alias.asname or root, value, node)

    def _import_from(self, node: ast.ImportFrom) -> None:
        path = "." * node.level + (node.module or "")
        known = self._may_import(path, node)
        for alias in node.names:
            if alias.name == "*":
                self.findings.add("rebinds", "Brings in names that cannot be seen here", node)
                continue
            value = self.member(path, alias.name, node) if known else Value(sort="risky", path=f"{path}.{alias.name}")
            if value.sort == "risky":
                self._ask_for_import(value.path, node)
            self.bind_name(alias.asname or alias.name, value, node)

    def _may_import(self, path: str, node: ast.AST) -> bool:
        root = path.split(".")[0]
        near = [name for name in self.facts.files or () if re.split(r"[./]", name, maxsplit=1)[0] == root]
        package = any(name.startswith(f"{root}/__init__.") for name in near) or near == [root]
        if package or any("/" not in name and name.rpartition(".")[2] in _IMPORTED_CODE for name in near):
            self.findings.say("unknown", f"Imports {root} from the working directory.", getattr(node, "lineno", 1))
            return False
        return path in MODULES

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._delete_name(target)
            elif isinstance(target, ast.Subscript):
                self._bind_item(target)
            elif isinstance(target, ast.Attribute):
                self._bind_attribute(target)
            else:
                self.findings.add("drops", "Deletes several things at once", target)

    def _delete_name(self, target: ast.Name) -> None:
        if self.is_guarded(target.id) and self.scope.outer is None:
            self.findings.add("persistence", f"Deletes {target.id}, which later code relies on", target)
        elif self.scope.find(target.id) is None and target.id not in self.facts.own:
            self.findings.say("drops", f"Deletes your variable {target.id}.", target.lineno)

    def _global(self, node: ast.Global) -> None:
        self.globals |= set(node.names)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.value(decorator)
        if getattr(node, "type_params", None):
            self.findings.add("unknown", "Uses a form of Python that is not known here", node)
        self.bind_name(node.name, Value(sort="local"), node)
        self.function(node)

    def function(self, node: Function) -> None:
        """Read a function's parameters and what it does, each time it may run."""
        arguments = node.args
        for default in [*arguments.defaults, *arguments.kw_defaults]:
            if default is not None:
                self.value(default)
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        parameters += [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]
        for parameter in parameters:
            if parameter.annotation is not None:
                self.value(parameter.annotation)
        if not isinstance(node, ast.Lambda) and node.returns is not None:
            self.value(node.returns)
        outer, outer_globals = self.scope, self.globals
        self.scope, self.globals = Scope(outer), set()
        self.branches += 1
        for parameter in parameters:
            self.scope.names[parameter.arg] = Value(tag="opaque" if self.opaque else "", of=PARAMETER)
        if isinstance(node, ast.Lambda):
            self.value(node.body)
        else:
            self.block(node.body)
        self.branches -= 1
        self.scope, self.globals = outer, outer_globals

    def _class(self, node: ast.ClassDef) -> None:
        self.findings.add("unknown", "Defines a class, whose use cannot be followed here", node)
        for part in [*node.decorator_list, *node.bases, *[keyword.value for keyword in node.keywords]]:
            self.value(part)
        self.bind_name(node.name, REPORTED, node)
        outer, self.scope = self.scope, Scope(self.scope)
        self.block(node.body)
        self.scope = outer

    def _nothing(self, node: ast.stmt) -> None:
        pass

    def _ask_for_import(self, path: str, node: ast.AST) -> None:
        kind, words = danger(path)
        self.findings.add_import(kind, words if kind != "unknown" else "Imports what is not known here", node)


_READERS: dict[type[ast.stmt], Callable[..., None]] = {
    ast.Expr: Statements._expression,
    ast.Assign: Statements._assign,
    ast.AnnAssign: Statements._annotated,
    ast.AugAssign: Statements._augmented,
    ast.For: Statements._for,
    ast.AsyncFor: Statements._for,
    ast.While: Statements._while,
    ast.If: Statements._while,
    ast.With: Statements._with,
    ast.AsyncWith: Statements._with,
    ast.Try: Statements._try,
    ast.TryStar: Statements._try,
    ast.Match: Statements._match,
    ast.Import: Statements._import,
    ast.ImportFrom: Statements._import_from,
    ast.Delete: Statements._delete,
    ast.Global: Statements._global,
    ast.Nonlocal: Statements._nothing,
    ast.FunctionDef: Statements._function,
    ast.AsyncFunctionDef: Statements._function,
    ast.ClassDef: Statements._class,
    ast.Pass: Statements._nothing,
    ast.Break: Statements._nothing,
    ast.Continue: Statements._nothing,
    **dict.fromkeys((ast.Return, ast.Raise, ast.Assert), Statements._children_of),
}
