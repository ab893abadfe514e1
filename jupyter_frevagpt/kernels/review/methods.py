"""Calls of methods on data: those that write, load, call by name or evaluate text."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from string import Formatter

from . import allocation, memory, options, storage
from .call import Call
from .dangers import by_method
from .paths import is_data_name
from .purity import PURE_METHODS
from .scope import DATA, Value, element, joined

_BY_NAME = frozenset("apply agg aggregate transform".split())
_EVALUATES = frozenset("eval query".split())
ARGUMENTS_MATTER = (
    _BY_NAME
    | _EVALUATES
    | frozenset(storage.WRITING_METHODS)
    | {"format", "replace", "rename", "open", "read_text", "read_bytes"}
)
"""Methods that are only called, never handed on, because what they do lies in their arguments."""

MUTATORS = frozenset(
    "append extend insert update pop popitem remove clear sort reverse setdefault add discard fill put resize itemset "
    "partition setflags close difference_update intersection_update "
    "symmetric_difference_update appendleft popleft byteswap setfield renameVariable renameDimension renameGroup "
    "renameAttribute createVariable createDimension createGroup setncattr setncatts delncattr".split()
)
PLAIN_PARTS = frozenset("size shape ndim nbytes dtype name dims sizes itemsize empty units long_name columns".split())
"""Attributes that are no part of what they are looked up on, but numbers or text about it."""
_VIEWS = frozenset("view ravel reshape squeeze transpose swapaxes items to_numpy setdefault".split())
"""Methods whose result shares its memory with, or belongs to, what they are called on."""
_TAKES_OUT = ("get", "pop", "popitem", "popleft", "setdefault")

_INPLACE = frozenset(
    "drop dropna fillna sort_values sort_index rename reset_index set_index replace drop_duplicates interpolate clip "
    "mask where ffill bfill rename_axis eval query".split()
)
_OF_CONTAINERS = frozenset("count index keys values items copy get load plot union intersection difference".split())
_IN_QUERIES = frozenset(
    "isin contains startswith endswith abs isnull isna notnull notna between lower upper strip len dt str year month "
    "day hour dayofyear season mean sum min max std index columns values weekday dayofweek date time".split()
)


def judge(call: Call) -> Value:
    """Ask for what the method ``call.path`` may do on data; returns what it gives."""
    options.keywords(call)
    allocation.of_method(call)
    receiver = call.receiver or DATA
    name = call.path
    if receiver.tag == "opaque" and not (name in PURE_METHODS or name in MUTATORS or name in _OF_CONTAINERS):
        call.ask("unknown", "Calls a method of something that is not known here")
    if name in storage.WRITING_METHODS:
        _write(call)
    elif name in _BY_NAME or "aggfunc" in call.keywords or (name == "pivot_table" and len(call.args) > 3):
        _by_name(call)
    elif name in _EVALUATES:
        _evaluate(call)
    elif name == "format":
        _format(call, receiver)
    elif name in ("replace", "rename"):
        _move(call, receiver)
    elif name in ("open", "read_text", "read_bytes"):
        _open(call, receiver)
    elif name in memory.LOADING:
        memory.check(call, receiver)
        if name == "load" and call.args:
            call.ask("files", "Loads from a place that is not known here")
            call.findings.bring("a file")
    return _result(call, receiver)


def _open(call: Call, receiver: Value) -> None:
    """``open``, ``read_text`` and ``read_bytes`` of a path."""
    if call.path == "open" and (call.args or call.keywords):
        call.ask("files", "Opens a file to change it")
    storage.check_read(call, receiver if receiver.tag in ("path", "files") else DATA)


def _result(call: Call, receiver: Value) -> Value:
    name = call.path
    if receiver.tag in ("path", "files") and name in ("glob", "with_suffix", "absolute", "resolve", "as_posix"):
        if name == "glob":
            return _glob(call, receiver)
        return Value(tag="path")
    if receiver.tag == "opaque":
        return receiver if name != "copy" else Value(tag="opaque")
    if name == "items" and receiver.listed:
        return receiver
    if name in ("keys", "values", "copy") and (receiver.listed or receiver.tag == "catalogue"):
        return receiver
    if receiver.tag == "styler":
        return receiver
    if name in ("split", "splitlines") or receiver.tag == "buffer":
        return DATA
    if name in memory.KEEPS_SIZE and receiver.size:
        return Value(size=receiver.size)
    if receiver.holds and name in (*_TAKES_OUT, "items", "values", "copy"):
        return element(receiver) if name in _TAKES_OUT else Value(holds=receiver.holds)
    if name in _VIEWS and receiver.of:
        return Value(of=receiver.of)
    if name in ("get", "pop"):
        return element(receiver) if len(call.args) == 1 else DATA
    return DATA


def _glob(call: Call, receiver: Value) -> Value:
    pattern = call.args[0] if call.args else DATA
    whole = joined([Value(texts=receiver.texts), Value(texts=("/",)), pattern]) if receiver.texts else DATA
    storage.check_read(call, whole)
    if not all(map(_leaves_hidden_out, pattern.texts or ())):
        call.ask("secrets", "Searches among hidden files too")
    return Value(tag="files", listed=True)


def _leaves_hidden_out(pattern: str) -> bool:
    """True where hidden files, which ``glob`` of a path finds as well, are not what is looked for."""
    parts = [part for part in pattern.split("/") if part]
    wild = any(part[0] in "*?[" for part in parts)
    return not wild or is_data_name(parts[-1])


def _write(call: Call) -> None:
    names, suffix = storage.WRITING_METHODS[call.path]
    if call.path == "to_zarr" and {"region", "append_dim"} & set(call.keywords):
        call.ask("files", "Changes a store that is there already")
    storage.write(call, call.argument(0, *names), suffix)


def names_methods(value: Value) -> bool:
    """True when what is to be applied is a known function or the name of a method that only computes."""
    if value.sort in ("function", "local", "reported") or value.tag == "callables":
        return all(_computes(text) for text in value.texts or ())
    return value.texts is not None and all(_computes(text) for text in value.texts)


def _computes(name: str) -> bool:
    return not name.startswith(("_", "to_")) and by_method(name) is None and name not in ARGUMENTS_MATTER


def _by_name(call: Call) -> None:
    given: Sequence[Value] = (
        [call.args[0]] if call.args else [value for name, value in call.keywords.items() if name in _FUNCTIONS]
    )
    if not given and call.path in ("agg", "aggregate"):
        given = list(call.keywords.values())
    if call.path == "pivot_table":
        given = call.args[3:4]
    if "aggfunc" in call.keywords:
        given = [call.keywords["aggfunc"]]
    if call.unreadable or not given or not all(names_methods(value) for value in given):
        call.ask("dynamic", "Calls a method by a name that is only known when it runs")


_FUNCTIONS = ("func", "arg", "function")


def _evaluate(call: Call) -> None:
    values = [call.args[0]] if call.args else []
    skipped = ("inplace", "engine", "parser", "missing_dims")
    values += [value for name, value in call.keywords.items() if name not in skipped]
    if (
        call.unreadable
        or not values
        or not all(value.texts and all(map(_plain_query, value.texts)) for value in values)
    ):
        call.ask("dynamic", "Evaluates text as code")


def _plain_query(text: str) -> bool:
    bare = re.sub(r"`[\w ()/.-]*`", "column", text)
    if re.search(r"@\s*\w+\s*[.(\[]|@\s*[^\w\s]|`|__", bare) or len(bare) > 1000:
        return False
    try:
        tree = ast.parse(bare.replace("@", "").strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr not in _IN_QUERIES:
            return False
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Attribute) and node.func.attr in _IN_QUERIES):
            return False
        if isinstance(node, ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.Await | ast.NamedExpr | ast.JoinedStr):
            return False
    return True


def _format(call: Call, receiver: Value) -> None:
    if receiver.tag == "styler":
        return
    texts = receiver.texts if not receiver.listed else None
    if texts is None or not all(map(is_plain_format, texts)):
        call.ask("dynamic", "Fills a text that may read inside of objects")


def is_plain_format(text: str) -> bool:
    """True for a text whose fields only name what is filled in, and nothing inside of it."""
    try:
        fields = [field for _, field, spec, _ in Formatter().parse(text) if field or (spec and "{" in spec)]
    except ValueError:
        return True
    return all(field is not None and re.fullmatch(r"\w*(\[\w+\])*", field) is not None for field in fields)


def _move(call: Call, receiver: Value) -> None:
    """``replace`` and ``rename`` of a path move its file; those of text and data do not."""
    first = call.node.args[0] if call.node.args else None
    single = len(call.node.args) == 1 and not isinstance(first, ast.Dict | ast.Lambda)
    may_be_path = call.paths_about and (call.unreadable or "target" in call.keywords or single)
    if receiver.tag in ("path", "files") or may_be_path:
        call.ask("files", "May move a file over another one")


def mutates(call_name: str, node: ast.Call) -> bool:
    """True for a method that changes what it is called on; ``**`` may hold an ``inplace`` that cannot be read."""
    for keyword in node.keywords:
        if keyword.arg == "inplace":
            return not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
        if keyword.arg is None and call_name in _INPLACE and not _has_no_inplace(keyword.value):
            return True
    return call_name in MUTATORS


def _has_no_inplace(node: ast.expr) -> bool:
    keys = node.keys if isinstance(node, ast.Dict) else [None]
    return all(isinstance(key, ast.Constant) and key.value != "inplace" for key in keys)
