"""Servers that would be unsafe do not start, and say what to set."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from jupyter_client.provisioning import KernelProvisionerFactory
from jupyter_server.auth import IdentityProvider, User

from jupyter_frevagpt.identity import FrevaIdentityProvider, UnsafeServer, check_database, check_safe

from .services import Service

DEPLOY = Path(__file__).parents[2] / "deploy" / "freva_standalone_config.py"
OPTIONS = ("--ServerApp.port_retries=0", "--ServerApp.allow_root=True")
FAR = "mongodb://u:password@db.example.org/x"


def test_a_safe_server_starts(jp_serverapp: Any) -> None:
    check_safe(jp_serverapp)


@pytest.mark.parametrize(
    ("server", "provider", "says"),
    [
        ({"authorizer_class": "jupyter_server.auth.AllowAllAuthorizer"}, {}, "ServerApp.authorizer_class"),
        ({"terminals_enabled": True}, {}, "ServerApp.terminals_enabled"),
        ({"allow_external_kernels": True}, {}, "ServerApp.allow_external_kernels"),
        ({"allow_origin": "*"}, {"token_header_is_ambient": True}, "ServerApp.allow_origin"),
        ({}, {"kernels_are_isolated": False}, "python3"),
        ({}, {"realms": {}, "default_realm": ""}, "FrevaIdentityProvider.realms"),
        ({}, {"default_realm": "nowhere"}, "default realm is not one"),
    ],
)
def test_a_server_that_gives_too_much_does_not_start(
    jp_server_config: dict[str, Any],
    jp_configurable_serverapp: Callable[..., Any],
    server: dict[str, Any],
    provider: dict[str, Any],
    says: str,
) -> None:
    jp_server_config["ServerApp"] |= {"jpserver_extensions": {}, **server}  # whatever extensions it has
    jp_server_config["FrevaIdentityProvider"] = {**jp_server_config["FrevaIdentityProvider"], **provider}
    with pytest.raises(UnsafeServer, match=says) as refused:
        jp_configurable_serverapp(config=jp_server_config)
    assert str(refused.value).count("\n") == 1, "only what was changed is wrong"


def test_another_provider_needs_none_of_it(
    jp_server_config: dict[str, Any], jp_configurable_serverapp: Callable[..., Any]
) -> None:
    names = {"identity_provider_class": "jupyter_server.auth.PasswordIdentityProvider", "terminals_enabled": True}
    jp_server_config["ServerApp"] |= {**names, "authorizer_class": "jupyter_server.auth.AllowAllAuthorizer"}
    check_safe(jp_configurable_serverapp(config=jp_server_config))


class TestKernels:
    """Whose account kernels run as, by their provisioner."""

    @pytest.fixture
    def spec(self, jp_serverapp: Any, jp_data_dir: Path) -> Callable[[str], None]:
        jp_serverapp.identity_provider.kernels_are_isolated = False
        jp_serverapp.kernel_spec_manager.ensure_native_kernel = False

        def write(provisioner: str, name: str = "mine") -> None:
            stanza = {"kernel_provisioner": {"provisioner_name": provisioner}} if provisioner else {}
            folder = jp_data_dir / "kernels" / name
            folder.mkdir(parents=True, exist_ok=True)
            about = {"argv": ["x"], "display_name": name, "language": "python", "metadata": stanza}
            (folder / "kernel.json").write_text(json.dumps(about))

        write("")
        return write

    @pytest.fixture
    def remote(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from importlib.metadata import EntryPoint

        for name, kind in (("remote", "Remote"), ("local-too", "LocalToo")):
            entry = EntryPoint(name, f"{__name__}:{kind}", "jupyter_client.kernel_provisioners")
            monkeypatch.setitem(KernelProvisionerFactory.provisioners, name, entry)

    @pytest.mark.parametrize(("provisioner", "safe"), [("remote", True), ("local-too", False), ("", False)])
    def test_the_provisioner_decides(
        self, jp_serverapp: Any, spec: Callable[[str], None], remote: None, provisioner: str, safe: bool
    ) -> None:
        spec(provisioner)
        installed = jp_serverapp.kernel_spec_manager.get_all_specs()
        assert "mine" in installed
        for name in set(installed) - {"mine"}:  # those of this environment
            jp_serverapp.kernel_spec_manager.allowed_kernelspecs = {"mine"}
            assert name
        if safe:
            check_safe(jp_serverapp)
        else:
            with pytest.raises(UnsafeServer, match=r"\(mine\)"):
                check_safe(jp_serverapp)

    def test_one_local_kernel_is_enough(self, jp_serverapp: Any, spec: Callable[..., None], remote: None) -> None:
        spec("remote")
        spec("local-provisioner", "second")
        jp_serverapp.kernel_spec_manager.allowed_kernelspecs = {"mine", "second"}
        with pytest.raises(UnsafeServer, match=r"\(second\)"):
            check_safe(jp_serverapp)


def __getattr__(name: str) -> Any:
    from jupyter_client.provisioning import KernelProvisionerBase, LocalProvisioner

    if name == "Remote":
        return type(name, (KernelProvisionerBase,), {})
    if name == "LocalToo":
        return type(name, (LocalProvisioner,), {})
    raise AttributeError(name)


class NamedProvider(IdentityProvider):
    def get_user(self, handler: Any) -> User:
        return User("alice")


@pytest.mark.parametrize(
    ("uri", "given", "safe"),
    [
        (FAR, {}, False),
        ("mongodb://localhost,db.example.org/x", {}, False),
        ("what is this", {}, False),
        (FAR, {"owner_is_set": True}, True),
        (FAR, {"on_hub": True}, True),
        (FAR, {"provider": NamedProvider()}, True),
        ("mongodb://u:password@localhost:27017/x", {}, True),
        ("", {}, True),
    ],
)
def test_a_shared_database_needs_an_owner_of_ones_own(uri: str, given: dict[str, Any], safe: bool) -> None:
    about = {"provider": IdentityProvider(), "owner_is_set": False, "on_hub": False, **given}
    provider = about.pop("provider")
    if safe:
        check_database(provider, uri, **about)
    else:
        with pytest.raises(UnsafeServer, match=r"FrevaGPT\.owner") as refused:
            check_database(provider, uri, **about)
        assert "password" not in str(refused.value)
        assert "db.example.org" not in str(refused.value)


def test_realms_without_a_vault_may_not_meet_in_one_database() -> None:
    apart = {"a": {"rest": "http://a"}, "b": {"rest": "http://b", "vault": "http://v"}}
    check_database(FrevaIdentityProvider(realms=apart), FAR, owner_is_set=False, on_hub=False)
    together = FrevaIdentityProvider(realms={"a": {"rest": "http://a"}, "b": {"rest": "http://b"}})
    check_database(together, "", owner_is_set=False, on_hub=False)
    with pytest.raises(UnsafeServer, match="share one database"):
        check_database(together, FAR, owner_is_set=False, on_hub=False)


def started(tmp_path: Path, *options: str, **environment: str) -> tuple[subprocess.Popen[str], str]:
    """Start the example configuration in a process of its own; return it and its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folders = {f"JUPYTER_{kind}_DIR": str(tmp_path / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", f"--config={DEPLOY}", f"--ServerApp.port={port}", *OPTIONS, *options],
        env={**os.environ, **folders, **environment},
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    return process, f"http://127.0.0.1:{port}"


def wait_for(process: subprocess.Popen[str], url: str) -> None:
    until = time.monotonic() + 60
    said: object = None
    while time.monotonic() < until:
        assert process.poll() is None, process.communicate()
        try:
            said = httpx.get(url, trust_env=False)
        except httpx.TransportError as error:
            said = error
        else:
            if said.status_code == 200:
                return
        time.sleep(0.1)
    process.kill()
    raise AssertionError(f"{said}\n{process.communicate()[1]}")


def test_the_example_configuration_serves_freva_users(tmp_path: Path, service: Service, token: str) -> None:
    process, url = started(
        tmp_path, FREVA_REST_URL=service.url, FREVA_CONFIG="/etc/freva.conf", JUPYTER_GATEWAY_URL=service.url
    )
    try:
        wait_for(process, f"{url}/api/chatbot/ping")
        mine = {"Authorization": f"Bearer {token}"}
        for path, headers, status in (
            ("api/chatbot/getuserthreads", mine, 200),
            ("api/chatbot/getuserthreads", {}, 401),
            ("api/chatbot/getuserthreads", {**mine, "freva-config": "/etc/freva.conf"}, 200),
            ("api/chatbot/getuserthreads", {**mine, "freva-config": "/etc/passwd"}, 403),
            ("api/chatbot/getuserthreads", {**mine, "Host": "freva.example.org"}, 200),
            ("api/kernels", mine, 403),
            ("api/contents", mine, 403),
            ("lab", mine, 403),
        ):
            assert httpx.get(f"{url}/{path}", headers=headers, trust_env=False).status_code == status, path
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.mark.parametrize(
    ("settings", "environment", "says"),
    [
        (["--ServerApp.ip=0.0.0.0"], {}, "more than loopback"),
        (["--ServerApp.ip=127.0.0.1"], {"JUPYTERHUB_USER": "alice"}, "belongs to a JupyterHub"),
        (["--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=chosen"], {}, "not generated"),
    ],
)
def test_no_development_where_others_reach_it(
    tmp_path: Path, settings: list[str], environment: dict[str, str], says: str
) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "FREVAGPT"))}
    given = ["--ServerApp.jpserver_extensions={'jupyter_frevagpt': True}", *settings]
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_server", *OPTIONS, "--ServerApp.port=0", "--no-browser", *given],
        env={**own, "HOME": str(tmp_path), "FREVAGPT_DEV": "1", **environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "FREVAGPT_DEV is set" in done.stderr
    assert says in done.stderr


def test_an_unsafe_server_ends_with_its_reason(tmp_path: Path, service: Service) -> None:
    process, _ = started(
        tmp_path,
        "--ServerApp.terminals_enabled=True",
        FREVA_REST_URL=service.url,
        JUPYTER_GATEWAY_URL=service.url,
    )
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "This server does not start" in said
    assert "ServerApp.terminals_enabled" in said
    assert "ServerApp.authorizer_class" not in said
