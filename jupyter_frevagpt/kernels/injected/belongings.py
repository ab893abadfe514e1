"""What belongs to the user's session and is put back after a run of ours."""

from __future__ import annotations

import sys
from typing import Any

_ABSENT: Any = object()
_LAST_ERROR = ("last_type", "last_value", "last_traceback", "last_exc")
_OF_SHELL = ("last_execution_succeeded", "last_execution_result", "keepkernel_on_exit")
_OF_HOOK = ("_", "__", "___")


class Belongings:
    """The last results (``_``, ``Out``), the number of the next cell, and the last error, which ``%debug`` looks at."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def take(self) -> dict[str, Any]:
        """Return what there is now."""
        shell = self._shell
        count = shell.execution_count
        names = ("_", "__", "___", f"_{count}", "_exit_code")
        history = shell.history_manager
        return {
            "count": count,
            "names": {name: shell.user_ns.get(name, _ABSENT) for name in names},
            "out": shell.user_ns.get("_oh", {}).get(count, _ABSENT),
            "hook": {name: getattr(shell.displayhook, name, _ABSENT) for name in _OF_HOOK},
            "error": {name: getattr(sys, name, _ABSENT) for name in _LAST_ERROR},
            "shell": {name: getattr(shell, name, _ABSENT) for name in _OF_SHELL},
            "records": [
                (record, record.get(count, _ABSENT))
                for name in ("outputs", "exceptions", "output_hist_reprs")
                if isinstance(record := getattr(history, name, None), dict)
            ],
        }

    def give_back(self, taken: dict[str, Any] | None) -> None:
        """Put all back as it was."""
        if taken is None:
            return
        shell, count = self._shell, taken["count"]
        if shell.execution_count != count:
            shell.execution_count = count
        for name, value in taken["names"].items():
            _set_item(shell.user_ns, name, value)
        _set_item(shell.user_ns.get("_oh", {}), count, taken["out"])
        for record, value in taken["records"]:
            _set_item(record, count, value)
        for target, values in ((shell.displayhook, taken["hook"]), (sys, taken["error"]), (shell, taken["shell"])):
            for name, value in values.items():
                _set_attribute(target, name, value)


def _set_item(mapping: Any, key: Any, value: Any) -> None:
    if value is _ABSENT:
        mapping.pop(key, None)
    elif mapping.get(key, _ABSENT) is not value:
        mapping[key] = value


def _set_attribute(target: Any, name: str, value: Any) -> None:
    if value is _ABSENT:
        if hasattr(target, name):
            delattr(target, name)
    elif getattr(target, name, _ABSENT) is not value:
        setattr(target, name, value)
