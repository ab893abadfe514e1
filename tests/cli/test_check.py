"""``jupyter frevagpt check``: what is in order, what is not, and what must not be shown."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from jupyter_frevagpt.cli.checks import examine
from jupyter_frevagpt.cli.checks.kernels import _NEEDED, _USEFUL, _findings
from jupyter_frevagpt.cli.settings import account, place, settings
from jupyter_frevagpt.domain.errors import FrevaGPTError
from jupyter_frevagpt.identity import local_account

from ..identity.services import Reply, Service
from ..mcp.conftest import Outside
from ..scripted import Scripted
from ..threads.database import served
from .conftest import Command

KEY = "sk-canary-4f1d9a"


class Site:
    """A configuration of its own, and what the check says about it."""

    def __init__(self, command: Command, tmp_path: Path) -> None:
        self._command = command
        self.path = tmp_path
        self.data = tmp_path / "data"
        self.environment = {
            "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
            "JUPYTER_DATA_DIR": str(tmp_path / "jupyter"),
        }
        self.configure()

    def configure(self, **settings: Any) -> None:
        (self.path / "config").mkdir(exist_ok=True)
        file = self.path / "config" / "jupyter_server_config.json"
        given = {"data_dir": str(self.data), "local_model": False, **settings}
        file.write_text(json.dumps({"FrevaGPT": given}))

    def catalogue(self, base: str, *names: str) -> str:
        path = self.path / "models.yaml"
        entries = [
            {"model_name": name, "litellm_params": {"model": f"openai/{name}", "api_base": base, "api_key": KEY}}
            for name in names
        ]
        path.write_text(json.dumps({"model_list": entries}))
        return str(path)

    def check(self, *arguments: str, code: int, **more: str) -> dict[str, tuple[str, str]]:
        """Return the level and text of each subject."""
        done = self._command("check", *arguments, **self.environment, **more)
        assert (done.returncode, done.stderr) == (code, ""), done.stdout + done.stderr
        assert KEY not in done.stdout
        assert "http" not in done.stdout
        *lines, _ = done.stdout.splitlines()
        found = {}
        for line in lines:
            subject, _, text = line[6:].partition(": ")
            found[subject] = (line[:6].strip(), text)
        return found

    async def look(self, *, ask: bool = False, kernel: str | None = None, **more: str) -> dict[str, tuple[str, str]]:
        """Return the same, found in this process: a command takes two seconds to start."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**self.environment, **more}.items():
                patch.setenv(name, value)
            found = [finding async for finding in examine(settings(), ask=ask, kernel=kernel)]
        assert not any(KEY in str(finding) or "http" in str(finding) for finding in found)
        return {finding.subject: (finding.level, finding.text) for finding in found}


@pytest.fixture
def site(command: Command, tmp_path: Path) -> Site:
    return Site(command, tmp_path)


def test_a_site_in_order(site: Site, model_service: Scripted) -> None:
    model_service.requests()
    catalogue = site.catalogue(model_service.base, "first", "second")
    found = site.check(code=0, LITELLM_CONFIG=catalogue)
    assert found["models"] == ("ok", "2 that chat: first, second")
    assert not any(subject.startswith("model ") for subject in found)
    assert found["data folder"] == ("ok", f"can be written, mode 0700: {site.data}")
    assert found["chats"][1].startswith("are kept in files; 0 of ")
    assert found["prompts"] == ("ok", "those of the package")
    assert found["MCP servers"] == ("ok", "none are named")
    assert found["helper processes"][0] == "ok"
    assert found["local model"] == ("ok", "switched off")
    assert list(site.data.iterdir()) == []
    python = ".".join(map(str, sys.version_info[:3]))
    assert found["kernel python3"][1].startswith(f"starts: Python {python}, ipykernel ")
    has = found["kernel python3 has"][1]
    lacks = found.get("kernel python3 lacks", ("", ""))[1]
    for name in (*_NEEDED, *_USEFUL):
        told = {"freva_client": "freva-client", "cartopy": "Cartopy"}.get(name, name)
        there = importlib.util.find_spec(name) is not None
        assert (name in has, told in lacks) == (there, not there), name


async def test_models_are_asked_where_that_is_wanted(site: Site, scripted: Any) -> None:
    service = scripted([{"when": {"model": "good"}, "reply": [{"text": "yes"}]}, {"reply": [{"status": 401}]}])
    catalogue = site.catalogue(service.base, "good", "bad")
    found = await site.look(ask=True, LITELLM_CONFIG=catalogue)
    assert found["model good"][0] == "ok"
    assert "first word after 0." in found["model good"][1]
    assert found["model bad"][0] == "FAIL"
    assert [request["body"]["model"] for request in service.requests()] == ["good", "bad"]


def test_everything_that_fails_is_told_and_nothing_hides_the_rest(site: Site, tmp_path: Path) -> None:
    site.data.mkdir()
    site.data.chmod(0o777)
    site.configure(prompts_dir=str(site.path / "none"), local_model=True, local_model_path="/nowhere.gguf")
    broken = site.path / "broken.yaml"
    broken.write_text("a: [")
    given = {"LITELLM_CONFIG": str(broken), "FREVAGPT_AVAILABLE_MCP_SERVERS": "rag, gone, web-search"}
    outside = Outside(tmp_path)
    given |= {"FREVAGPT_RAG_SERVER_URL": outside.url, "FREVAGPT_GONE_SERVER_URL": "http://127.0.0.1:9/mcp"}
    found = site.check("--kernel", "no-such", code=1, **given)
    outside.end()
    failed = {subject for subject, (level, _) in found.items() if level == "FAIL"}
    assert failed == {"models", "data folder", "prompts", "local model", "kernel no-such"}
    level, told = found["MCP server rag"]
    assert (level, bool(re.fullmatch(r"offers [1-9]\d* tools", told))) == ("ok", True), told
    assert found["MCP server gone"] == ("warn", "The server gone cannot be reached.")
    level, told = found["MCP servers"]
    assert (level, "set FREVAGPT_WEB_SEARCH_SERVER_URL" in told) == ("warn", True), told
    assert found["helper processes"][0] == "ok"
    assert os.stat(site.data).st_mode & 0o777 == 0o777


async def test_a_site_without_a_model_and_with_prompts_of_its_own(site: Site) -> None:
    prompts = site.path / "prompts"
    (prompts / "baseline").mkdir(parents=True)
    site.configure(prompts_dir=str(prompts))
    site.data.mkdir(mode=0o755)
    found = await site.look()
    assert found["models"][0] == "warn"
    assert found["prompts"][0] == "warn"
    assert found["data folder"][0] == "warn"
    assert os.stat(site.data).st_mode & 0o777 == 0o700
    assert found["chats"][0] == "ok"
    (prompts / "baseline" / "starting_prompt.md").write_text("Be kind.")
    found = await site.look()
    assert found["prompts"] == ("ok", "of the site: baseline/starting_prompt.md; else those of the package")
    (prompts / "baseline" / "starting_prompt.md").write_bytes(b"\xff")
    assert (await site.look())["prompts"][0] == "FAIL"


@pytest.fixture(scope="module")
def mongo_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from served(tmp_path_factory.mktemp("secantus") / "db")


async def test_databases_are_tried(site: Site, mongo_uri: str) -> None:
    name = f"frevagpt_test_{secrets.token_hex(6)}"
    site.configure(owner="alice", mongodb_database=name)
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        chats = client[name]["threads"]
        chats.insert_one({"user_id": "alice", "thread_id": "x", "date": "2024-05-01", "topic": "t", "content": []})
        found = await site.look(FREVAGPT_MONGODB_URI=mongo_uri)
        assert found["chats"] == ("ok", "are kept in a MongoDB; 1 of alice")
        assert chats.count_documents({}) == 1, "nothing of the trial stays"
        client.drop_database(name)
    found = await site.look(FREVAGPT_MONGODB_URI=f"mongodb://u:{KEY}@db.invalid")
    assert found["chats"][0] == "FAIL"
    assert "cannot be reached" in found["chats"][1]


async def test_the_databases_that_vaults_name_are_tried(site: Site, mongo_uri: str) -> None:
    vault = Service()
    vault.replies["/home"] = Reply(200, {"mongodb.url": mongo_uri})
    vault.replies["/away"] = Reply(200, {"mongodb.url": "file:///etc/passwd"})
    realms = {name: {"rest": f"{vault.url}/{name}", "vault": f"{vault.url}/{name}"} for name in ("home", "away")}
    given = {"data_dir": str(site.data), "local_model": False}
    settings_file = site.path / "config" / "jupyter_server_config.json"
    settings_file.write_text(json.dumps({"FrevaGPT": given, "FrevaIdentityProvider": {"realms": realms}}))
    found = await site.look()
    vault.stop()
    assert found["chats"][0] == "ok"
    assert found["chats of realm home"] == ("ok", "are kept in the MongoDB that its vault names")
    assert found["chats of realm away"][0] == "FAIL"
    assert "does not name a database" in found["chats of realm away"][1]


async def test_a_kernel_that_does_not_start_and_one_of_another_language(site: Site) -> None:
    bare = Path(__file__).parents[1] / "kernels" / "bare_kernel.py"
    for name, argv in (
        ("dead", ["/bin/false", "{connection_file}"]),
        ("bare", [sys.executable, str(bare), "-f", "{connection_file}", "signal"]),
    ):
        spec = Path(site.environment["JUPYTER_DATA_DIR"]) / "kernels" / name
        spec.mkdir(parents=True)
        (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": name, "language": "words"}))
    found = await site.look(kernel="dead")
    assert found["kernel dead"] == ("FAIL", "does not start (RuntimeError). Start it in a notebook to see.")
    found = await site.look(kernel="bare")
    assert found["kernel bare"][0] == "warn"


def test_a_configuration_that_cannot_be_read_fails(site: Site) -> None:
    (site.path / "config" / "jupyter_server_config.py").write_text("c.FrevaGPT.data_dir = = 5")
    done = site._command("check", **site.environment)
    assert (done.returncode, done.stderr) == (1, "")
    assert "configuration file of Jupyter's cannot be used (SyntaxError)" in done.stdout


async def test_a_setting_that_cannot_be_fails(site: Site) -> None:
    site.configure(approval_policy="whatever")
    with pytest.raises(FrevaGPTError, match="cannot be used \\(TraitError\\)"):
        await site.look()


def test_what_a_kernel_lacks_is_told_by_weight() -> None:
    told = {"found": {"numpy": "2.0", "dask": ""}, "python": [3, 8, 1], "ipykernel": "6.29"}
    levels = [(finding.level, finding.subject, finding.text) for finding in _findings("k", told)]
    assert levels[0] == ("ok", "kernel k", "starts: Python 3.8.1, ipykernel 6.29")
    assert levels[1][0] == "warn"
    assert levels[2] == ("ok", "kernel k has", "numpy 2.0, dask")
    assert "xarray, matplotlib; most answers use them" in levels[3][2]
    assert "Cartopy" in levels[4][2]


def test_the_place_of_chats_is_that_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folders: dict[str, str]
) -> None:
    assert account() == local_account()
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    assert place().data_dir == str(tmp_path / "data" / "frevagpt")
    assert place().owner == account()
    (tmp_path / "jupyter_server_config.py").write_text("c.FrevaGPT.data_dir = '/one'\nc.FrevaGPT.owner = 'carol'")
    assert (place().data_dir, place().owner) == ("/one", "carol")
    (tmp_path / "jupyter_lab_config.py").write_text("c.FrevaGPT.data_dir = '/two'")
    assert place().data_dir == "/two"
    monkeypatch.setenv("JUPYTERHUB_USER", "dora")
    assert place().owner == "dora"
    assert (place("/three", "eve").data_dir, place("/three", "eve").owner) == ("/three", "eve")
