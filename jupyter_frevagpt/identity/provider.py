"""The identity of a server that stands alone behind the Freva web page: each request brings a Freva token."""

from __future__ import annotations

import time
from functools import cached_property
from typing import Any

from jupyter_server.auth import IdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from tornado import web
from traitlets import Bool, Dict, List, TraitError, Unicode, default, validate

from ..domain.owner import Owner
from ..domain.secret import Secret
from .authorizer import FrevaAuthorizer
from .cache import Cache
from .credential import Credential, credential_of
from .fetcher import Fetcher
from .isolation import local_kernels
from .ours import is_open, is_ours
from .owners import FrevaUser
from .people import People
from .realms import Realms
from .refused import Refused, UnsafeServer
from .vaults import Vaults

_NOT_HERE = "This server is for the Freva assistant only."
_NOT_YOURS = "This request was not sent by a page of this server."


class FrevaIdentityProvider(IdentityProvider):
    """Knows Freva users by their token, on the assistant's own routes and on no others.

    There is no cookie, no login page and no token of the server's own: what a request brings decides alone.
    """

    realms = Dict(
        help="The Freva instances served here: {name: {'rest': address of its REST service, 'vault': address that "
        "names its database, 'config': path of its configuration}}; vault and config may be left out. A request's "
        "headers choose one of them as a whole.",
    ).tag(config=True)
    default_realm = Unicode(
        "", help="The realm of requests whose headers name none. Default: the only one, where there is one."
    ).tag(config=True)
    token_header_is_ambient = Bool(
        False,
        help="True if a proxy adds x-freva-user-token from a session cookie. Such requests then prove nothing about "
        "the page that sent them: what changes anything must be a POST of JSON with the Origin of this server. Set "
        "ServerApp.disable_check_xsrf too, since there is no cookie to compare with.",
    ).tag(config=True)
    kernels_are_isolated = Bool(
        False,
        help="True if each user's kernels run in an account or container of their own, where they can read neither "
        "each other's files nor this server's memory. Needed unless kernels run behind a gateway.",
    ).tag(config=True)
    database_hosts = List(
        Unicode(), help="Hosts that a vault may name as the database; empty for any that it names."
    ).tag(config=True)

    need_token = False

    @default("token")
    def _no_token(self) -> str:
        return ""

    @validate("token")
    def _never_a_token(self, _proposal: Any) -> str:
        return ""

    @validate("realms")
    def _readable(self, proposal: Any) -> Any:
        try:
            Realms(proposal["value"])
        except ValueError as error:
            raise TraitError(str(error)) from None
        return proposal["value"]

    @property
    def auth_enabled(self) -> bool:
        """Nobody gets in without a token."""
        return True

    @property
    def login_available(self) -> bool:
        """There is no login page: the Freva web page has it."""
        return False

    @property
    def logout_available(self) -> bool:
        """Nothing is kept that could be ended."""
        return False

    def get_handlers(self) -> list[tuple[str, object]]:
        """Return no pages to log in or out."""
        return []

    @cached_property
    def known_realms(self) -> Realms:
        """The realms, read."""
        return Realms(self.realms, self.default_realm)

    @cached_property
    def people(self) -> People:
        """Who the tokens belong to."""
        return People(self._fetcher, Cache(), time.time)

    @cached_property
    def vaults(self) -> Vaults:
        """Where each realm's threads are."""
        return Vaults(self.known_realms, self._fetcher, self.database_hosts)

    @cached_property
    def _fetcher(self) -> Fetcher:
        return Fetcher()

    async def get_user(self, handler: web.RequestHandler) -> User | None:
        """Return whose token it is; raises HTTPError where a request has none, or a route is not for Freva users."""
        if known := getattr(handler, "_jupyter_current_user", None):
            return known  # type: ignore[no-any-return]
        if is_open(handler):
            return None
        # Who writes the error page asks for the user again.
        handler.current_user = handler._jupyter_current_user = None  # type: ignore[attr-defined]
        if not is_ours(handler):
            raise web.HTTPError(403, _NOT_HERE)
        try:
            credential = credential_of(handler.request.headers)
            realm = self.known_realms.chosen(handler.request.headers)
            self._check_page(handler, credential)
            name = await self.people.name(realm, credential)
        except Refused as refused:
            raise web.HTTPError(refused.status, "%s", refused.text) from None
        if not self._is_ambient(credential):
            handler._token_authenticated = True  # type: ignore[attr-defined]
        return FrevaUser(name, realm=realm.name)

    def get_token(self, handler: web.RequestHandler) -> str | None:
        """Return the Freva token of a request, None if there is none that counts; never one of the address."""
        try:
            return credential_of(handler.request.headers).token.reveal()
        except Refused:
            return None

    def _is_ambient(self, credential: Credential) -> bool:
        return self.token_header_is_ambient and credential.in_own_header

    def _check_page(self, handler: web.RequestHandler, credential: Credential) -> None:
        """Refuse what another page makes a browser send, where a proxy adds the token to whatever comes."""
        if not self._is_ambient(credential):
            return
        assert isinstance(handler, JupyterHandler)  # noqa: S101 - all routes of ours are
        sent = handler.request.headers
        handler._token_authenticated = False  # type: ignore[attr-defined]
        if not handler.check_origin() or sent.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
            raise Refused(403, _NOT_YOURS)
        if handler.request.method not in ("GET", "HEAD"):
            if not sent.get("Origin"):
                raise Refused(403, _NOT_YOURS)
            if sent.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
                raise Refused(415, "Send the parameters as JSON, with Content-Type: application/json.")

    async def mongo_uri(self, realm: str) -> Secret[str] | None:
        """Return the address of a realm's database, None without a vault; see :class:`Vaults` for what it raises."""
        return await self.vaults.mongo_uri(realm)

    def config_of(self, owner: str) -> str:
        """Return the path of the Freva configuration that an owner's kernels use; "" where there is none."""
        realm = self.known_realms.named(Owner.of(owner).realm)
        return realm.config if realm else ""

    def validate_security(self, app: Any, ssl_options: dict[str, Any] | None = None) -> None:
        """Let no server start that gives Freva users more than the assistant, whatever extensions it has."""
        check_safe(app)
        super().validate_security(app, ssl_options)

    async def aclose(self) -> None:
        """Close what asks other services."""
        await self.people.aclose()
        await self.vaults.aclose()
        await self._fetcher.aclose()


def check_safe(serverapp: Any) -> None:
    """Raise UnsafeServer if Freva users of this server could reach more than their own assistant."""
    provider = serverapp.identity_provider
    if not isinstance(provider, FrevaIdentityProvider):
        return
    problems = []
    if not isinstance(serverapp.authorizer, FrevaAuthorizer):
        problems.append("Set ServerApp.authorizer_class to jupyter_frevagpt.identity.FrevaAuthorizer.")
    if serverapp.terminals_enabled:
        problems.append("Set ServerApp.terminals_enabled to False: a terminal is this server's own account.")
    if serverapp.allow_external_kernels:
        problems.append("Set ServerApp.allow_external_kernels to False: nobody knows whose those kernels are.")
    if provider.token_header_is_ambient and serverapp.allow_origin == "*":
        problems.append("Set ServerApp.allow_origin to the web page's own: any page could use what the proxy adds.")
    if not provider.kernels_are_isolated and (names := local_kernels(serverapp)):
        problems.append(
            f"Kernels run as this server's own account ({names}), so that one user's code can read another's files. "
            "Let them run behind a gateway or with a provisioner that separates users, or set "
            "FrevaIdentityProvider.kernels_are_isolated if they are apart already."
        )
    try:
        if not provider.known_realms:
            problems.append("Set FrevaIdentityProvider.realms: there is nobody who could know a token.")
    except ValueError as error:
        problems.append(str(error))
    if problems:
        raise UnsafeServer(problems)
