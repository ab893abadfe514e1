"""What a review asks the kernel about a cell before it runs, all at once."""

from __future__ import annotations

import re
import types
from typing import Any

from .describe import user_variables
from .facts import facts
from .files import meant
from .looks import cut, module_dict, type_name
from .sizes import is_lazy, nbytes

_NAME = re.compile(r"[^\W\d]\w*")
_MEMBER = re.compile(r"\b([^\W\d]\w*)\s*\.\s*([^\W\d]\w*)")
_MOST = 500


def look_at(
    shell: Any, code: str, *, builtin: list[str], vouched: list[str], files: list[str] | None
) -> dict[str, Any]:
    """Tell what the names in a cell are now, what would run in its place, and which of its files are there.

    ``builtin`` are the names in it that may be builtins, ``vouched`` the modules whose functions shall be compared with
    what they were, ``files`` the beginnings of the paths that it may mean (None: any). A cell that functions of the
    user's would rewrite is not given to them here.
    """
    names = set(_NAME.findall(code))
    bound = {name: value for name, value in user_variables(shell) if name in names}
    modules = {name: _module_name(value) for name, value in bound.items() if type(value) is types.ModuleType}
    claims = {name: f"builtins.{name}" for name in builtin[:_MOST] if name not in bound}
    for name, member in sorted(set(_MEMBER.findall(code)))[:_MOST]:
        if modules.get(name) in vouched:
            claims[f"{name}.{member}"] = f"{modules[name]}.{member}"
    told = facts(shell, claims=claims)
    rewriters = told["transformers"]
    return {
        "modules": modules,
        "variables": {name: type_name(type(value)) for name, value in bound.items() if name not in modules},
        "changed": sorted({claims[name] for name, verdict in told["claims"].items() if verdict == "different"}),
        "lazy": {name: size for name, value in bound.items() if (size := _lazy_size(value)) is not None},
        "memory_available": told["memory_available"],
        "transformers": rewriters,
        "transformed": None if rewriters else str(shell.transform_cell(code)),
        "files": meant(None if rewriters else files),
    }


def _module_name(module: types.ModuleType) -> str:
    name = module_dict(module).get("__name__")
    return cut(name, 100) if type(name) is str else ""


def _lazy_size(value: Any) -> int | None:
    try:
        return nbytes(value) if is_lazy(value) else None
    except Exception:  # noqa: BLE001 -- an odd object has no size
        return None
