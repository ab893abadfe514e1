"""A variable of the user's that is changed under another name is told of, and asked about; a new value is not."""

from __future__ import annotations

import pytest

from jupyter_frevagpt.kernels.review import review

from .ids import short
from .kernel import FACTS

CHANGED: tuple[tuple[str, str], ...] = (
    ("df", "a, b = df, 1\na['x'] = 2"),
    ("df", "[a, b] = [1, df]\nb.sort_values('x', inplace=True)"),
    ("df", "(a, b), c = (1, df), 2\nb.loc[0, 'x'] = 2"),
    ("df", "a, *rest = 1, df\nrest[0]['x'] = 2"),
    ("df", "*rest, a = 1, df\na['x'] = 2"),
    ("df", "a, b = df, 1\nb, a = a, b\nb['x'] = 2"),
    ("df", "pair = df, 1\na, b = pair\na['x'] = 2"),
    ("df", "pair = (df, 1)\npair[0]['x'] = 2"),
    ("df", "(a, b), c = [(df, 1), 2]\na['x'] = 2"),
    ("df", "a, b = (df, 1) if n else (1, df)\nb['x'] = 2"),
    ("df", "if (pair := (df, 1)):\n    pair[0]['x'] = 2"),
    ("df", "for a, b in [(1, df), (2, df)]:\n    b['x'] = a"),
    ("df", "for a, b in zip([1], [df]):\n    b['x'] = a"),
    ("df", "for i, a in enumerate([df]):\n    a['x'] = i"),
    ("df", "for a in (df,):\n    a['x'] = 1"),
    ("df", "for a in reversed([df]):\n    a['x'] = 1"),
    ("df", "[df][0]['x'] = 1"),
    ("df", "tables = {'a': df}\ntables['a']['x'] = 1"),
    ("df", "tables = dict(a=df)\ntables['a']['x'] = 1"),
    ("df", "for name, a in {'a': df}.items():\n    a['x'] = 1"),
    ("df", "for a in {'a': df}.values():\n    a['x'] = 1"),
    ("df", "{'a': df}.get('a').drop(columns='x', inplace=True)"),
    ("df", "tables = []\ntables.append(df)\ntables[0]['x'] = 1"),
    ("df", "tables = [1] + [df]\ntables[1]['x'] = 1"),
    ("df", "tables = []\ntables += [df]\ntables[0]['x'] = 1"),
    ("df", "tables = [each for each in [df]]\ntables[0]['x'] = 1"),
    ("df", "a = n or df\na['x'] = 1"),
    ("df", "match df, 1:\n    case a, b:\n        a['x'] = b"),
    ("df", "def f(given):\n    a, b = given, 1\n    a['x'] = b\nf(df)"),
    ("df", "def f(given):\n    given[0]['x'] = 1\nf([df])"),
    ("arr", "a, b = arr, 1\na += b"),
    ("arr", "a, b = title, arr\nb[0] = 1"),
    ("arr", "import copy\ncopy.copy([arr])[0][0] = 1"),
)
NOT_CHANGED: tuple[str, ...] = (
    "a, b = df, {}\nb['x'] = 1",
    "a, b = df, []\nb.append(1)",
    "a, b = 1, df.copy()\nb['x'] = 1",
    "lat, weights = ds.lat, np.zeros(3)\nweights[0] = 1",
    "tables = [df]\ntables.append(df.head())",
    "tables = {}\ntables['a'] = df\ntables['b'] = df.describe()",
    "tables = {'a': df}\nfor name, a in tables.items():\n    print(name, a.mean())",
    "for name, a in [('tas', tas), ('pr', pr)]:\n    name += '_mean'\n    print(name, float(a.mean()))",
    "for name, a, out in [('tas', tas, []), ('pr', pr, [])]:\n    out.append(a.mean())",
    "rows = []\nfor name, a in zip(['tas', 'pr'], [tas, pr]):\n    rows.append({'of': name, 'mean': float(a.mean())})",
    "means = {name: float(a.mean()) for name, a in {'tas': tas, 'pr': pr}.items()}\nmeans['all'] = 1",
    "count = len([df, df])\ncount += 1",
    "a, b = n, len(years)\na += b",
    "fig, axes = plt.subplots(1, 2)\nfor ax, a in zip(axes, [tas, pr]):\n    a.mean('time').plot(ax=ax)",
    "import copy\na, b = copy.deepcopy([df, df])\na['x'] = 1",
    "a, b = np.meshgrid(ds.lon, ds.lat)\na[0] = 1",
)


@pytest.mark.parametrize(("name", "code"), CHANGED, ids=[short(code) for _, code in CHANGED])
def test_a_change_under_another_name_is_the_variables(name: str, code: str) -> None:
    found = review(code, FACTS)
    asking = {(reason.kind, reason.text) for reason in found.reasons if reason.asks}
    assert ("mutates", f"Changes your variable {name} in place.") in asking
    assert found.touches_all or name in {touch.name for touch in found.touches if touch.how == "mutates"}


@pytest.mark.parametrize("code", NOT_CHANGED, ids=short)
def test_what_is_made_anew_beside_it_may_be_changed(code: str) -> None:
    assert [reason.text for reason in review(code, FACTS).reasons if reason.asks] == []
