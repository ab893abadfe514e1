"""Who owns a request (contract 16 and 31, and the first trap of Jupyter's own logins)."""

from __future__ import annotations

import os
import pwd
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_server.auth import IdentityProvider, User

from jupyter_frevagpt.domain.owner import Owner, is_usable_name
from jupyter_frevagpt.identity import FrevaUser, VisitorRefused, Visitors, is_visitor, local_account, owner_of
from jupyter_frevagpt.threads.folders import owner_key


class HubUser(User):
    hub_user: dict[str, Any]


class SiteProvider(IdentityProvider):
    def get_user(self, handler: Any) -> User:
        return User("site-user")


class NamedProvider(IdentityProvider):
    def get_user(self, handler: Any) -> User:
        return User("")


def hub_user(name: str, kind: str = "user") -> HubUser:
    user = HubUser(name)
    user.hub_user = {"name": name, "kind": kind}
    return user


def owner(
    user: User, provider: IdentityProvider | None = None, hub_owner: str = "", visitors: Visitors = "deny"
) -> str:
    provider = provider or IdentityProvider()
    return owner_of(user, provider, local_owner="account", hub_owner=hub_owner, visitors=visitors)


def test_jupyters_own_logins_count_as_the_account_whatever_they_call_themselves() -> None:
    assert owner(User("3f2a9c")) == owner(User("b1", name="Somebody", display_name="Else")) == "account"


def test_a_hub_user_counts_by_name_on_the_own_server_only() -> None:
    assert owner(hub_user("alice"), hub_owner="alice") == "alice"
    with pytest.raises(VisitorRefused, match="somebody else"):
        owner(hub_user("bob"), hub_owner="alice")
    assert owner(hub_user("alice", "service")) == "service:alice"
    with pytest.raises(VisitorRefused):
        owner(hub_user("alice", "service"), hub_owner="alice")


def test_visitors_may_have_threads_of_their_own() -> None:
    visitor = owner(hub_user("bob"), hub_owner="alice", visitors="own-threads")
    mine = owner(hub_user("alice"), hub_owner="alice", visitors="own-threads")
    assert (visitor, mine) == ("bob", "alice")
    assert is_visitor(visitor, "alice")
    assert not is_visitor(mine, "alice")
    assert not is_visitor("account", "")  # outside a hub
    service = owner(hub_user("alice", "service"), hub_owner="alice", visitors="own-threads")
    assert is_visitor(service, "alice")


@pytest.mark.parametrize("name", ["service:alice", "freva:home:alice"])
def test_nobody_is_called_like_a_service_or_a_freva_user(name: str) -> None:
    for visitors in ("deny", "own-threads"):
        with pytest.raises(VisitorRefused, match="reads like"):
            owner(hub_user(name), hub_owner=name, visitors=visitors)
    with pytest.raises(VisitorRefused, match="reads like"):
        owner(User(name), NamedProvider())


def test_a_freva_user_counts_by_realm_and_name() -> None:
    keys = {owner(FrevaUser("alice", realm=realm)) for realm in ("home", "away")}
    assert keys == {"freva:home:alice", "freva:away:alice"}
    assert Owner.of("freva:home:alice") == Owner("home", "alice")
    assert Owner.of("alice") == Owner("", "alice")


REALMS = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,8}", fullmatch=True)
NAMES = st.one_of(st.text(), st.text("freva:hom./\\\0$ä", max_size=12), st.just("freva:home:alice"))


@given(REALMS, NAMES, REALMS, NAMES)
def test_no_two_owners_share_a_key_or_a_folder(realm: str, name: str, realm2: str, name2: str) -> None:
    one, two = Owner(realm, name), Owner(realm2, name2)
    assert Owner.of(one.key) == one
    assert (one.key == two.key) == (one == two) == (owner_key(one.key) == owner_key(two.key))
    folder = owner_key(one.key)
    assert folder.replace("-", "").isalnum()
    assert folder.isascii()
    if not name.startswith("freva:"):
        assert Owner.of(Owner("", name).key) == Owner("", name) != one
    else:
        with pytest.raises(ValueError):
            Owner("", name)


@given(st.text())
def test_a_usable_name_can_be_shown(name: str) -> None:
    if is_usable_name(name):
        assert 0 < len(name) <= 128
        assert name.isprintable() or any(character.isspace() for character in name)
        assert not set("/\\\0\n\r") & set(name)


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
