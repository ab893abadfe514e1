"""What a site decided, as the routes check it and tell it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import msgspec
from tornado import web

from ..domain.values import Policies, Policy, Service
from ..domain.wishes import POLICIES, is_looser
from .answers import Bounds

_LOOSER = (
    "This server does not allow the policy {wish} for code, only {site} and more careful ones. Choose one of them in "
    "the settings of FrevaGPT."
)


class Rules(msgspec.Struct, frozen=True):
    """The site's policies, whether anything of variables is sent, and where models are asked."""

    policies: Policies
    variables: bool
    services: Callable[[], Awaitable[Mapping[str, Service]]]

    def check(self, wish: Policy | None) -> Policy | None:
        """Return a wished policy; raises HTTPError for one that is looser than the site's."""
        if wish is not None and is_looser(wish, self.policies.users):
            raise web.HTTPError(403, _LOOSER.format(wish=wish, site=self.policies.users))
        return wish

    @property
    def bounds(self) -> Bounds:
        """What a person may choose from."""
        fixed = ["policy"] if self.policies.users == POLICIES[-1] else []
        fixed += [] if self.variables else ["variables"]
        variables = "values" if self.variables else "nothing"
        return Bounds(self.policies.users, self.policies.scratch, variables, fixed)  # type: ignore[arg-type]
