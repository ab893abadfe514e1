"""The variables that a catalogue may name in place of a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from ..domain.errors import ModelFailed
from .failures import failure

ALLOWED = ("*_API_KEY", "FREVAGPT_*")

_PREFIX = "os.environ/"

_UNUSUAL = {"together_ai": "TOGETHERAI_API_KEY", "perplexity": "PERPLEXITYAI_API_KEY"}


class Variables:
    """Resolves ``os.environ/NAME``, for names that match one of the allowed patterns only.

    A catalogue may come with a folder from somewhere: it must not send just any secret of this server somewhere else.
    """

    def __init__(self, environment: Mapping[str, str], allowed: Sequence[str] = ALLOWED) -> None:
        self._environment = environment
        self._allowed = tuple(allowed)

    def resolved(self, value: Any) -> Any:
        """Return plain data with every reference replaced; raises ModelFailed for one that is unset or not allowed."""
        if isinstance(value, str) and value.startswith(_PREFIX):
            return self._value(value.removeprefix(_PREFIX).strip())
        if isinstance(value, list):
            return [self.resolved(item) for item in value]
        if isinstance(value, dict):
            return {key: self.resolved(item) for key, item in value.items()}
        return value

    def or_nothing(self, value: Any) -> str:
        """Return a text with its reference replaced, "" for one that cannot be."""
        try:
            return str(self.resolved(value) or "")
        except ModelFailed:
            return ""

    def provider_key(self, provider: str) -> str:
        """Return the key that a provider's own variable holds (``MISTRAL_API_KEY``), empty without one."""
        name = _UNUSUAL.get(provider, provider.upper().replace("-", "_") + "_API_KEY")
        return self._environment.get(name, "") if self._may(name) else ""

    def _value(self, name: str) -> str:
        if not self._may(name):
            raise failure("unlisted", name=_shown(name))
        value = self._environment.get(name, "")
        if not value:
            raise failure("unset", name=_shown(name))
        return value

    def _may(self, name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in self._allowed)

    def __repr__(self) -> str:
        return f"Variables(allowed={self._allowed})"


def _shown(name: str) -> str:
    return name if len(name) <= 64 and name.isidentifier() else "with that name"
