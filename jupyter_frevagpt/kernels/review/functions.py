"""Calls of allow-listed functions whose arguments matter, and what they give back."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from . import allocation, memory, options, storage
from .call import Call
from .methods import names_methods
from .purity import NEW_RESULT
from .scope import DATA, NUMERIC, REPORTED, Value, element, held, joined, one_of

_NUMBERS = frozenset(f"builtins.{name}" for name in "range len int float round abs ord hash".split())
_KEEPS = frozenset(f"builtins.{name}" for name in "list sorted tuple set reversed iter next".split())
_PASS_ON = frozenset("builtins itertools functools collections copy operator random".split())
_LETS_GO = NEW_RESULT | {"deepcopy"}
_MARKUP = re.compile(
    r"<\s*(script|img|iframe|svg|object|embed|link|style|video|audio|form)\b|javascript:|!\[[^\]]{0,300}\]\(",
    re.IGNORECASE,
)


def _open(call: Call) -> Value:
    storage.read(call)
    mode = call.constant("mode", 1)
    return Value(tag="buffer") if isinstance(mode, str) and set(mode) & set("wx") else DATA


def _getattr(call: Call) -> Value:
    call.ask("dynamic", "Looks something up by a name that is only known when it runs")
    return REPORTED


def _type(call: Call) -> Value:
    call.ask("dynamic", "Hands a type on, by which it could be changed")
    return REPORTED


def _display(call: Call) -> Value:
    if call.unreadable or call.constant("raw") not in (None, False) or "metadata" in call.keywords:
        call.ask("browser", "Shows content that the browser would run")
    return DATA


def _markdown(call: Call) -> Value:
    value = call.argument(0, "data")
    if call.unreadable or {"url", "filename"} & set(call.keywords) or value is None or value.texts is None:
        call.ask("browser", "Shows text whose markup is only known when it runs")
    return DATA


def _image(call: Call) -> Value:
    if "url" in call.keywords or call.constant("embed") not in (None, True):
        call.ask("browser", "Has the browser fetch an image")
    storage.read(call)
    for name in ("data", "filename"):
        if name in call.keywords:
            storage.check_read(call, call.keywords[name])
    return DATA


def _databrowser(call: Call) -> Value:
    host = call.argument(99, "host")
    names = (call.facts.freva_host,) if host is None else host.texts
    known = {name.partition("://")[2].split("/")[0].split(":")[0] if "://" in name else name for name in names or ()}
    if not known or not known <= call.facts.hosts or call.unreadable:
        call.ask("network", "Asks a Freva server")
        return DATA
    call.findings.bring("the catalogue of the Freva server")
    return Value(tag="catalogue", listed=True)


def _ndarray(call: Call) -> Value:
    if call.unreadable or len(call.args) > 2:
        call.ask("dynamic", "Makes an array of raw memory")
    return DATA


def _pivot(call: Call) -> Value:
    if call.unreadable or len(call.args) > 4:
        call.ask("dynamic", "Calls a method by a name that is only known when it runs")
    return DATA


def _path_join(call: Call) -> Value:
    if call.unreadable:
        return DATA
    parts: list[Value] = []
    for value in call.args:
        parts += [Value(texts=("/",)), value] if parts else [value]
    if any(text.startswith("/") for part in parts[1:] if part.texts for text in part.texts if text != "/"):
        return DATA
    return joined(parts)


def _path(call: Call) -> Value:
    if call.unreadable or len(call.args) > 1:
        return Value(tag="path")
    value = call.args[0] if call.args else Value(texts=(".",))
    return Value(texts=value.texts, tag="path") if not value.listed else DATA


def _check(check: Callable[[Call], None]) -> Callable[[Call], Value]:
    def checked(call: Call) -> Value:
        check(call)
        return DATA

    return checked


def _writer(call: Call) -> Value:
    position, names, suffix = storage.WRITERS[call.path]
    storage.write(call, call.argument(position, *names), suffix)
    return DATA


def _to_memory(call: Call) -> Value:
    if call.args:
        memory.check(call, call.args[0])
        if call.path.startswith("numpy.as"):
            return Value(of=call.args[0].of)
    return DATA


def _aggregated(call: Call) -> Value:
    return held(call.keywords.values()) if call.keywords else DATA


CHECKED: dict[str, Callable[[Call], Value]] = {
    **dict.fromkeys(storage.READERS, storage.read),
    **dict.fromkeys(storage.WRITERS, _writer),
    **dict.fromkeys(("numpy.asarray", "numpy.array", "numpy.asanyarray", "numpy.ascontiguousarray"), _to_memory),
    **dict.fromkeys(("dask.compute", "dask.persist"), _to_memory),
    "builtins.open": _open,
    "builtins.getattr": _getattr,
    "builtins.type": _type,
    "builtins.display": _display,
    "IPython.display.display": _display,
    "IPython.display.Markdown": _markdown,
    "IPython.display.Latex": _markdown,
    "IPython.display.Code": _markdown,
    "IPython.display.Pretty": _markdown,
    "IPython.display.Image": _image,
    "freva_client.databrowser": _databrowser,
    "freva_client.databrowser.metadata_search": _databrowser,
    "freva_client.databrowser.count_values": _databrowser,
    "pandas.pivot_table": _pivot,
    "pandas.crosstab": _pivot,
    "numpy.ndarray": _ndarray,
    "numpy.recarray": _ndarray,
    "os.path.join": _path_join,
    "pathlib.Path": _path,
    "pathlib.PurePath": _path,
    "pathlib.PurePosixPath": _path,
    "matplotlib.rcParams.update": _check(options.rc_update),
    "matplotlib.rc_context": _check(options.rc_update),
    "matplotlib.pyplot.rc_context": _check(options.rc_update),
    "matplotlib.rc": _check(options.rc),
    "matplotlib.style.use": _check(options.style),
    "matplotlib.style.context": _check(options.style),
    "matplotlib.use": _check(options.use),
    "pandas.set_option": _check(options.pandas_option),
    "pandas.option_context": _check(options.pandas_option),
    "dask.config.set": _check(options.dask_option),
}
"""Functions that ask, or not, for what they are called with; they are called by name only, never handed on."""

ONLY_CALLED = (
    frozenset(CHECKED)
    - frozenset(("numpy.asarray", "numpy.array", "numpy.ndarray", "builtins.display", "os.path.join"))
) | {"matplotlib.rcParams"}


def judge(call: Call) -> Value:
    """Ask for what the call of an allow-listed function may do; returns what it gives."""
    options.keywords(call)
    if "aggfunc" in call.keywords and not names_methods(call.keywords["aggfunc"]):
        call.ask("dynamic", "Calls a method by a name that is only known when it runs")
    allocation.of_function(call)
    check = CHECKED.get(call.path)
    if check is not None:
        return check(call)
    if call.path in _NUMBERS:
        return allocation.of_range(call) if call.path == "builtins.range" else NUMERIC
    first = call.args[0] if call.args else DATA
    if call.path == "builtins.str" and len(call.args) == 1 and not first.listed and not first.tag:
        return first
    if call.path in _KEEPS and len(call.args) == 1:
        return _with_the_same(call, first)
    if call.path in ("io.StringIO", "io.BytesIO"):
        return Value(tag="buffer")
    if call.path == "pandas.NamedAgg":
        return _aggregated(call)
    if call.path == "builtins.dict" and not call.args and not call.unreadable:
        given = one_of(call.keywords.values())
        return msgspec.structs.replace(held(call.keywords.values()), holds=given.of or given.holds)
    if call.path.split(".")[0] not in _PASS_ON:
        return DATA
    opaque = any(value.tag == "opaque" for value in call.args)
    holds = "" if call.path.rpartition(".")[2] in _LETS_GO else one_of(call.args).holds
    return Value(tag="opaque" if opaque else "", holds=holds)


def _with_the_same(call: Call, given: Value) -> Value:
    """What holds, or gives, the same things as what it is made of."""
    if call.path == "builtins.next":
        return element(given)
    if call.path not in ("builtins.iter", "builtins.reversed"):
        allocation.of_items(call.facts, call.findings, given, call.node)
    if given.tag == "opaque":
        return Value(tag="opaque", holds=given.holds)
    return given if given.listed else Value(holds=given.holds)


def has_markup(text: str) -> bool:
    """True for a text with tags that a browser would follow or run."""
    return bool(_MARKUP.search(text))


def literal_text(value: Value) -> str | None:
    """The one string that ``value`` is, or None."""
    return value.texts[0] if value.texts and len(value.texts) == 1 and not value.listed else None
