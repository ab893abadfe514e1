"""Who owns a request's threads: a name that stays the same over requests, logins and restarts."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from typing import Any, Literal

from jupyter_server.auth import IdentityProvider, User
from jupyter_server.auth.identity import LegacyIdentityProvider

from ..domain.owner import Owner, is_reserved, service_key
from .refused import VisitorRefused

Visitors = Literal["deny", "own-threads"]


@dataclass
class FrevaUser(User):
    """A user whom the REST service of a realm knows."""

    realm: str = ""


def local_account() -> str:
    """Return the name of the account this process runs as; ``uid-<n>`` where it has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"


def owner_of(
    user: Any, provider: IdentityProvider, *, local_owner: str, hub_owner: str, visitors: Visitors = "deny"
) -> str:
    """Return the key of the owner for a logged-in user.

    A Freva user counts by realm and name. A JupyterHub user counts by name; one whose server this is not
    (``hub_owner``, "" outside a hub) is a visitor, and refused with VisitorRefused unless visitors have threads of
    their own. An identity provider of a site's own counts by username. Jupyter's own token and password logins carry
    a name that changes with each login, so there it is ``local_owner``.
    """
    if isinstance(user, FrevaUser):
        return Owner(user.realm, user.username).key
    hub_user = getattr(user, "hub_user", None)
    if isinstance(hub_user, dict) and isinstance(hub_user.get("name"), str):
        is_service = hub_user.get("kind") == "service"
        name = service_key(hub_user["name"]) if is_service else _person(hub_user["name"])
        if is_visitor(name, hub_owner) and visitors != "own-threads":
            raise VisitorRefused("This server belongs to somebody else. Use the assistant on your own server.")
        return name
    return local_owner if has_no_names(provider) else _person(str(user.username))


def is_visitor(owner: str, hub_owner: str) -> bool:
    """True for an owner who is somebody else than the user of this hub server."""
    return bool(hub_owner) and owner != hub_owner


def has_no_names(provider: IdentityProvider) -> bool:
    """True for Jupyter's own token and password logins, which do not tell people apart."""
    kind = type(provider)
    ours = (IdentityProvider, LegacyIdentityProvider)
    own_users = all(kind.get_user is not known.get_user for known in ours)
    return not own_users and kind.get_user_token is IdentityProvider.get_user_token


def _person(name: str) -> str:
    if is_reserved(name):
        raise VisitorRefused("Your user name reads like a service or a Freva user. The assistant cannot be used by it.")
    return name
