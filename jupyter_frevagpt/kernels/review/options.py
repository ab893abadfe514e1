"""Calls that set options: which of matplotlib's, pandas' and dask's only change how things look."""

from __future__ import annotations

import ast

from .call import Call

_LOOKS = (
    "figure.", "axes.", "axes", "font.", "font", "lines.", "lines", "xtick.", "xtick", "ytick.", "ytick", "legend.",
    "legend", "image.", "image", "grid.", "grid", "savefig.dpi", "savefig.bbox", "savefig.transparent",
    "savefig.pad", "savefig.edgecolor", "patch.",
    "hatch.", "text.color", "mathtext.", "contour.", "boxplot.", "scatter.", "errorbar.", "hist.", "date.", "pcolor",
    "polaraxes.", "savefig.facecolor", "figure", "mathtext", "patch", "text",
)  # fmt: skip
_NOT_LOOKS = ("figure.hooks", "text.usetex", "text.latex", "font.path")
_PANDAS = ("display.", "mode.copy_on_write", "mode.chained_assignment", "precision", "max_rows", "max_columns")
_DASK = ("array.", "optimization.", "scheduler", "num_workers", "dataframe.")
_SCHEDULERS = ("threads", "threading", "synchronous", "sync", "single-threaded")
_STYLE_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
_WORDS = "Sets an option that may change more than how things look"


def is_look(key: object) -> bool:
    """True for a matplotlib setting that only changes the look of figures."""
    return isinstance(key, str) and key.startswith(_LOOKS) and not key.startswith(_NOT_LOOKS)


def _keys(node: ast.expr | None) -> list[object]:
    if isinstance(node, ast.Dict):
        return [key.value if isinstance(key, ast.Constant) else ... for key in node.keys]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args:
        return [keyword.arg for keyword in node.keywords]
    return [...]


def rc_update(call: Call) -> None:
    """``rcParams.update({...})`` and ``rc_context({...})``."""
    first = list(call.node.args) + [k.value for k in call.node.keywords if k.arg in ("rc", None)]
    keys = [key for argument in first for key in _keys(argument)]
    if call.path.endswith("rc_context"):
        keys = keys if "fname" not in call.keywords and len(call.node.args) <= 1 else [...]
    if not all(is_look(key) for key in keys):
        call.ask("persistence", _WORDS)


def rc(call: Call) -> None:
    """``rc("font", size=12)``."""
    group = call.constant("group", 0)
    names = [keyword.arg for keyword in call.node.keywords if keyword.arg != "group"]
    known = isinstance(group, str) and len(call.node.args) <= 1
    if not known or not all(name is not None and is_look(f"{group}.{name}") for name in names):
        call.ask("persistence", _WORDS)


def style(call: Call) -> None:
    """``style.use("ggplot")``: a file or an address would also do."""
    value = call.argument(0, "style")
    names = value.texts if value else None
    if names is None or not all(set(name) <= _STYLE_CHARACTERS for name in names):
        call.ask("files", "Takes a style from a file or an address")


def use(call: Call) -> None:
    """``matplotlib.use("agg")``: ``module://`` would import anything."""
    if call.constant("backend", 0) not in (
        "agg",
        "Agg",
        "inline",
        "pdf",
        "svg",
        "module://matplotlib_inline.backend_inline",
    ):
        call.ask("dynamic", "Loads another backend of matplotlib")


def pandas_option(call: Call) -> None:
    """``set_option("display.max_rows", 10)``."""
    names = [argument.value if isinstance(argument, ast.Constant) else ... for argument in call.node.args[::2]]
    if call.unreadable or not all(isinstance(name, str) and name.startswith(_PANDAS) for name in names):
        call.ask("persistence", _WORDS)


def dask_option(call: Call) -> None:
    """``dask.config.set(...)``."""
    keys = [key for argument in call.node.args for key in _keys(argument)]
    keys += [keyword.arg or ... for keyword in call.node.keywords]
    values = [
        pair
        for argument in call.node.args
        if isinstance(argument, ast.Dict)
        for pair in zip(argument.keys, argument.values, strict=True)
    ]
    named = [value for key, value in values if isinstance(key, ast.Constant) and key.value == "scheduler"]
    if any(not isinstance(value, ast.Constant) or value.value not in _SCHEDULERS for value in named):
        call.ask("processes", "Chooses a scheduler that starts processes or reaches others")
    if not all(isinstance(key, str) and key.startswith(_DASK) for key in keys):
        call.ask("persistence", _WORDS)


def keywords(call: Call) -> None:
    """Keywords that matter whatever is called."""
    if "backend" in call.keywords and call.constant("backend") != "matplotlib" and call.path != "matplotlib.use":
        call.ask("dynamic", "Loads another backend by its name")
    if {"buffer", "buf"} & set(call.keywords) and "numpy" in call.path:
        call.ask("dynamic", "Makes an array of raw memory")
    if call.constant("usetex") not in (None, False):
        call.ask("processes", "Has LaTeX run")
    if call.constant("allow_pickle") not in (None, False):
        call.ask("dynamic", "Loads pickled objects, which can run any code")
    if call.constant("scheduler") not in (None, *_SCHEDULERS):
        call.ask("processes", "Chooses a scheduler that starts processes or reaches others")
    if {"storage_options", "fsspec", "filesystem", "chunk_store", "use_pixel_weights"} & set(call.keywords):
        call.ask("network", "Opens an address on the network")
