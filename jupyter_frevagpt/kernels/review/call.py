"""One call in the code, with what is known of its arguments."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

import msgspec

from .findings import Findings
from .report import KernelFacts, Kind
from .scope import Value


class Call(msgspec.Struct):
    """A call: ``path`` is the function's or the method's name, ``receiver`` what a method is called on.

    ``unreadable`` is set when arguments come from ``*`` or ``**``, ``paths_about`` where objects may be file paths.
    """

    node: ast.Call
    path: str
    args: Sequence[Value]
    keywords: Mapping[str, Value]
    unreadable: bool
    facts: KernelFacts
    findings: Findings
    receiver: Value | None = None
    paths_about: bool = False

    def ask(self, kind: Kind, words: str) -> None:
        """Note a reason, with this call's text."""
        self.findings.add(kind, words, self.node)

    def argument(self, position: int, *names: str) -> Value | None:
        """The argument at ``position`` or by one of ``names``, or None when it is left out."""
        if position < len(self.args):
            return self.args[position]
        return next((self.keywords[name] for name in names if name in self.keywords), None)

    def constant(self, name: str, position: int | None = None) -> object:
        """The literal given for ``name``; Ellipsis when it is given but not literal, None when it is left out."""
        for keyword in self.node.keywords:
            if keyword.arg == name:
                return keyword.value.value if isinstance(keyword.value, ast.Constant) else ...
        if position is not None and position < len(self.node.args):
            argument = self.node.args[position]
            return argument.value if isinstance(argument, ast.Constant) else ...
        return None
