"""What a name or an attribute stands for: an allow-listed module or function, data, or something that asks."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence

from .dangers import DANGERS, RISKY_LEAVES, WRITES_ONLY, Danger, by_method, danger
from .findings import Findings
from .functions import CHECKED, ONLY_CALLED
from .known import BUILTINS, CANONICAL, DATA_ROOTS, OPAQUE_TYPES, PLAIN_TYPES
from .methods import ARGUMENTS_MATTER, MUTATORS, PLAIN_PARTS, is_plain_format
from .modules import ALIASES, MODULES, leads_elsewhere
from .report import KernelFacts
from .scope import DATA, REPORTED, Scope, Value

_OPEN_DUNDERS = frozenset("__name__ __doc__ __version__ _asdict _fields _replace".split())
_SAME_NAME = frozenset("copy array select trace time calendar random string date struct code test".split())
_KEPT_AS_FUNCTION = frozenset("matplotlib.rcParams matplotlib.rcParamsDefault".split())


class Names:
    """Finds what names mean, with the scopes of the code before the kernel's facts before builtins."""

    def __init__(self, facts: KernelFacts, findings: Findings) -> None:
        self.facts = facts
        self.findings = findings
        self.scope = Scope()
        self.opaque = False
        self.branches = 0
        self.runs_magics = False
        self.changes_arguments = False
        self.paths_about = False
        self._pending: dict[str, ast.AST] = {}
        self._asked: set[str] = set()

    def prepare(self, nodes: Sequence[ast.AST]) -> None:
        """Note whether the code uses containers of the kernel's, whose content is not known."""
        names = {node.id for node in nodes if type(node) is ast.Name}
        self.opaque = any(self.facts.variables.get(name) in OPAQUE_TYPES for name in names)
        modules = {alias.name for node in nodes if type(node) is ast.Import for alias in node.names}
        modules |= {node.module or "" for node in nodes if type(node) is ast.ImportFrom}
        modules |= {self.facts.modules[name] for name in names & set(self.facts.modules)}
        self.paths_about = self.opaque or "pathlib" in modules
        self.runs_magics = "get_ipython" in names

    def name(self, node: ast.Name) -> Value:
        """What a bare name stands for."""
        name = node.id
        found = self.scope.find(name)
        if found is not None:
            return found
        if name in self.facts.modules:
            path = self.facts.modules[name]
            return Value(sort="module", path=path) if path in MODULES else self.risky(path, node)
        if name in self.facts.variables:
            return self._variable(name, node)
        if f"builtins.{name}" in self.facts.changed:
            return self._changed(name, node)
        if name in BUILTINS:
            return Value(sort="function", path=f"builtins.{name}") if name != "__name__" else DATA
        if danger(name)[0] == "unknown" and not hasattr(builtins, name):
            self.findings.say("unknown", f"Uses {name}, which is not known here.", node.lineno)
            return REPORTED
        return self.risky(name, node)

    def _variable(self, name: str, node: ast.Name) -> Value:
        kind = self.facts.variables[name].removeprefix("builtins.")
        root = kind.split(".")[0]
        if root in DATA_ROOTS and "." in kind:
            tag = "figure" if root == "matplotlib" else ""
            return Value(size=self.facts.lazy.get(name, 0), tag=tag, of=name if not tag else "")
        if kind in PLAIN_TYPES:
            return DATA
        if kind in OPAQUE_TYPES:
            return Value(tag="opaque", of=name)
        if kind in ("function", "builtin_function_or_method", "method"):
            self.findings.say("unknown", f"Uses your function {name}, whose code was not looked at.", node.lineno)
        elif kind == "module":
            self.findings.say("unknown", f"Uses the module {name}, which is not known to be harmless.", node.lineno)
        else:
            self.findings.say("unknown", f"Uses {name}, which is of a type that is not known ({kind}).", node.lineno)
        return REPORTED

    def attribute(self, base: Value, name: str, node: ast.AST, call: ast.Call | None = None) -> Value:
        """What ``base.name`` stands for; ``call`` is given when it is called at once."""
        if base.sort == "reported":
            return REPORTED
        if base.sort == "risky":
            return Value(sort="risky", path=f"{base.path}.{name}")
        if name in _OPEN_DUNDERS and base.sort != "module":
            return DATA
        if base.sort == "module":
            return self.member(base.path, name, node)
        if name.startswith("_"):
            self.findings.add("dynamic", "Reaches into the inner parts of an object", node)
            return REPORTED
        if base.sort == "function":
            return self._of_function(base, name, node)
        return self._of_data(base, name, node, call)

    def _of_data(self, base: Value, name: str, node: ast.AST, call: ast.Call | None) -> Value:
        found = by_method(name)
        if found is not None and not (base.tag == "buffer" and name in ("write", "writelines")):
            self.bring_file(found, name)
            self.findings.add(*found, call or node)
            self.findings.never_standing = self.findings.never_standing or found[0] == "network"
            return REPORTED
        if name in RISKY_LEAVES:
            self.findings.add("dynamic", f"May reach the module {name}", node)
            return REPORTED
        if name == "format" and base.texts and not base.listed and all(map(is_plain_format, base.texts)):
            return DATA
        if call is None and name in ARGUMENTS_MATTER:
            self.findings.add("dynamic", f"Hands .{name} on, so that what it is called with cannot be seen", node)
            return REPORTED
        if name == "style":
            return Value(tag="styler")
        if name in ("parent", "name", "stem", "suffix") and base.tag == "path":
            return DATA
        if base.texts is not None or base.tag in ("files", "catalogue"):
            return DATA
        of = base.of if name not in PLAIN_PARTS else ""
        return Value(size=base.size, tag=base.tag if base.tag in ("figure", "opaque") else "", of=of)

    def member(self, path: str, name: str, node: ast.AST) -> Value:
        """What the module ``path`` has under ``name``."""
        if name in ("__version__", "__name__", "__doc__"):
            return DATA
        full = f"{path}.{name}"
        full = ALIASES.get(full, full)
        if full in self.facts.changed:
            return self._changed(full, node)
        if full in MODULES and full not in ("glob.glob", "tqdm.tqdm"):
            return Value(sort="module", path=full)
        rule = MODULES[path]
        listed = name in rule.only if rule.only is not None else name not in rule.deny
        if listed and rule.only is None and leads_elsewhere(name):
            listed = name in rule.fine
        if name.startswith("_") and name not in _OPEN_DUNDERS:
            listed = False
        if not listed:
            return self.risky(full, node)
        return Value(sort="function", path=full)

    def _changed(self, path: str, node: ast.AST) -> Value:
        self.findings.say("unknown", f"Uses {path}, which was changed in this kernel.", _line(node))
        return REPORTED

    def _of_function(self, base: Value, name: str, node: ast.AST) -> Value:
        full = f"{base.path}.{name}"
        if full in CHECKED:
            return Value(sort="function", path=full)
        if base.path == "freva_client.databrowser":
            self.findings.add("network", "Asks a Freva server, or changes what it has", node)
            return REPORTED
        if base.path in _KEPT_AS_FUNCTION and name not in ("keys", "get"):
            self.findings.add("persistence", "Changes settings for all later code", node)
            return REPORTED
        if name in MUTATORS and name != "partition":
            self.findings.add("persistence", "Changes a module for all later code", node)
            return REPORTED
        if (leads_elsewhere(name) or name in RISKY_LEAVES) and name not in _SAME_NAME:
            self.findings.add("dynamic", f"May reach the module {name}", node)
            return REPORTED
        risk = by_method(name)
        if risk is not None or name in ARGUMENTS_MATTER:
            kind, words = risk or ("dynamic", f"Calls .{name} in a way that hides what it is called with")
            self.bring_file((kind, words), name)
            self.findings.add(kind, words, node)
            return REPORTED
        return Value(sort="function", path=full)

    def bring_file(self, found: Danger, path: str) -> None:
        """Note that a file may be read, where what asks about files does more than write or delete."""
        if found[0] == "files" and not WRITES_ONLY.fullmatch(path.rpartition(".")[2]):
            self.findings.bring("a file")

    def risky(self, path: str, node: ast.AST) -> Value:
        """What asks, with the words of its use, once it is used; at the end in any case."""
        self._pending.setdefault(path, node)
        return Value(sort="risky", path=path)

    def settle(self) -> None:
        """Ask for everything risky that was met and not asked for."""
        for path, node in self._pending.items():
            if not any(asked == path or asked.startswith(f"{path}.") for asked in self._asked):
                self.ask_for(path, node)

    def ask_for(self, path: str, node: ast.AST) -> None:
        """Ask for the use of what is risky."""
        self._asked.add(path)
        kind, words = danger(path)
        if kind == "unknown" and path not in DANGERS:
            words = f"Uses {path}, which is not known to be harmless"
        self.bring_file((kind, words), path)
        self.findings.add(kind, words, node)
        if kind == "network" and isinstance(node, ast.Call) and not _has_address(node):
            self.findings.never_standing = True

    def handed_on(self, value: Value, node: ast.AST) -> Value:
        """``value`` as an argument, an element, a result: modules and functions with conditions are not handed on."""
        if value.sort == "risky":
            self.ask_for(value.path, node)
            return REPORTED
        if value.sort == "module":
            self.findings.say(
                "dynamic", f"Hands the module {value.path} on, so that its use cannot be seen.", _line(node)
            )
            return REPORTED
        if value.sort == "function" and value.path in ONLY_CALLED:
            words = f"Hands {value.path.removeprefix('builtins.')} on, so that what it is called with cannot be seen."
            self.findings.say("dynamic", words, _line(node))
            return REPORTED
        return value

    def is_guarded(self, name: str) -> bool:
        """True for a name that later code relies on: a module's, a builtin, one of IPython's."""
        known = name in self.facts.modules or name in CANONICAL or hasattr(builtins, name) or name in BUILTINS
        inner = name.startswith("__") and name.endswith("__") and len(name) > 4
        return known or inner or name in ("In", "Out", "get_ipython", "exit", "quit", "_ih", "_oh", "_dh", "display")


def _has_address(node: ast.Call) -> bool:
    """True when the address that is called stands there in full; else it may be this very computer."""
    first = node.args[0] if node.args else None
    return isinstance(first, ast.Constant) and isinstance(first.value, str) and "://" in first.value


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 1)
