"""The review itself: IPython's transform, the syntax tree, the reader, the verdict."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from functools import cache
from typing import Any

from .findings import Findings
from .report import KernelFacts, Review
from .statements import Statements
from .touches import touches_of

_LONGEST = 100_000
_MOST_TRANSFORMED = 40_000  # IPython reads all of the code anew for each of its special lines
_SPECIAL = re.compile(r"^\s*(?:[%!?/,;>]|In\s*\[|\.\.\.)|[?!%]\s*$|[=\s][%!]\s*[A-Za-z!]", re.MULTILINE)
_NOTHING_TOLD = KernelFacts()


def review(code: str, facts: KernelFacts = _NOTHING_TOLD) -> Review:
    """What ``code`` may do in a kernel of which ``facts`` are known.

    Never raises. Code that Python cannot read asks, unless the kernel runs the server's own version of Python and would
    refuse it too: then it is let run, for the kernel says best what is wrong.
    """
    findings = Findings(code)
    if facts.language != "python":
        findings.say("unknown", f"Code in {facts.language} is not looked through.", 1)
        return _result(findings, touches_all=True)
    specials = len(_SPECIAL.findall(code)) if len(code) <= _LONGEST else 0
    if len(code) > _LONGEST or (specials > 1 and specials * len(code) > _MOST_TRANSFORMED):
        findings.say("unknown", "The code is too long to be looked through.", 1)
        return _result(findings, touches_all=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _review(code, facts, findings)


def _review(code: str, facts: KernelFacts, findings: Findings) -> Review:
    stock = transformed(code)
    if stock is None:
        findings.say("unknown", "IPython cannot read this code, so nothing can be said of what it does.", 1)
        return _result(findings, touches_all=True)
    text = stock if facts.transformed is None else facts.transformed
    findings = Findings(text)
    if text.strip() != stock.strip():
        findings.say("persistence", "Your kernel rewrites this code before it runs; shown is what will run.", 1)
    if facts.transformed is None and facts.rewriters:
        findings.say("persistence", "Your kernel changes code before it runs, and how cannot be seen now.", 1)
    return _read(text, facts, findings)


def _read(text: str, facts: KernelFacts, findings: Findings) -> Review:
    try:
        tree = ast.parse(text)
    except SyntaxError as problem:
        if facts.python != sys.version_info[:2] or len(text.strip().splitlines()) < 2:
            sentence = f"Python cannot read this code ({problem.msg}), so nothing can be said of what it does."
            findings.say("unknown", sentence, problem.lineno or 1)
        return _result(findings, touches_all=findings.asks)
    except (ValueError, RecursionError, MemoryError):
        findings.say("unknown", "Python cannot read this code, so nothing can be said of what it does.", 1)
        return _result(findings, touches_all=True)
    tree = _unwrapped(tree)
    try:
        Statements(facts, findings).read(tree)
        touches, touches_all = touches_of(tree, facts)
    except RecursionError:
        findings.say("unknown", "The code is nested too deeply to be looked through.", 1)
        return _result(findings, touches_all=True)
    return Review(
        harmless=not findings.asks,
        reasons=findings.reasons(),
        never_standing=findings.never_standing,
        touches=touches,
        touches_all=touches_all,
        reads=findings.reads(),
    )


def _result(findings: Findings, *, touches_all: bool) -> Review:
    found = (not findings.asks, findings.reasons(), findings.never_standing)
    return Review(*found, touches_all=touches_all, reads=findings.reads())


def transformed(code: str) -> str | None:
    """``code`` after IPython's stock transform, which makes calls of magics; None where it fails.

    Plain Python is left as it is by it; that is seen without it, for it costs ten times what all the rest does.
    """
    if not _SPECIAL.search(code) and _parses(code):
        return code
    try:
        text: str = _transformer().transform_cell(code)
    except (SyntaxError, ValueError, IndexError, RecursionError, AttributeError, TypeError, RuntimeError):
        return None
    return text


def _parses(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


@cache
def _transformer() -> Any:
    from IPython.core.inputtransformer2 import TransformerManager  # it costs 0.2 s, which a start need not wait for

    return TransformerManager()  # type: ignore[no-untyped-call]


def _unwrapped(tree: ast.Module) -> ast.Module:
    """The code inside of a whole cell of ``%%time``, so that it is read like any other."""
    statement = tree.body[0] if len(tree.body) == 1 else None
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "get_ipython().run_cell_magic"):
        return tree
    texts = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    if len(texts) != 3 or texts[0] not in ("time", "capture") or texts[1] or not isinstance(texts[2], str):
        return tree
    inner = transformed(texts[2])
    try:
        return ast.parse("\n" + inner) if inner is not None else tree
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return tree
