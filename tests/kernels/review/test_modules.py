"""The allow-list against the packages that are there: nothing that it lets through is another module or runs text."""

from __future__ import annotations

import importlib
import re
import types

import pytest

from jupyter_frevagpt.kernels.review import KernelFacts, review
from jupyter_frevagpt.kernels.review.modules import MODULES, Rule

SUSPICIOUS = re.compile(r"^eval|(^|_)(exec|popen|spawn|urlopen|download|pickle|subprocess)|import_module|system$")
NUMBERS_ONLY = ("scipy.special",)  # eval_legendre and its kin


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", MODULES)
def test_what_an_allowed_module_gives(path: str) -> None:
    try:
        module = importlib.import_module(path)
    except ImportError:
        pytest.skip(f"{path} is not installed")
    facts = KernelFacts(modules={"it": path})
    leaks = []
    for name in dir(module):
        if not review(f"print(it.{name})", facts).harmless:
            continue
        value = getattr(module, name, None)
        if isinstance(value, types.ModuleType):
            leaks.append(name)
        elif path not in NUMBERS_ONLY and SUSPICIOUS.search(name.lower()):
            leaks.append(name)
    assert leaks == []


def test_rules_are_either_lists_of_what_is_fine_or_of_what_is_not() -> None:
    for rule in MODULES.values():
        assert isinstance(rule, Rule)
        assert rule.only is None or not (rule.deny or rule.fine) or rule.fine <= rule.only
