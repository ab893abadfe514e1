"""Where a file name or an address leads: inside the working directory, outside of it, to the network, to secrets."""

from __future__ import annotations

import glob
import posixpath
import re
from fnmatch import fnmatchcase
from typing import Literal
from urllib.parse import urlsplit

from .report import KernelFacts
from .scope import NUMBER

Place = Literal["inside", "outside", "host", "network", "loopback", "secrets", "hidden"]

_LONGEST_NAME = 1000
SECRET = re.compile(
    r"(?:^|[/~\s'\"=(:])\.(ssh|aws|netrc|pgpass|git-credentials|gitconfig|kube|condarc|docker|gnupg|config|freva|jupyter|ipython|local)\b"
    r"|\bid_(rsa|dsa|ecdsa|ed25519)|\.(pem|key|p12|pfx|kdbx)\b|(^|[\s'\"=(])/(proc|etc|root|dev|sys)\b|/etc/|/proc/"
    r"|jpserver-|nbserver-|jupyter/runtime|authorized_keys|known_hosts|\.(bash|python|zsh|sh)_history\b|history\.sqlite|\.env\b|\bcredentials\b"
    r"|JUPYTER_TOKEN|_API_KEY|_SECRET|PASSWORD",
    re.IGNORECASE,
)
LOOPBACK = re.compile(
    r"localhost|\b127\.\d|\b0\.0\.0\.0\b|\[?::1\b|::ffff:|\b2130706433\b|\b0x7f|\b017700000001\b|ip6-loopback"
    r"|169\.254\.169\.254|JUPYTERHUB_|api/chatbot|api/(kernels|contents|sessions|terminals)|/hub/api|frevagpt",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\\)")
_DATA_SUFFIXES = frozenset(
    "png jpg jpeg gif tif tiff eps pdf csv tsv txt dat nc nc4 cdf h5 hdf5 npy npz zarr parquet feather xlsx json "
    "geojson mat grib grb fits bmp webp".split()
)
_READ_AT_START = re.compile(r"jupyter|ipython|package|labconfig|overrides|settings|litellm|kernel", re.IGNORECASE)


def place(name: str, facts: KernelFacts) -> Place:
    """Where the literal ``name`` leads to when it is opened from the kernel's working directory."""
    name = name.replace(NUMBER, "0")
    if len(name) > _LONGEST_NAME:
        return "outside"
    if LOOPBACK.search(name):
        return "loopback"
    if SECRET.search(name):
        return "secrets"
    if _SCHEME.match(name) or "::" in name or name.startswith(("//", "\\\\")):
        return "host" if host_of(name) in facts.hosts else "network"
    if "$" in name or "\0" in name or "`" in name or "\\" in name:
        return "outside"
    if name.startswith("~"):
        return "outside"
    if posixpath.isabs(name):
        return _absolute(posixpath.normpath(name), facts)
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        return "outside"
    if any(part.startswith(".") for part in parts):
        return "hidden"
    if _by_link(parts, facts):
        return "outside"
    return "inside"


def _by_link(parts: list[str], facts: KernelFacts) -> bool:
    """True when one of the folders on the way, or the file, may be a link that leads out."""
    whole = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)] if facts.links else []
    return any(_may_be(part, facts.links) for part in whole)


def _absolute(name: str, facts: KernelFacts) -> Place:
    parts = name.split("/")
    folders = [folder for folder in (facts.cwd, *facts.readable) if folder and folder != "/"]
    for folder in folders:
        stem = posixpath.normpath(folder).split("/")
        if parts[: len(stem)] == stem and len(parts) > len(stem):
            rest = parts[len(stem) :]
            if any(part.startswith(".") for part in rest):
                return "hidden"
            return "outside" if folder == facts.cwd and _by_link(rest, facts) else "inside"
    return "outside"


def host_of(address: str) -> str:
    """The host of an address in lower case, or nothing where it is written in a way that hides it."""
    if re.search(r"[\\@\s\x00-\x1f]|::", address) or not address.isascii():
        return ""
    try:
        parts = urlsplit(address)
        return (parts.hostname or "").rstrip(".") if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""


def relative(name: str, facts: KernelFacts) -> str | None:
    """The name relative to the working directory, or None where it is in another folder."""
    if not posixpath.isabs(name):
        return posixpath.normpath(name)
    cwd = posixpath.normpath(facts.cwd) + "/" if facts.cwd else None
    return posixpath.normpath(name)[len(cwd) :] if cwd and name.startswith(cwd) else None


def is_data_name(name: str) -> bool:
    """True for the name of a data file or a picture, by its suffix."""
    return "." in name.rpartition("/")[2] and name.rpartition(".")[2].lower() in _DATA_SUFFIXES


def is_new_data_file(name: str, facts: KernelFacts) -> str:
    """Nothing when ``name`` is a data file that is not there yet, else what stands against it."""
    short = relative(name, facts)
    if short is None:
        return "outside the working directory"
    if not is_data_name(short) or _READ_AT_START.match(short):
        return "which is not a plain data file"
    if facts.files is None:
        return "and whether it is there already is not known"
    short = glob.escape(short)
    head = short.split("/")[0]
    if _may_be(short, facts.files):
        return "which is there already"
    if _may_be(head, frozenset(known.split("/")[0] for known in facts.files)):
        return "which is there already" if "/" not in short else "and whether it is there already is not known"
    return ""


def _may_be(name: str, names: frozenset[str]) -> bool:
    lower = name.lower().replace(NUMBER, "*")
    if any(mark in lower for mark in "*?["):
        return any(fnmatchcase(known.lower(), lower) for known in names)
    return name.lower() in {known.lower() for known in names}
