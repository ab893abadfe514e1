"""Where a model is asked, in words for people, and what it costs."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ..domain.values import Service
from .prices import Known

Costs = tuple[float | None, float | None]
"""Dollars a token: read, written."""

_NAMES = ("input_cost_per_token", "output_cost_per_token")
_LONGEST = 200


def service_at(address: str, costs: Costs) -> Service:
    """Return the service at an address; a provider's name stands for itself. Neither path nor login is told."""
    host = _host(address)
    return Service(host or "an unknown service", _is_here(host), *costs)


def costs_of(known: Known, *told: Mapping[str, Any]) -> Costs:
    """Return what a model costs: as the catalogue tells, else as LiteLLM's table does."""
    read, written = (_cost(*(one.get(name) for one in told), getattr(known, name)) for name in _NAMES)
    return read, written


def _cost(*told: Any) -> float | None:
    for value in told:
        try:  # YAML takes 2e-06 for a text
            cost = float(value) if isinstance(value, int | float | str) else None
        except ValueError:
            continue
        if cost is not None and 0 <= cost < 1:
            return cost
    return None


def _host(address: str) -> str:
    if "://" not in address:
        return address.strip() if address.strip().replace("_", "").replace("-", "").isalnum() else ""
    try:
        host = urlsplit(address.strip()).hostname or ""
    except ValueError:
        return ""
    return host[:_LONGEST] if host.isprintable() else ""


def _is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
