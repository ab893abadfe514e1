"""Policies compared: a person may want more care than their site, never less."""

from __future__ import annotations

from typing import get_args

from .values import Policy

POLICIES: tuple[Policy, ...] = get_args(Policy)
"""From the one that lets everything run to the one that lets nothing run."""


def stricter(site: Policy, wish: Policy | None) -> Policy:
    """Return what counts: the site's policy, or a more careful one that is wished for."""
    return site if wish is None or is_looser(wish, site) else wish


def is_looser(wish: Policy, site: Policy) -> bool:
    """Whether a policy takes less care than the site's."""
    return POLICIES.index(wish) < POLICIES.index(site)
