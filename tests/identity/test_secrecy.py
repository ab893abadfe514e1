"""Our keys are in no kernel, and code in a kernel cannot fetch them from the server that it runs beside."""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from jupyter_frevagpt.identity import take_secrets

from ..handlers.conftest import code_rules, joined
from ..scripted import Scripted

DROP_CAPABILITY = 24  # PR_CAPBSET_DROP of prctl(2)
LOOK = """
import os
def read(path):
    try:
        return open(path, "rb").read()
    except OSError as error:
        return type(error).__name__.encode()
server = f"/proc/{os.getppid()}"
seen = [repr(dict(os.environ)).encode(), *(read(f"{one}/environ") for one in ("/proc/self", server))]
seen.append(read(f"{server}/cmdline"))
print("".join("y" if b"CANARY" in one else "n" for one in seen), read(f"{server}/environ")[:15] == b"PermissionError")
print(b"jupyter_server" in seen[3], "OUR_SETTING" in os.environ)
"""


def be_ordinary() -> None:
    """Give root's powers over other processes up, before a program starts; those of other accounts have none."""
    for capability in range(64):
        ctypes.CDLL(None).prctl(DROP_CAPABILITY, capability, 0, 0, 0)


def test_our_secrets_are_taken_out_and_nothing_else() -> None:
    ours = {
        "FREVAGPT_OPENAI_API_KEY": "a",
        "FREVAGPT_MONGODB_URI": "b",
        "FREVAGPT_OTHER_KEY": "c",
        "FREVAGPT_TOKEN": "d",
    }
    others = {
        "FREVAGPT_MONKEY": "e",
        "FREVAGPT_DEV": "1",
        "ANTHROPIC_API_KEY": "f",
        "FREVAGPT_MONGODB_DATABASE_NAME": "g",
    }
    environment = {**ours, **others}
    assert take_secrets(environment) == ours
    assert environment == others
    assert take_secrets(environment) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="what is closed is Linux's /proc")
@pytest.mark.parametrize(("closed", "seen"), [("True", "nnnn True"), ("False", "nnyn False")])
def test_code_in_a_kernel_finds_no_key_of_ours(
    tmp_path: Path, scripted: Callable[..., Scripted], closed: str, seen: str
) -> None:
    """The setting switched off is the control."""
    service = scripted(code_rules("look", LOOK))
    token = secrets.token_hex(16)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    way = {"model": "openai/first", "api_base": service.base, "api_key": "os.environ/FREVAGPT_OUR_KEY"}
    (tmp_path / "models.json").write_text(json.dumps({"model_list": [{"model_name": "first", "litellm_params": way}]}))
    home = tmp_path / "home"
    home.mkdir()
    foreign = ("JUPYTER", "FREVAGPT", "LITELLM")
    own = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    key = f"CANARY-{secrets.token_hex(8)}"
    given = (
        "ServerApp.ip=127.0.0.1", f"ServerApp.port={port}", "ServerApp.port_retries=0", f"ServerApp.root_dir={home}",
        "ServerApp.open_browser=False", "ServerApp.allow_root=True",
        "ServerApp.jpserver_extensions={'jupyter_frevagpt': True, 'jupyterlab': False}",
        f"FrevaGPT.catalogue={tmp_path / 'models.json'}", "FrevaGPT.local_model=False", "FrevaGPT.title_model=-",
        f"FrevaGPT.close_memory={closed}",
    )  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", *(f"--{one}" for one in given)],
        env={**own, "HOME": str(home), "JUPYTER_TOKEN": token, "FREVAGPT_OUR_KEY": key, "OUR_SETTING": "x"},
        cwd=home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=be_ordinary,
    )
    try:
        url = f"http://127.0.0.1:{port}/api/chatbot"
        headers = {"Authorization": f"token {token}"}
        until = time.monotonic() + 60
        while True:
            try:
                assert httpx.get(f"{url}/ping", trust_env=False).status_code == 200
                break
            except httpx.TransportError:
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < until
                time.sleep(0.1)
        answer = httpx.post(
            f"{url}/streamresponse", json={"input": "look"}, headers=headers, timeout=60, trust_env=False
        )
        output = joined([json.loads(line) for line in answer.text.splitlines()], "CodeOutput")
        assert output == f"{seen}\nTrue True\n", answer.text
        assert key in json.dumps(service.requests()[0]), "the server itself has it"
        assert key not in answer.text
    finally:
        process.terminate()
        process.communicate(timeout=30)
