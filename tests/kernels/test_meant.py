"""The files that code may mean: a review that is told of these alone says what it says when it is told of all."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import msgspec
import pytest

from jupyter_frevagpt.kernels.injected.files import meant
from jupyter_frevagpt.kernels.meant import meant_files
from jupyter_frevagpt.kernels.review import KernelFacts, Review, review

from .review import attacks, clever, climate, evasions, field_work, held_out
from .review.kernel import FACTS

CORPUS = (
    *(climate.SNIPPETS + held_out.SNIPPETS + field_work.SNIPPETS),
    *(evasions.EVASIONS + attacks.ATTACKS + clever.EVASIONS),
)
OURS = (
    "plt.savefig('map')",
    "plt.savefig('map.png'); plt.savefig('MAP2.png')",
    "name = 'ma' + 'p.png'\nplt.savefig(name)",
    "plt.savefig(f'map{1}.png')",
    "for name in ('map.png', 'other.png'):\n    plt.savefig(name)",
    "def save(name='map.png'):\n    plt.savefig(name)\nsave()",
    "names = {'a': 'map.png'}\nplt.savefig(names['a'])",
    "df.to_csv('data/in.csv'); df.to_csv('./data/new.csv')",
    "df.to_csv('out/../map.csv')",
    "import os\nplt.savefig(os.path.join('data', 'map.png'))",
    "from pathlib import Path\nplt.savefig(Path('data') / 'map.png')",
    "import json5x\nimport numpy.linalg",
    "import glob\nfor name in glob.glob('*.nc'):\n    xr.open_dataset(name)",
    "ds['tas'].plot(); plt.savefig('tas.png')",
)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("1+1", []),
        ("ds['tas'].mean('time')", ["time"]),
        ("ds['tas'] + ds['pr']", []),
        ("ds[['tas', 'pr']].load()", []),
        ("'a text on its own'", []),
        ("import numpy as np, os.path", ["numpy", "numpy/__init__.", "os", "os/__init__."]),
        ("from . import near", []),
        ("plt.savefig('a.png')", ["a.png"]),
        ("plt.savefig(b'a.png')", ["a.png"]),
        ("plt.savefig('a' + b)", None),
        ("name = 'a'\nname += b", None),
        ("plt.savefig(f'{a}.png')", None),
        ("plt.savefig('{}.png'.format(a))", None),
        ("plt.savefig('%s.png' % a)", None),
        ("open('*.nc')", None),
        ("plt.savefig('a.png'); x = y + 1", ["a.png"]),
        ("%cd data", None),
        ("get_ipython().run_cell_magic('time', '', 'x')", None),
        ("x = (", None),
        ("x = 1\n" * 10_000, None),
        ("f(" + ", ".join(f"'{at}'" for at in range(200)) + ")", None),
    ],
)
def test_what_code_may_mean(code: str, found: list[str] | None) -> None:
    assert meant_files(code) == found


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where of all that the corpora name a third is a file, a third a link that leads out."""
    folder = tmp_path_factory.mktemp("work")
    outside = folder.parent / "outside"
    outside.touch()
    for at, name in enumerate(sorted({name for code in (*CORPUS, *OURS) for name in _named(code)})):
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if at % 3 == 0:
                path.touch()
            elif at % 3 == 1:
                path.symlink_to(outside)
        except OSError:
            continue  # one name is the folder of another
    assert len(list(folder.rglob("*"))) > 300
    return folder


def _named(code: str) -> set[str]:
    try:
        texts = {each.value for each in ast.walk(ast.parse(code)) if isinstance(each, ast.Constant)}
    except SyntaxError:
        return set()
    names = {text for text in texts if isinstance(text, str) and 0 < len(text) < 60 and text.isprintable()}
    names |= {f"{name}.png" for name in names}
    return {name for name in names if not name.startswith((".", "/", "~")) and ".." not in name and ":" not in name}


def _reviewed(code: str, wanted: list[str] | None) -> tuple[Review, int]:
    told = meant(wanted, entries=100_000, ms=60_000)
    assert told["complete"]
    inside = told["directory"] + "/"
    facts: KernelFacts = msgspec.structs.replace(
        FACTS,
        cwd=told["directory"],
        files=frozenset(told["names"]),
        links=frozenset(name for name, target in told["links"].items() if not target.startswith(inside)),
    )
    return review(code, facts), len(told["names"])


def test_a_review_says_the_same_when_only_these_are_told(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(work)
    whole = len(meant(None, entries=100_000, ms=60_000)["names"])
    fewer = 0
    for code in (*CORPUS, *OURS):
        wanted = meant_files(code)
        if wanted is None:
            continue
        told, count = _reviewed(code, wanted)
        assert told == _reviewed(code, None)[0], code
        fewer += count < whole
    assert fewer > 500


def test_files_and_links_matter_to_a_review(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above: what is there makes a difference to enough of the code."""
    monkeypatch.chdir(work)
    nothing = msgspec.structs.replace(FACTS, cwd=os.getcwd(), files=frozenset(), links=frozenset())
    differ = [code for code in (*CORPUS, *OURS) if _reviewed(code, None)[0] != review(code, nothing)]
    assert len(differ) > 20
