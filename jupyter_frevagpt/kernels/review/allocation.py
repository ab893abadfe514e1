"""The memory that code asks for by number, such as ``np.ones(10**11)``, against the memory that is free."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Sequence

from .call import Call
from .findings import Findings
from .memory import readable
from .report import KernelFacts
from .scope import NUMERIC, Value

_ITEM = 8  # bytes of a number or of a reference
_LARGEST = 1e30
_NOTEWORTHY = 10**8  # items of a range: where fewer are made nobody runs out of memory

_SIZES = {
    **dict.fromkeys("bool bool_ int8 uint8 i1 u1 b B S1 ?".split(), 1),
    **dict.fromkeys("float16 int16 uint16 f2 i2 u2 half e h H".split(), 2),
    **dict.fromkeys("float32 int32 uint32 f4 i4 u4 single f i I".split(), 4),
    **dict.fromkeys("complex128 c16 complex float128 longdouble D g".split(), 16),
}
_BY_KEYWORD = ("size", "shape", "periods", "num", "repeats", "reps")
_SHAPES = {
    **dict.fromkeys("zeros ones empty full indices identity tri".split(), 0),
    **dict.fromkeys("tile repeat pad fromfunction".split(), 1),
    **dict.fromkeys("linspace logspace geomspace".split(), 2),
}
_DRAWN = {
    **dict.fromkeys("random random_sample ranf sample standard_normal standard_exponential permutation".split(), 0),
    **dict.fromkeys("choice exponential poisson rayleigh".split(), 1),
    **dict.fromkeys("normal uniform integers randint binomial beta gamma lognormal laplace".split(), 2),
}
"""Where the shape stands among the arguments of functions of numpy, and of generators of random numbers."""

_DTYPES = {"zeros": 1, "ones": 1, "empty": 1, "full": 2, "identity": 1}
_FOLDED: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.LShift: operator.lshift,
    ast.Pow: operator.pow,
}


def computed(operation: ast.operator, left: Value, right: Value) -> Value:
    """What comes of two numbers, itself a number that is known where both are."""
    one, other = _number(left), _number(right)
    fold = _FOLDED.get(type(operation))
    if one is None or other is None or fold is None:
        return NUMERIC
    if isinstance(operation, ast.Pow | ast.LShift) and not (0 <= other <= 100 and abs(one) <= 10**9):
        return NUMERIC
    try:
        result = fold(one, other)
    except (ArithmeticError, ValueError, TypeError):
        return NUMERIC
    return Value(texts=(str(result),), tag="number") if abs(result) < _LARGEST else NUMERIC


def of_range(call: Call) -> Value:
    """A range: nothing is made by it, much by what puts it in a list."""
    count = _steps(call.args)
    return Value(tag="number", size=int(count * _ITEM)) if count is not None and count > _NOTEWORTHY else NUMERIC


def of_items(facts: KernelFacts, findings: Findings, value: Value, node: ast.AST) -> None:
    """Ask when a list of all that a range gives would take too much."""
    if value.tag == "number":
        ask(facts, findings, value.size, node)


def of_function(call: Call) -> None:
    """Ask when a known function is to make more than fits in memory."""
    root, _, name = call.path.rpartition(".")
    count: float | None = None
    size = _item_size(call, name)
    if root == "numpy" and name in _SHAPES:
        count = _count(call.argument(_SHAPES[name]))
        if name in ("identity", "tri") and count is not None:
            count *= count
    elif root == "numpy" and name == "eye":
        rows, columns = call.argument(0, "N"), call.argument(1, "M")
        count = _product(rows, columns if columns is not None else rows)
    elif root == "numpy" and name == "arange":
        count = _steps(call.args)
    elif call.path in ("numpy.random.rand", "numpy.random.randn"):
        count = _product(*call.args)
    elif root == "numpy.random" and name in _DRAWN:
        count = _count(call.argument(_DRAWN[name]))
    elif call.path in ("builtins.bytes", "builtins.bytearray"):
        count, size = _number(call.argument(0)), 1
    _check(call, count if count is not None else _by_keyword(call), size)


def of_method(call: Call) -> None:
    """The same for a method of data, such as those of a generator of random numbers."""
    position = _DRAWN.get(call.path, 0 if call.path == "repeat" else None)
    count = _count(call.argument(position)) if position is not None else None
    _check(call, count if count is not None else _by_keyword(call), _item_size(call, call.path))


def of_repetition(facts: KernelFacts, findings: Findings, node: ast.BinOp, left: Value, right: Value) -> None:
    """Ask when a list or a text, written out, is repeated too often: ``[0] * 10**11``."""
    for one, value, times in ((node.left, left, right), (node.right, right, left)):
        count = _number(times)
        if count is None or (value.tag == "number" and not value.listed):
            continue
        if isinstance(one, ast.List | ast.Tuple):
            ask(facts, findings, count * len(one.elts) * _ITEM, node)
        elif value.texts and not value.listed:
            ask(facts, findings, count * max(map(len, value.texts)), node)
        elif value.listed and value.texts:
            ask(facts, findings, count * len(value.texts) * _ITEM, node)


def ask(facts: KernelFacts, findings: Findings, size: float, node: ast.AST) -> None:
    """Ask when so many bytes would take more than half of the free memory."""
    if facts.free_memory is not None and size > facts.free_memory / 2:
        words = f"Takes {readable(int(size))} of memory, of which {readable(facts.free_memory)} are free"
        findings.add("memory", words, node)


def _check(call: Call, count: float | None, size: int) -> None:
    if count is not None:
        ask(call.facts, call.findings, count * size, call.node)


def _by_keyword(call: Call) -> float | None:
    given = (_count(call.keywords[name]) for name in _BY_KEYWORD if name in call.keywords)
    return next((count for count in given if count is not None), None)


def _item_size(call: Call, name: str) -> int:
    dtype = call.argument(_DTYPES.get(name, 99), "dtype")
    if dtype is None:
        return _ITEM
    names = dtype.texts if dtype.texts else (dtype.path.rpartition(".")[2],)
    return max(_SIZES.get(name.lstrip("<>=|"), _ITEM) for name in names)


def _number(value: Value | None) -> float | None:
    if value is None or value.tag != "number" or value.listed or not value.texts or len(value.texts) > 1:
        return None
    return _read(value.texts[0])


def _read(text: str) -> float | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _count(value: Value | None) -> float | None:
    """How many items a shape has; None where that is not known."""
    if value is None or value.tag != "number" or not value.texts:
        return None
    if not value.listed:
        return _number(value)
    sides = [_read(text) for text in value.texts]
    return math.prod(side for side in sides if side is not None) if None not in sides else None


def _product(*values: Value | None) -> float | None:
    sides = [_number(value) for value in values]
    return math.prod(side for side in sides if side is not None) if sides and None not in sides else None


def _steps(values: Sequence[Value]) -> float | None:
    """How many numbers a range of these arguments has."""
    sides = [side for value in values if (side := _number(value)) is not None]
    if not sides or len(sides) < len(values) or len(sides) > 3:
        return None
    start, stop = (0, sides[0]) if len(sides) == 1 else (sides[0], sides[1])
    step = sides[2] if len(sides) == 3 else 1
    return max(0, (stop - start) / step) if step else None
