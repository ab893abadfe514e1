"""Runs the code that a model wrote for the asks of ``local_model.py`` and judges what it printed; one process an ask.

Reads a JSON list from standard input, writes ``[[passed, what was seen], ...]`` to standard output. Needs numpy,
pandas, matplotlib and xarray in its Python, so that the answers have something to work on.
"""

from __future__ import annotations

import ast
import calendar
import contextlib
import datetime
import io
import json
import math
import os
import random
import re
import resource
import signal
import sys
import tempfile
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr

SECONDS = 20
"""What a piece of code may take."""


def run(ask: dict[str, Any]) -> tuple[bool, str]:
    """Run one answer where its question's variables live; return whether the check holds, and the output."""
    rnd = random.Random(ask["seed"])

    def floats(count: int) -> list[float]:
        return [round(rnd.uniform(-20, 40), 1) for _ in range(count)]

    def cube() -> xr.DataArray:
        times = pd.date_range("2000-01-01", "2003-12-31", freq="5D")
        lat, lon = np.arange(-80, 81, 20.0), np.arange(0, 360, 30.0)
        values = np.random.default_rng(ask["seed"]).normal(280, 9, (len(times), len(lat), len(lon)))
        place = {"time": times, "lat": lat, "lon": lon}
        return xr.DataArray(values, coords=place, dims=tuple(place), name="pr", attrs={"units": "furlong"})

    known = {"rnd": rnd, "floats": floats, "cube": cube, "np": np, "pd": pd, "xr": xr, "plt": plt}
    before: dict[str, Any] = dict(known)
    exec(ask.get("setup", ""), before)
    kernel = {name: value for name, value in before.items() if name not in known and name != "__builtins__"}
    given = set(kernel)
    out = _execute(ask["code"], kernel)

    def number(wanted: float) -> bool:
        for text in re.findall(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?", out):
            if isinstance(wanted, int) and "." not in text and "e" not in text:
                if int(text) == wanted:
                    return True
            elif math.isclose(float(text), wanted, rel_tol=1e-6, abs_tol=1e-9):
                return True
        return False

    def close(wanted: xr.DataArray) -> bool:
        made = [value for name, value in kernel.items() if name not in given and isinstance(value, xr.DataArray)]
        return str(wanted) in out or any(value.shape == wanted.shape and np.allclose(value, wanted) for value in made)

    scope = {**before, "math": math, "datetime": datetime, "calendar": calendar, **ask["drawn"]}
    scope.update(out=out, number=number, close=close, figures=lambda: len(plt.get_fignums()))
    return bool(eval(ask["check"], scope)), out


def _execute(code: str, kernel: dict[str, Any]) -> str:
    """Run code as a notebook cell does: the value of a last expression is shown."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(tree, "cell", "exec"), kernel)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), kernel)
            if value is not None:
                out.write(f"{value!r}\n")
    return out.getvalue()


def in_child(ask: dict[str, Any]) -> list[Any]:
    """Run one answer in a forked process, where it can do no harm to the next."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        try:
            with tempfile.TemporaryDirectory() as folder:
                os.chdir(folder)
                passed, seen = run(ask)
        except BaseException as error:  # noqa: BLE001 - whatever generated code does is a result
            passed, seen = False, repr(error)
        os.write(writing, json.dumps([passed, seen[:300]]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return list(json.loads(told)) if told else [False, "died"]


if __name__ == "__main__":
    json.dump([in_child(ask) for ask in json.load(sys.stdin)], sys.stdout)
