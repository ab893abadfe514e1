"""Headers of the request that a tool runs for: those that a site demands of other agents, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType

ASKED_WITH: ContextVar[Mapping[str, str]] = ContextVar("frevagpt_asked_with", default=MappingProxyType({}))
"""Their values by their names in lower case; set for each call of another agent's, empty elsewhere."""
