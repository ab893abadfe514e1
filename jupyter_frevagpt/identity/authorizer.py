"""What a Freva user may do on a server that is not theirs: use the assistant, and nothing beside it."""

from __future__ import annotations

from jupyter_server.auth import Authorizer, User
from jupyter_server.base.handlers import JupyterHandler

from .ours import is_ours


class FrevaAuthorizer(Authorizer):
    """Allows the assistant's own routes; kernels, files, terminals and settings of the server are refused."""

    def is_authorized(self, handler: JupyterHandler, user: User, action: str, resource: str) -> bool:
        """Tell whether a route of ours wants its own resource, or to run code for its user."""
        return is_ours(handler) and (resource == "frevagpt" or (resource == "kernels" and action == "execute"))
