"""Reads calls: of functions, of methods, of IPython's magics."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Iterable

from . import functions, magics, methods, options
from .call import Call
from .names import Names
from .purity import CHANGING_FUNCTIONS, OUT_SECOND, OUT_THIRD
from .scope import DATA, REPORTED, Value

_TYPE_IS_FINE_IN = frozenset(f"builtins.{name}" for name in "print str repr isinstance issubclass format id".split())
_PUTS_INSIDE = frozenset("append extend insert appendleft extendleft".split())


class Calls(Names):
    """The part of the reader that goes through calls."""

    @abstractmethod
    def value(self, node: ast.expr) -> Value:
        """What the expression gives, where it is used as a value."""

    @abstractmethod
    def resolve(self, node: ast.expr) -> Value:
        """The same, where it may still be a module: before a dot, or on its own."""

    @abstractmethod
    def nested(self, code: str, node: ast.AST) -> None:
        """Read code that a magic runs."""

    @abstractmethod
    def bind(self, target: ast.expr, value: Value) -> None:
        """Let a target stand for a value."""

    @abstractmethod
    def bind_name(self, name: str, value: Value, node: ast.AST) -> None:
        """Let a name stand for a value."""

    @abstractmethod
    def function(self, node: ast.Lambda) -> None:
        """Read a function's parameters and what it does."""

    @abstractmethod
    def mutation(self, target: ast.expr, node: ast.AST, value: Value) -> None:
        """Note that what ``target`` stands for, ``value`` as far as is known, is changed in place."""

    @abstractmethod
    def put_inside(self, target: ast.expr, values: Iterable[Value]) -> None:
        """Note that a list of this code's holds these."""

    @abstractmethod
    def changed(self, name: str, node: ast.AST) -> None:
        """Note that a variable of the user's is changed in place, whatever it is called here."""

    def call(self, node: ast.Call) -> Value:
        """What a call gives, after its arguments and what it does were judged."""
        if self._is_magic(node):
            return DATA
        receiver: Value | None = None
        if isinstance(node.func, ast.Attribute):
            receiver = self.resolve(node.func.value)
            callee = self.attribute(receiver, node.func.attr, node.func, node)
        else:
            callee = self.resolve(node.func)
        if callee.sort == "function" and callee.path in ("builtins.getattr", "builtins.hasattr"):
            return self._getattr(node, callee.path)
        if callee.sort == "function" and callee.path == "builtins.type" and len(node.args) != 1:
            self.findings.add("dynamic", "Makes a new type", node)
        call = self._arguments(node, callee)
        if callee.sort in ("reported", "risky"):
            return self.handed_on(callee, node)
        if callee.sort == "module":
            self.findings.add("unknown", "Calls a module", node)
            return REPORTED
        if callee.sort == "function":
            call.path = callee.path
            self._arguments_change(call)
            return functions.judge(call)
        if receiver is not None and isinstance(node.func, ast.Attribute):
            call.path, call.receiver = node.func.attr, receiver
            if methods.mutates(node.func.attr, node):
                self.mutation(node.func.value, node, receiver)
                if node.func.attr in _PUTS_INSIDE:
                    self.put_inside(node.func.value, call.args)
            self._arguments_change(call)
            return methods.judge(call)
        self._local(call, callee)
        return DATA

    def _local(self, call: Call, callee: Value) -> None:
        """Judge the call of a function of this code's, or of something that came of data."""
        if callee.sort == "local" and self.changes_arguments:
            for value in (*call.args, *call.keywords.values()):
                self.changed(value.of, call.node)
                self.changed(value.holds, call.node)
        options.keywords(call)
        if callee.sort == "data" and self.opaque:
            self.findings.add("unknown", "Calls something that is only known when it runs", call.node)

    def _arguments_change(self, call: Call) -> None:
        """Note the variables that a function writes into."""
        name = call.path.rpartition(".")[2]
        out = call.keywords.get("out")
        position = 2 if name in OUT_THIRD else 1 if name in OUT_SECOND else None
        if out is None and position is not None and call.path.startswith("numpy."):
            out = call.args[position] if len(call.args) > position else None
        given = [out] if out is not None else []
        if name in CHANGING_FUNCTIONS or (name == "nan_to_num" and call.constant("copy", 1) not in (None, True)):
            given += call.args[:1]
        if self.changes_arguments and call.receiver is not None and any(arg.sort == "local" for arg in call.args):
            given.append(call.receiver)
        for value in given:
            self.changed(value.of, call.node)

    def _arguments(self, node: ast.Call, callee: Value) -> Call:
        fine = callee.sort == "function" and callee.path in _TYPE_IS_FINE_IN
        args: list[Value] = []
        unreadable = False
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                unreadable = True
                self.value(argument.value)
            else:
                args.append(self.type_of(argument) if fine else self.value(argument))
        keywords: dict[str, Value] = {}
        for keyword in node.keywords:
            given = self.value(keyword.value)
            if keyword.arg is None:
                unreadable = True
            else:
                keywords[keyword.arg] = given
        return Call(node, "", args, keywords, unreadable, self.facts, self.findings, paths_about=self.paths_about)

    def type_of(self, node: ast.expr) -> Value:
        """``type(x)`` where its result goes nowhere; any other expression as usual."""
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and len(node.args) == 1
            and not node.keywords
            and self.is_builtin(node.func, "type")
        ):
            self.value(node.args[0])
            return DATA
        return self.value(node)

    def is_builtin(self, node: ast.Name, name: str) -> bool:
        """True when the name still means this builtin."""
        shadowed = name in self.facts.modules or name in self.facts.variables
        return node.id == name and not shadowed and self.scope.find(name) is None

    def _getattr(self, node: ast.Call, path: str) -> Value:
        for argument in node.args[2:]:
            self.value(argument)
        if not 2 <= len(node.args) <= 3 or node.keywords or any(isinstance(arg, ast.Starred) for arg in node.args):
            self.findings.add("dynamic", "Looks something up by a name that is only known when it runs", node)
            return REPORTED
        base = self.resolve(node.args[0])
        name = functions.literal_text(self.value(node.args[1]))
        if name is None:
            self.findings.add("dynamic", "Looks something up by a name that is only known when it runs", node)
            return REPORTED
        found = self.attribute(base, name, node)
        return found if path.endswith("getattr") else self.handed_on(found, node)

    def _is_magic(self, node: ast.Call) -> bool:
        func = node.func
        if not (isinstance(func, ast.Attribute) and isinstance(func.value, ast.Call)):
            return False
        asked = func.value.func
        if not (
            isinstance(asked, ast.Name) and asked.id == "get_ipython" and not func.value.args and not node.keywords
        ):
            return False
        texts = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
        literal = [text for text in texts if isinstance(text, str)]
        wanted = {"run_line_magic": 2, "run_cell_magic": 3, "system": 1, "getoutput": 1}.get(func.attr)
        if wanted is None:
            return False
        if len(literal) != wanted or len(texts) != wanted:
            self.findings.add("dynamic", "Runs a magic or a command that is only known when it runs", node)
            return True
        if wanted == 1:
            verdict = magics.shell(literal[0])
        else:
            verdict = magics.magic(literal[0], literal[1], literal[2] if wanted == 3 else None)
        if verdict.kind is not None:
            self.findings.add(verdict.kind, verdict.words, node)
            if verdict.kind == "files":
                self.findings.bring("a file")
            self.findings.never_standing = self.findings.never_standing or verdict.never_standing
        if verdict.code is not None:
            self.nested(verdict.code, node)
        if verdict.binds:
            self.bind_name(verdict.binds, DATA, node)
        return True
