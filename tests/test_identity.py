"""Who owns a request (contract 16 and 31, and the first trap of Jupyter's own logins)."""

from __future__ import annotations

import os
import pwd
from typing import Any

import pytest
from jupyter_server.auth import IdentityProvider, User

from jupyter_frevagpt.identity import VisitorRefused, local_account, owner_of


class HubUser(User):
    hub_user: dict[str, Any]


class SiteProvider(IdentityProvider):
    def get_user(self, handler: Any) -> User:
        return User("site-user")


def hub_user(name: str, kind: str = "user") -> HubUser:
    user = HubUser(name)
    user.hub_user = {"name": name, "kind": kind}
    return user


def owner(user: User, provider: IdentityProvider | None = None, hub_owner: str = "") -> str:
    return owner_of(user, provider or IdentityProvider(), local_owner="account", hub_owner=hub_owner)


def test_jupyters_own_logins_count_as_the_account_whatever_they_call_themselves() -> None:
    assert owner(User("3f2a9c")) == owner(User("b1", name="Somebody", display_name="Else")) == "account"


def test_a_hub_user_counts_by_name_on_the_own_server_only() -> None:
    assert owner(hub_user("alice"), hub_owner="alice") == "alice"
    with pytest.raises(VisitorRefused, match="somebody else"):
        owner(hub_user("bob"), hub_owner="alice")
    assert owner(hub_user("alice", "service")) == "service:alice"
    with pytest.raises(VisitorRefused):
        owner(hub_user("alice", "service"), hub_owner="alice")


def test_a_sites_own_provider_counts_by_username() -> None:
    assert owner(User("site-user", display_name="X"), SiteProvider()) == "site-user"


def test_the_account_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert local_account() == pwd.getpwuid(os.getuid()).pw_name
    monkeypatch.setenv("USER", "somebody-else")
    assert local_account() == pwd.getpwuid(os.getuid()).pw_name

    def nobody(uid: int) -> Any:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert local_account() == f"uid-{os.getuid()}"
