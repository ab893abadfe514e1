"""The MCP servers that a site names: by trait, or by the environment variables of existing deployments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ..domain.secret import Secret

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_VARIABLE = re.compile(r"os\.environ/([A-Za-z_][A-Za-z0-9_]*)")
_SECRET = re.compile(r"auth|key|token|secret|password|cookie|credential", re.IGNORECASE)
_LISTED = "FREVAGPT_AVAILABLE_MCP_SERVERS"


class BadServer(ValueError):
    """Why a server cannot be used as it is named, in words for who configures it; it holds no value of theirs."""


class _Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A server as the trait names it."""

    url: str = ""
    headers: dict[str, str] = {}
    command: str = ""
    args: list[str] = []
    env: dict[str, str] = {}


class McpServer(msgspec.Struct, frozen=True):
    """A server to be asked over HTTP, or a program to be started; ``way`` is how, which nobody but the helper reads."""

    name: str
    way: Secret[dict[str, Any]]


def servers_of(named: Mapping[str, Any], environment: Mapping[str, str]) -> tuple[list[McpServer], list[str]]:
    """Return the servers of the trait, those of the environment that it does not name, and why others are none.

    ``os.environ/NAME`` in a header or variable stands for that variable. What looks like a secret must come that way:
    settings are shown to whoever lists them.
    """
    listed = filter(None, (part.strip() for part in environment.get(_LISTED, "").split(",")))
    servers, troubles = [], []
    for name in dict.fromkeys((*listed, *named)):
        try:
            raw = named[name] if name in named else _in_environment(name, environment)
            servers.append(_server(name, raw, environment))
        except BadServer as error:
            troubles.append(str(error))
    return servers, troubles


def _in_environment(name: str, environment: Mapping[str, str]) -> dict[str, str]:
    variable = f"FREVAGPT_{name.upper().replace('-', '_')}_SERVER_URL"
    if not (url := environment.get(variable, "").strip()):
        raise BadServer(f"The MCP server {name!r} has no address: set {variable}, or take its name out of {_LISTED}.")
    return {"url": url}


def _server(name: str, raw: Any, environment: Mapping[str, str]) -> McpServer:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadServer("The name of an MCP server is 1 to 32 letters, digits, '_' and '-'.")
    try:
        given = msgspec.convert(raw, _Given)
    except msgspec.ValidationError as error:
        raise BadServer(f"The MCP server {name!r} cannot be used: {error}.") from None
    if bool(given.url) == bool(given.command):
        raise BadServer(f"The MCP server {name!r} needs an address (url), or a command, and not both.")
    if given.url:
        _check_address(name, given.url)
        return McpServer(name, Secret({"url": given.url, "headers": _filled(name, given.headers, environment)}))
    env = _filled(name, given.env, environment)
    return McpServer(name, Secret({"command": given.command, "args": list(given.args), "env": env}))


def _check_address(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.fragment
    except ValueError:
        fine = False
    if not fine or any(ord(character) <= 32 for character in url):
        raise BadServer(f"The address of the MCP server {name!r} must begin with http:// or https://.")
    if parts.username is not None:
        raise BadServer(f"Put the login of the MCP server {name!r} into a header, not into its address.")


def _filled(name: str, values: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return values with the variables of the environment in their places."""
    filled = {}
    for key, value in values.items():
        if _SECRET.search(key) and not _VARIABLE.search(value):
            raise BadServer(f"Name a variable for {key!r} of the MCP server {name!r}: os.environ/NAME, not the value.")
        for variable in _VARIABLE.findall(value):
            if variable not in environment:
                raise BadServer(f"The variable {variable} for {key!r} of the MCP server {name!r} is not set.")
        filled[key] = _VARIABLE.sub(lambda found: environment[found[1]], value)
        if any(character in filled[key] for character in "\r\n\0"):
            raise BadServer(f"The value for {key!r} of the MCP server {name!r} must be one line.")
    return filled
