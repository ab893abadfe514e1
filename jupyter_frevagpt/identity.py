"""Who owns a request's threads: a name that stays the same over requests, logins and restarts."""

from __future__ import annotations

import os
import pwd
from typing import Any

from jupyter_server.auth import IdentityProvider
from jupyter_server.auth.identity import LegacyIdentityProvider


class VisitorRefused(PermissionError):
    """Somebody who is not the owner of this single-user server asks for its assistant."""


def local_account() -> str:
    """Return the name of the account this process runs as; ``uid-<n>`` where it has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"


def owner_of(user: Any, provider: IdentityProvider, *, local_owner: str, hub_owner: str) -> str:
    """Return the owner for a logged-in user.

    A JupyterHub user counts by name, and only the one whose server this is (``hub_owner``, "" outside a hub) may use
    it; raises VisitorRefused for others. An identity provider of a site's own counts by username. Jupyter's own token
    and password logins carry a name that changes with each login, so there it is ``local_owner``.
    """
    hub_user = getattr(user, "hub_user", None)
    if isinstance(hub_user, dict) and isinstance(hub_user.get("name"), str):
        service = hub_user.get("kind") == "service"
        name = f"service:{hub_user['name']}" if service else hub_user["name"]
        if hub_owner and name != hub_owner:
            raise VisitorRefused("This server belongs to somebody else. Use the assistant on your own server.")
        return str(name)
    kind = type(provider)
    ours = (IdentityProvider, LegacyIdentityProvider)
    own_users = all(kind.get_user is not known.get_user for known in ours)
    if own_users or kind.get_user_token is not IdentityProvider.get_user_token:
        return str(user.username)
    return local_owner
