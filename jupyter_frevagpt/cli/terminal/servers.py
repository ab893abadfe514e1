"""The running Jupyter servers of this account, and which of them is meant."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from jupyter_core.paths import jupyter_runtime_dir

from ...domain.errors import FrevaGPTError
from ...domain.legible import one_line

_NONE = "No Jupyter server of yours is running here. Start one (`jupyter lab`), or name one with --url and --token."


class Server(msgspec.Struct, frozen=True):
    """A Jupyter server; ``root`` is "" for one that was named by its address."""

    url: str
    token: str
    root: str = ""


class _Info(msgspec.Struct):
    url: str
    pid: int
    token: str = ""
    root_dir: str = ""
    sock: str = ""


def running() -> list[Server]:
    """Return the servers of this account on this machine, as they tell of themselves in the runtime directory.

    Jupyter Server's own function for it costs 1.4 s of CPU, for the import of the whole server.
    """
    servers = []
    for path in Path(jupyter_runtime_dir()).glob("jpserver-*.json"):
        try:
            info = msgspec.json.decode(path.read_bytes(), type=_Info)
            os.kill(info.pid, 0)
        except (OSError, OverflowError, msgspec.DecodeError, UnicodeDecodeError):
            continue  # half written, or of a server that was killed
        if info.pid > 0 and not info.sock:
            servers.append(Server(info.url, info.token, info.root_dir))
    return sorted(servers, key=lambda server: (server.root, server.url))


def named(url: str, token: str, known: Callable[[], Sequence[Server]] = running) -> Server:
    """Return the server of that address, with the token that it told this account where none is given."""
    if not url.startswith(("http://", "https://")):
        raise FrevaGPTError("The address begins with http:// or https://. Give it as the browser shows it.")
    url = url.partition("?")[0].removesuffix("/lab").rstrip("/") + "/"
    return Server(url, token or next((server.token for server in known() if server.url == url), ""))


def chosen(servers: Sequence[Server], folder: Path, ask: Callable[[str], str] | None) -> Server:
    """Return the only server, else the one of this folder, else the one that the user picks; raises FrevaGPTError."""
    if not servers:
        raise FrevaGPTError(_NONE)
    if len(servers) == 1:
        return servers[0]
    around = [server for server in servers if server.root and folder.is_relative_to(server.root)]
    nearest = max((len(server.root) for server in around), default=0)
    here = [server for server in around if len(server.root) == nearest]
    if len(here) == 1:
        return here[0]
    if ask is None:
        raise FrevaGPTError("Several Jupyter servers are running. Do this in the folder of one of them, or give --url.")
    lines = [f"  {number}  {one_line(server.root) or '(unknown folder)'}" for number, server in enumerate(servers, 1)]
    answer = ask("\n".join(["Several Jupyter servers are running:", *lines, "Which one? "])).strip()
    if not answer.isdecimal() or not 1 <= int(answer) <= len(servers):
        raise FrevaGPTError(f"That is none of the numbers 1 to {len(servers)}.")
    return servers[int(answer) - 1]
