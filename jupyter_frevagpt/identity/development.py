"""The development identity: for a programmer alone on the own machine, refused everywhere else."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from jupyter_server.auth import IdentityProvider
from jupyter_server.auth.identity import PasswordIdentityProvider
from tornado import web

from ..domain.owner import is_reserved, is_usable_name
from .mongo import is_loopback
from .owners import has_no_names
from .refused import UnsafeServer, VisitorRefused

_log = logging.getLogger(__name__)
_OFF = ("", "0", "false", "no", "off")
_PROXIED = ("Forwarded", "X-Real-Ip", "X-Scheme", "Via")


def switched_on(value: str) -> bool:
    """Whether a variable of the environment says yes."""
    return value.strip().lower() not in _OFF


class DevelopmentIdentity:
    """Who a request is for while somebody develops: the local owner, or whom a ``user_id`` in the address names."""

    def __init__(self, *, user_id_names_owner: bool) -> None:
        self._user_id_names_owner = user_id_names_owner

    def owner(self, handler: web.RequestHandler, local_owner: str) -> str:
        """Return the owner; raises VisitorRefused for what came through a proxy, so from another machine maybe."""
        headers = handler.request.headers
        if any(name in headers for name in _PROXIED) or any(name.startswith("X-Forwarded-") for name in headers):
            raise VisitorRefused("The development identity is not served through a proxy. Unset FREVAGPT_DEV.")
        name = handler.get_query_argument("user_id", "") if self._user_id_names_owner else ""
        if not name:
            return local_owner
        if not is_usable_name(name) or is_reserved(name):
            raise VisitorRefused("Nobody can be called like this user_id.")
        return name


def development_identity(
    serverapp: Any, *, enabled: bool, user_id_names_owner: bool, environment: Mapping[str, str]
) -> DevelopmentIdentity | None:
    """Return the development identity, None where it is off; raises UnsafeServer where others could reach it.

    Listening on loopback alone says little: so do servers behind a web server, and those of a hub; and on a login
    node loopback belongs to everybody. Hence the server's generated token is needed here too.
    """
    if not enabled:
        return None
    provider = serverapp.identity_provider
    problems = {
        "It listens on more than loopback: set ServerApp.ip to 127.0.0.1.": not (
            is_loopback(serverapp.ip) or (serverapp.sock and not serverapp.ip)
        ),
        "It belongs to a JupyterHub.": any(name.startswith("JUPYTERHUB_") for name in environment),
        "ServerApp.allow_remote_access is on.": serverapp.allow_remote_access,
        "ServerApp.trust_xheaders is on, so it stands behind a proxy.": serverapp.trust_xheaders,
        "It has an identity provider of its own.": type(provider) not in (IdentityProvider, PasswordIdentityProvider)
        or not has_no_names(provider),
        "Its token was not generated: leave IdentityProvider.token and JUPYTER_TOKEN unset, and set no password.": not (
            provider.token and provider.token_generated
        )
        or bool(getattr(provider, "hashed_password", "")),
    }
    if found := [text for text, is_so in problems.items() if is_so]:
        raise UnsafeServer(["FREVAGPT_DEV is set, which is for a machine that nobody else reaches.", *found])
    _log.warning("FREVAGPT_DEV is set: this server is for development only.")
    if user_id_names_owner:
        _log.warning("ALLOW_FALLBACK_OLD_AUTH is set: whoever has this server's token may read everybody's chats.")
    return DevelopmentIdentity(user_id_names_owner=user_id_names_owner)
