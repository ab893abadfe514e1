"""Code as the small local model drafts it: how it is asked for, completed and judged."""

from __future__ import annotations

import ast
import builtins
import json
import re
from collections.abc import Container, Iterable, Sequence

import msgspec

from .snippets import Snippet

STOP = "```"
"""The closing fence, where generation ends."""

MOST_CHARACTERS = 600
"""Of a question; more does not fit beside the examples and was never understood."""

_IMPORTS = {
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "xr": "import xarray as xr",
    "plt": "import matplotlib.pyplot as plt",
    **{
        name: f"import {name}" for name in ("calendar", "datetime", "glob", "json", "math", "os", "random", "re", "sys")
    },
    "Path": "from pathlib import Path",
}
_ALWAYS = frozenset({"print", "0", "1"})
_marker = re.compile(r"<\|[^|<>]*\|>|`{3,}")
_words = re.compile(r"\w+")
_whole = re.compile(r"[^\W\d]\w*|\d+(?:\.\d+)?")


class Draft(msgspec.Struct, frozen=True):
    """Code that parses, ready to run, and what speaks against it.

    ``faults`` counts names and numbers that came from an example instead of from the question, names that nothing
    defines, and things of the question that are missing where the nearest example uses its own; by a quarter, other
    things of the question that the code does not use (half at most), and leaving the nearest example's method.
    """

    code: str
    faults: float


def prompt(question: str, examples: Sequence[Snippet]) -> str:
    """Return the text to be continued: the examples as a conversation, the nearest last, and an opened fence."""
    turns = ["<|im_start|>system\nAnswer with short Python code.<|im_end|>\n"]
    for example in reversed(examples):
        turns.append(_turn(example.ask) + f"{example.code}\n{STOP}<|im_end|>\n")
    turns.append(_turn(question[:MOST_CHARACTERS]))
    return "".join(turns)


def _turn(question: str) -> str:
    # Markers of the chat format in a question would end the user's turn.
    plain = _marker.sub(" ", question).strip()
    return f"<|im_start|>user\n{plain}<|im_end|>\n<|im_start|>assistant\n{STOP}python\n"


def grammar(own: Iterable[str], examples: Iterable[Snippet]) -> str:
    """Return a grammar (GBNF) of code whose words are the question's own and those of the examples' methods.

    The signs between them are free. Without it a model this small writes names and numbers that merely sound right.
    """
    words = set(_ALWAYS)
    for example in examples:
        words |= _method(example)
    words |= {word for thing in own for word in _words.findall(thing[:MOST_CHARACTERS])}
    choices = " | ".join(json.dumps(word, ensure_ascii=False) for word in sorted(words))
    return f"root ::= word? (sign word)* sign?\nsign ::= [^a-zA-Z0-9_]+\nword ::= {choices}\n"


def _method(example: Snippet) -> set[str]:
    """Return the words of an example's code that another question of the kind would need as well."""
    return set(_words.findall(example.code)) - {word for thing in example.own() for word in _words.findall(thing)}


def finish(text: str, own: Iterable[str], examples: Sequence[Snippet], context: Container[str]) -> Draft | None:
    """Add imports to generated text, make its result visible and judge it; None when it is no Python.

    ``own`` is what the question names, ``context`` are the words of the conversation, any of which may be the name of
    something in the user's kernel.
    """
    code = text.strip("\n").rstrip()
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not tree.body:
        return None
    faults = _faults(tree, code, set(own), examples, context)
    return Draft("\n".join([*_missing_imports(tree), code, *_visible(tree)]) + "\n", faults)


def _missing_imports(tree: ast.Module) -> list[str]:
    used, bound = _names(tree)
    return [line for name, line in _IMPORTS.items() if name in used and name not in bound]


def _visible(tree: ast.Module) -> list[str]:
    """Return the lines that show a result which the code only computes."""
    if "plt" in _names(tree)[0]:
        shown = any(isinstance(node, ast.Attribute) and node.attr == "show" for node in ast.walk(tree))
        return [] if shown else ["plt.show()"]
    if any(isinstance(node, ast.Name) and node.id == "print" for node in ast.walk(tree)):
        return []
    last = tree.body[-1]
    targets = last.targets if isinstance(last, ast.Assign) else [last.target] if isinstance(last, ast.AugAssign) else []
    return [f"print({target.id})" for target in targets if isinstance(target, ast.Name)]


def _names(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Return the names that code reads and the names that it binds."""
    used: set[str] = set()
    bound: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.alias):
            bound.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
    return used, bound


def _faults(tree: ast.Module, code: str, own: set[str], examples: Sequence[Snippet], context: Container[str]) -> float:
    written = set(_whole.findall(code))
    used, bound = _names(tree)
    # What the code of an example has beyond its question (273.15, "time") belongs to the method.
    leaked = ({thing for example in examples for thing in example.own()} & written) - own - bound
    known = bound | own | leaked | set(_IMPORTS)
    undefined = {name for name in used - known if name not in context and not hasattr(builtins, name)}
    unused = {thing for thing in own if thing not in code}
    # As many things of its own as the nearest example uses, if the question names so many.
    short = max(0, min(len(own), len(examples[0].own())) - len(own - unused))
    overwritten = own & bound  # it would replace the user's own variable
    faults = (
        len(leaked)
        + len(undefined)
        + len(overwritten)
        + len(_misused(tree, own - bound, examples))
        + short
        + min(0.5, 0.25 * len(unused))
    )
    strayed = bool(_method(examples[0]) - set(_words.findall(code)))
    return faults + 0.25 * strayed


def _misused(tree: ast.Module, own: set[str], examples: Sequence[Snippet]) -> set[str]:
    """Return words of the question that the code takes for functions or attributes without having seen it done."""
    taken: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not hasattr(builtins, node.func.id):
            taken.add(node.func.id)
        elif isinstance(node, ast.Attribute):
            taken.add(node.attr)
    return {word for word in taken & own if not any(word in example.code for example in examples)}
