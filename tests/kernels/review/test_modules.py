"""The allow-list against the packages that are there: nothing that it lets through is another module or runs text."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from jupyter_frevagpt.kernels.review import KernelFacts, review
from jupyter_frevagpt.kernels.review.modules import MODULES, Rule

SUSPICIOUS = re.compile(r"^eval|(^|_)(exec|popen|spawn|urlopen|download|pickle|subprocess)|import_module|system$")
NUMBERS_ONLY = ("scipy.special",)  # eval_legendre and its kin


# In a process of its own: some of them change logging or warnings for whoever imports them.
LOOK = """
import importlib, json, pathlib, sys, types, warnings
warnings.simplefilter("ignore")
given, found = {}, pathlib.Path(sys.argv[1])
for path in sys.argv[2:]:
    try:
        module = importlib.import_module(path)
    except ImportError:
        continue
    given[path] = {name: isinstance(getattr(module, name, None), types.ModuleType) for name in dir(module)}
found.write_text(json.dumps(given))
"""


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bool]]:
    """The names that each module gives, and whether they are modules."""
    found = tmp_path_factory.mktemp("modules") / "given.json"
    subprocess.run([sys.executable, "-c", LOOK, found, *MODULES], check=True, capture_output=True, timeout=120)
    told: dict[str, dict[str, bool]] = json.loads(found.read_text())
    return told


@pytest.mark.parametrize("path", MODULES)
def test_what_an_allowed_module_gives(path: str, given: dict[str, dict[str, bool]]) -> None:
    if path not in given:
        pytest.skip(f"{path} is not installed")
    facts = KernelFacts(modules={"it": path})
    leaks = []
    for name, is_module in given[path].items():
        if not review(f"print(it.{name})", facts).harmless:
            continue
        if is_module:
            leaks.append(name)
        elif path not in NUMBERS_ONLY and SUSPICIOUS.search(name.lower()):
            leaks.append(name)
    assert leaks == []


def test_rules_are_either_lists_of_what_is_fine_or_of_what_is_not() -> None:
    for rule in MODULES.values():
        assert isinstance(rule, Rule)
        assert rule.only is None or not (rule.deny or rule.fine) or rule.fine <= rule.only
