"""Calls that bring lazily loaded data into memory, against the memory that is free."""

from __future__ import annotations

import ast

from .call import Call
from .findings import Findings
from .report import KernelFacts
from .scope import Value

LOADING = frozenset(
    "load compute persist to_dataframe to_pandas to_numpy to_series to_dict tolist to_masked_array".split()
)
"""Methods that load all of what they are called on."""

KEEPS_SIZE = frozenset(
    "chunk astype fillna where transpose sortby load compute copy rename assign_coords squeeze persist clip drop_vars "
    "to_dataset to_array to_dataarray unify_chunks assign_attrs interpolate_na ffill bfill roll shift pipe map".split()
)
"""Methods whose result is about as large as what they are called on."""

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def check(call: Call, value: Value) -> None:
    """Ask when loading ``value`` would take more than half of the free memory."""
    check_size(call.facts, call.findings, value, call.node)


def check_size(facts: KernelFacts, findings: Findings, value: Value, node: ast.expr) -> None:
    """The same, for an attribute that loads."""
    if facts.free_memory is not None and value.size > facts.free_memory / 2:
        words = f"Loads {readable(value.size)} into memory, of which {readable(facts.free_memory)} are free"
        findings.add("memory", words, node)


def readable(size: int) -> str:
    """A size in bytes as a person writes it."""
    number = float(size)
    for unit in _UNITS[:-1]:
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} {_UNITS[-1]}"
