"""A request chooses one trusted instance as a whole, and nothing that it says is used as an address (contract 32)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from traitlets import TraitError

from jupyter_frevagpt.identity import FrevaIdentityProvider
from jupyter_frevagpt.identity.address import check_address, normal_address

from .conftest import Site, detail
from .services import CHECK, Service

NAMES = {"rest": "x_freva_rest_url", "vault": "x_freva_vault_url", "config": "freva_config"}


@pytest.fixture
def freva(freva: dict[str, Any]) -> dict[str, Any]:
    realms = {name: {**realm, "vault": f"{realm['rest']}/vault"} for name, realm in freva["realms"].items()}
    return {**freva, "realms": realms}


async def test_headers_that_point_to_one_realm_choose_it(
    site: Site, service: Service, other: Service, token: str
) -> None:
    away = {"rest": other.url, "vault": f"{other.url}/vault", "config": "/etc/freva/away.conf"}
    for kinds in (("rest",), ("vault",), ("config",), ("rest", "vault"), ("vault", "config"), tuple(away)):
        site.provider.people.cache.forget()
        before = len(other.asked)
        headers = {NAMES[kind]: away[kind] for kind in kinds}
        assert (await site.get("availablechatbots", token, **headers)).status_code == 200, kinds
        assert len(other.asked) == before + 1
    also = {"x_freva_config_path": away["config"], "freva_config": away["config"]}
    assert (await site.get("availablechatbots", token, **also)).status_code == 200
    assert service.asked == []
    assert (await site.get("availablechatbots", token)).status_code == 200
    assert len(service.asked) == 1  # the default


@pytest.mark.parametrize(
    "mixed",
    [
        {"rest": "home", "vault": "away"},
        {"rest": "home", "config": "away"},
        {"vault": "home", "config": "away"},
        {"rest": "away", "vault": "away", "config": "home"},
    ],
)
async def test_parts_of_two_realms_are_refused(
    site: Site, service: Service, other: Service, token: str, mixed: dict[str, str]
) -> None:
    def headers(chosen: dict[str, str]) -> dict[str, str]:
        realms = site.provider.realms
        return {NAMES[kind]: realms[realm][kind] for kind, realm in chosen.items()}

    response = await site.get("availablechatbots", token, **headers(mixed))
    assert response.status_code == 403
    assert "does not serve" in detail(response)
    assert service.asked == other.asked == []
    whole = dict.fromkeys(mixed, "away")
    assert (await site.get("availablechatbots", token, **headers(whole))).status_code == 200


def variants(own: int, evil: int) -> list[str]:
    """Addresses that look like the trusted one, or lead to the canary."""
    good, bad = f"127.0.0.1:{own}", f"127.0.0.1:{evil}"
    return [
        f"http://{bad}",
        f"http://{bad}{CHECK}",
        f"http://{good}@{bad}",
        f"http://{good}@{bad}/",
        f"http://user:pw@{good}",
        f"http://:@{good}",
        f"http://{good}\\@{bad}",
        f"http://{bad}\\@{good}",
        f"http://{good}%40{bad}",
        f"http://{good}.{bad}",
        f"http://{good}#@{bad}",
        f"http://{bad}#@{good}",
        f"http://{good}#",
        f"http://{good}?",
        f"http://{good}?url=http://{bad}",
        f"http://{bad}?http://{good}",
        f"http://{bad}/{good}",
        f"http://{good}/../{bad}",
        f"http://{good}/..",
        f"http://{good}/%2e%2e/x",
        f"http://{good}/.",
        f"http://{good}/x",
        f"http://{good}//{bad}",
        f"http:/{good}",
        f"http:{good}",
        f"//{good}",
        f"{good}",
        f"https://{good}",
        f"ftp://{good}",
        f"file://{good}/etc/passwd",
        f"gopher://{good}",
        f"http://{good},{bad}",
        f"http://{good} http://{bad}",
        f"http://{good}\thttp://{bad}",
        f"http://{good};{bad}",
        f"http://127.1:{own}",
        f"http://2130706433:{own}",
        f"http://0x7f.0.0.1:{own}",
        f"http://localhost:{own}",
        f"http://[::1]:{own}",
        f"http://[::ffff:127.0.0.1]:{own}",
        f"http://127.0.0.1:0{own}0",
        "http://127.0.0.1",
        "http://127.0.0.1:",
        f"http://127.0.0.1:{own}:{evil}",
        "http://127.0.0.1:99999",
        "http://",
        "http://@",
        "javascript:alert(1)",
        "x",
        "x" * 5000,
    ]


async def test_no_address_of_a_request_is_ever_asked(site: Site, service: Service, canary: Service, token: str) -> None:
    canary.users[token] = "mallory"
    tried = variants(service.port, canary.port)
    assert len(set(tried)) >= 30
    for address in tried:
        for header in ("x_freva_rest_url", "x_freva_vault_url"):
            response = await site.get("availablechatbots", token, **{header: address})
            assert response.status_code == 403, address
            assert address not in detail(response)
    assert (await site.get("availablechatbots", token, freva_config="/etc/freva/../freva/home.conf")).status_code == 403
    assert canary.asked == service.asked == []
    same = f"HTTP://127.0.0.1.:{service.port}"
    for address in (service.url, f"{service.url}/", f"{service.url}/api/freva-nextgen/", service.url + CHECK, same):
        assert (await site.get("availablechatbots", token, x_freva_rest_url=address)).status_code == 200, address
    assert len(service.asked) == 1  # one realm, one answer
    assert service.asked[0][0] == CHECK


class TestRealmsWithoutVaults:
    @pytest.fixture
    def freva(self, freva: dict[str, Any]) -> dict[str, Any]:
        realms = {name: {**realm, "vault": ""} for name, realm in freva["realms"].items()}
        return {**freva, "realms": realms}

    async def test_the_same_name_in_two_realms_is_two_people(
        self, site: Site, service: Service, other: Service, token: str
    ) -> None:
        turn = await site.send("POST", "api/chatbot/streamresponse", token, given={"input": "hello"})
        thread = json.loads(turn.text.splitlines()[0])["content"]["thread_id"]
        assert "Good day." in "".join(
            json.loads(line)["content"] for line in turn.text.splitlines() if "Assistant" in line
        )
        mine = await site.get(f"getthread?thread_id={thread}", token)
        assert mine.status_code == 200
        theirs = await site.get(f"getthread?thread_id={thread}", token, x_freva_rest_url=other.url)
        absent = await site.get(f"getthread?thread_id={'z' * 32}", token)
        assert theirs.status_code == absent.status_code == 404
        assert theirs.json() == absent.json() == {"detail": "Thread not found."}
        service.users["bob-token"] = "bob"
        assert (await site.get(f"getthread?thread_id={thread}", "bob-token")).status_code == 404
        assert (await site.get("getuserthreads", token)).json()[1] == 1
        assert (await site.get("getuserthreads", token, x_freva_rest_url=other.url)).json() == [[], 0]


class TestSeveralRealmsWithoutADefault:
    @pytest.fixture
    def freva(self, freva: dict[str, Any]) -> dict[str, Any]:
        return {**freva, "default_realm": ""}

    async def test_the_address_is_needed(self, site: Site, service: Service, token: str) -> None:
        response = await site.get("availablechatbots", token)
        assert response.status_code == 400
        assert "x-freva-rest-url" in detail(response)
        assert (await site.get("availablechatbots", token, x_freva_rest_url="")).status_code == 400
        assert (await site.get("availablechatbots", token, x_freva_rest_url=service.url)).status_code == 200
        assert (await site.get("availablechatbots")).status_code == 401  # that comes first


class TestARealmWithoutAVault:
    @pytest.fixture
    def freva(self, service: Service) -> dict[str, Any]:
        return {"realms": {"only": {"rest": service.url}}, "kernels_are_isolated": True}

    async def test_headers_for_what_it_has_not_are_refused(self, site: Site, service: Service, token: str) -> None:
        assert (await site.get("availablechatbots", token)).status_code == 200
        for headers in ({"freva_config": "/etc/passwd"}, {"x_freva_vault_url": f"{service.url}/vault"}):
            assert (await site.get("availablechatbots", token, **headers)).status_code == 403
        assert await site.provider.mongo_uri("only") is None
        assert site.provider.config_of("freva:only:alice") == ""


class TestWithoutTheFrevaProvider:
    """Then the headers are ignored unread, whatever they say."""

    @pytest.fixture
    def server_settings(self) -> dict[str, Any]:
        return {
            "identity_provider_class": "jupyter_server.auth.PasswordIdentityProvider",
            "authorizer_class": "jupyter_server.auth.AllowAllAuthorizer",
        }

    async def test_headers_choose_nothing(self, site: Site, canary: Service, service: Service) -> None:
        token = site.serverapp.identity_provider.token
        headers = {
            "x_freva_rest_url": canary.url,
            "x_freva_vault_url": canary.url,
            "freva_config": "/etc/passwd",
            "x_freva_user_token": "somebody",
        }
        assert (await site.get("availablechatbots", token, **headers)).status_code == 200
        site.client.cookies.clear()
        assert (await site.get("availablechatbots", "wrong", **headers)).status_code == 403
        assert canary.asked == service.asked == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"Home": {"rest": "http://a"}}, "small letters"),
        ({"a:b": {"rest": "http://a"}}, "small letters"),
        ({"": {"rest": "http://a"}}, "small letters"),
        ({"a": "http://secret-host"}, "dictionary"),
        ({"a": {"rest": "http://a", "valut": "http://b"}}, "dictionary"),
        ({"a": {"rest": 5}}, "dictionary"),
        ({"a": {}}, "needs rest"),
        ({"a": {"rest": ""}}, "needs rest"),
        ({"a": {"rest": "secret-host"}}, "needs rest"),
        ({"a": {"rest": "http://u:p@secret-host"}}, "needs rest"),
        ({"a": {"rest": "http://a", "vault": "http://secret-host?x"}}, "needs rest"),
        ({"a": {"rest": "http://a", "vault": "http://v"}, "b": {"rest": "http://b", "vault": "http://V:80/"}}, "share"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_without_repeating_it(given: dict[str, Any], says: str) -> None:
    with pytest.raises(TraitError, match=says) as refused:
        FrevaIdentityProvider(realms=given)
    assert "secret-host" not in str(refused.value)
    FrevaIdentityProvider(realms={"a": {"rest": "http://a", "vault": "http://v"}, "b": {"rest": "http://b"}})


@pytest.mark.parametrize(
    ("given", "check"),
    [
        ("https://H.example.org", f"https://h.example.org:443{CHECK}"),
        ("https://h.example.org.:443/", f"https://h.example.org:443{CHECK}"),
        ("http://h/api", f"http://h:80{CHECK}"),
        ("http://h/api/freva-nextgen", f"http://h:80{CHECK}"),
        ("http://h/api/freva-nextgen/auth/v2/", f"http://h:80{CHECK}"),
        (f"http://h{CHECK}", f"http://h:80{CHECK}"),
        ("http://h/site/api/freva-nextgen", f"http://h:80/site{CHECK}"),
        ("http://h/freva-nextgen", f"http://h:80/freva-nextgen{CHECK}"),
        ("http://[::1]:8080/x", f"http://[::1]:8080/x{CHECK}"),
    ],
)
def test_the_path_of_the_check_is_completed(given: str, check: str) -> None:
    assert check_address(given) == check
    assert check_address(check) == check


@pytest.mark.parametrize(
    "text", ["http://h:0x50", "http://h:٣", "http://ü", "http://[::1", "http://h..x", "http://.", ""]
)
def test_what_is_no_plain_address_has_no_form(text: str) -> None:
    with pytest.raises(ValueError):
        normal_address(text)
