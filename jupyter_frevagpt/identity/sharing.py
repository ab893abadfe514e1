"""Whether people of different origin would meet under one name in one database."""

from __future__ import annotations

from jupyter_server.auth import IdentityProvider

from .mongo import MongoAddress
from .owners import has_no_names
from .provider import FrevaIdentityProvider
from .refused import UnsafeServer


def check_database(provider: IdentityProvider, mongo_uri: str, *, owner_is_set: bool, on_hub: bool) -> None:
    """Raise UnsafeServer if a database of several servers would take all their users for one.

    In a container every account has the same name, so an owner named by the account needs a database of this machine
    alone. Realms without a vault all use the server's database, where people go by their bare names.
    """
    if not mongo_uri:
        return
    if isinstance(provider, FrevaIdentityProvider):
        if len({realm.check for realm in provider.known_realms if not realm.vault}) > 1:
            raise UnsafeServer(
                ["Several realms have no vault and would share one database. Give each but one a vault of its own."]
            )
        return
    if on_hub or owner_is_set or not has_no_names(provider) or _is_of_this_machine(mongo_uri):
        return
    raise UnsafeServer(
        [
            "The database is on another machine, and chats would belong to the account that runs this server, which "
            "in containers has the same name for everybody. Set FrevaGPT.owner to a name of your own."
        ]
    )


def _is_of_this_machine(uri: str) -> bool:
    try:
        return MongoAddress.of(uri).is_of_this_machine()
    except ValueError:
        return False
