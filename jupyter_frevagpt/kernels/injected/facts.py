"""What the review of a cell asks the kernel: are names what they claim, how large is what, who rewrites cells."""

from __future__ import annotations

import builtins
import os
import sys
import types
from typing import Any

from .looks import cut, is_class, known_as, module_dict, names
from .sizes import is_lazy, nbytes

_STOCK_PACKAGES = ("IPython", "jupyter_frevagpt")


def facts(shell: Any, *, claims: dict[str, str] | None = None, sizes: list[str] | None = None) -> dict[str, Any]:
    """Answer a review.

    ``claims`` are names as a cell writes them (``np``, ``np.mean``, ``print``) with what they should be (``numpy``,
    ``numpy.mean``, ``builtins.print``); each is answered with same, different or absent.
    """
    space = shell.user_ns
    return {
        "claims": {name: _verdict(space, name, claim) for name, claim in list((claims or {}).items())[:500]},
        "sizes": {name: _size(space[name]) for name in (sizes or [])[:500] if name in space},
        "memory_available": _memory_available(),
        "transformers": _foreign_transformers(shell),
        "directory": cut(os.getcwd(), 1000),
    }


def _verdict(space: dict[str, Any], name: str, claim: str) -> str:
    first, *rest = name.split(".")
    if first in space:
        value = space[first]
    elif first in vars(builtins):
        value = vars(builtins)[first]
    else:
        return "absent"
    for part in rest:
        if type(value) is not types.ModuleType:
            return "different"
        value = module_dict(value).get(part, _verdict)
        if value is _verdict:
            return "absent"
    return "same" if _is(value, claim) else "different"


def _is(value: Any, claim: str) -> bool:
    """Whether a value is a module, or a module's function or class, and really came from there."""
    module = sys.modules.get(claim)
    if module is not None:
        return value is module and type(value) is types.ModuleType and _is_itself(value, claim)
    owner, _, attribute = claim.rpartition(".")
    module = sys.modules.get(owner)
    if type(module) is not types.ModuleType or not _is_itself(module, owner):
        return False
    return module_dict(module).get(attribute) is value and _came_from(value, owner.split(".", 1)[0])


def _is_itself(module: types.ModuleType, name: str) -> bool:
    inside = module_dict(module)
    specification = inside.get("__spec__")
    return inside.get("__name__") == name and (specification is None or specification.name == name)


def _came_from(value: Any, package: str) -> bool:
    """Whether a function was written in a package: one that was put into its module by hand was not."""
    if type(value) is types.FunctionType:
        where = value.__globals__.get("__name__", "")
        return type(where) is str and where != "__main__"
    if type(value) is types.BuiltinFunctionType:
        return value.__self__ is not builtins or package == "builtins"
    if type(value) is types.ModuleType:
        return True
    kind = value if is_class(value) else type(value)
    return names(kind)[0].split(".", 1)[0] in (package, "builtins") or bool(known_as(kind))


def _size(value: Any) -> dict[str, Any]:
    try:
        return {"bytes": nbytes(value), "lazy": is_lazy(value)}
    except Exception:  # noqa: BLE001 -- an odd object has no size
        return {"bytes": None, "lazy": False}


def _memory_available() -> int | None:
    """Return the bytes that this process could still use, None where the system does not say."""
    free = _meminfo()
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ):
        most, now = _number(limit), _number(used)
        if most is not None and now is not None:
            free = max(0, most - now) if free is None else min(free, max(0, most - now))
    return free


def _meminfo() -> int | None:
    try:
        with open("/proc/meminfo") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    psutil = sys.modules.get("psutil")
    return int(psutil.virtual_memory().available) if psutil is not None else None


def _number(path: str) -> int | None:
    try:
        with open(path) as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def _foreign_transformers(shell: Any) -> list[str]:
    """Return what rewrites cells here and is not IPython's own: with any of these only the kernel knows what runs.

    What works on syntax trees, or as a callback, has a name with ``ast_transformers.`` or ``events.`` in front: of its
    work nothing can be seen before the run.
    """
    manager = shell.input_transformer_manager
    later = getattr(shell, "input_transformers_post", ())
    found = []
    for step in (*manager.cleanup_transforms, *manager.line_transforms, *manager.token_transformers, *later):
        function = step.__func__ if type(step) is types.MethodType else step
        if type(function) is types.FunctionType:
            module: Any = function.__globals__.get("__name__", "")
        else:
            module = names(function if type(function) is type else type(function))[0]
        if type(module) is not str or module.split(".", 1)[0] not in _STOCK_PACKAGES:
            found.append(cut(str(module), 60))
    found += [cut(".".join(("ast_transformers", *names(type(step)))), 100) for step in shell.ast_transformers]
    found += [f"events.{name}" for name in ("pre_run_cell", "pre_execute") if _foreign_callbacks(shell, name)]
    return found[:20]


def _foreign_callbacks(shell: Any, event: str) -> bool:
    callbacks = shell.events.callbacks.get(event, [])
    return any(getattr(callback, "__module__", "") == "__main__" for callback in callbacks)
