"""Can chats be kept, and which prompts count?"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ..._paths import shipped
from ...domain.errors import FrevaGPTError
from ...domain.owner import Owner
from ...domain.values import ThreadRef
from ...domain.variants import User
from ...threads.folders import OwnerFolders
from ..settings import Place, place
from ..store import store_of
from .finding import Finding

if TYPE_CHECKING:
    from ...app import FrevaGPT

_PROBE = "check of the command line"
_PROMPTS = ("starting_prompt.md", "summary_prompt.md", "examples.jsonl")


def folder(settings: FrevaGPT) -> Iterator[Finding]:
    """Look whether the data folder can be written, and by whom else."""
    path = Path(settings.data_dir)
    if path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
        if _is_open(path):
            yield Finding(
                "FAIL",
                "data folder",
                f"others can write to it (mode {mode:04o}). Look at what is in it, and make it 0700: {path}",
            )
            return
        if path.stat().st_uid != os.geteuid():
            yield Finding("warn", "data folder", f"it belongs to another account. Look whether that is meant: {path}")
    else:
        mode = 0o700
    folders = OwnerFolders(path)
    try:
        folders.make(path)
        probe = path / f".check-{secrets.token_hex(4)}"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except (FrevaGPTError, OSError) as error:
        yield Finding("FAIL", "data folder", f"it cannot be written ({_why(error)}). Look at the disk and at {path}")
        return
    if mode & 0o077:
        yield Finding("warn", "data folder", f"others could read it (mode {mode:04o}); it is 0700 now: {path}")
        return
    yield Finding("ok", "data folder", f"can be written, mode {stat.S_IMODE(path.stat().st_mode):04o}: {path}")


async def store(settings: FrevaGPT) -> AsyncIterator[Finding]:
    """Keep a chat, read it and remove it again: where the server's own are, and those of each realm with a vault."""
    where = place(settings.data_dir, settings.owner)
    own, kept = ("a MongoDB", False) if os.environ.get("FREVAGPT_MONGODB_URI") else ("files", True)
    folders = OwnerFolders(Path(where.data_dir))
    if not (kept and _is_open(folders.root)):  # told already; writing there would mend its mode, and nobody would look
        yield await _tried("chats", where, own, where.owner)
    with suppress(OSError):
        for left in (folders.threads(_PROBE), folders.threads(_PROBE).parent):
            left.rmdir()
    for realm, about in where.realms.items():
        if isinstance(about, dict) and about.get("vault"):
            yield await _tried(f"chats of realm {realm}", where, "the MongoDB that its vault names", "", realm)


async def _tried(subject: str, where: Place, kind: str, owner: str, realm: str = "") -> Finding:
    probe = ThreadRef(Owner(realm, _PROBE).key, secrets.token_hex(16))
    question = User("May this be kept?")
    try:
        async with store_of(msgspec.structs.replace(where, owner=probe.owner)) as found:
            await found.reserve(probe, question, "check")
            whole = await found.read(probe) == [question]
            await found.delete(probe)
            total = (await found.list(owner, limit=1, page=0))[1] if owner else 0
    except FrevaGPTError as error:
        return Finding("FAIL", subject, str(error))
    if not whole:
        return Finding("FAIL", subject, f"what was written does not come back. Look at {kind}.")
    return Finding("ok", subject, f"are kept in {kind}" + (f"; {total} of {owner}" if owner else ""))


def prompts(settings: FrevaGPT) -> Iterator[Finding]:
    """Tell where the prompts come from."""
    ours = shipped("prompts") / "baseline"
    missing = [name for name in _PROMPTS if not (ours / name).is_file()]
    if missing:
        yield Finding("FAIL", "prompts", f"{', '.join(missing)} not installed with the package. Install it again.")
        return
    if not settings.prompts_dir:
        yield Finding("ok", "prompts", "those of the package")
        return
    site = Path(settings.prompts_dir)
    if not site.is_dir():
        yield Finding("FAIL", "prompts", "FrevaGPT.prompts_dir is no folder. Correct it, or leave it out.")
        return
    own = sorted(str(path.relative_to(site)) for name in _PROMPTS for path in site.glob(f"*/{name}"))
    for name in own:
        try:
            (site / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            yield Finding("FAIL", "prompts", f"the site's {name} cannot be read as UTF-8 text. Correct it.")
            return
    if not own:
        yield Finding("warn", "prompts", f"the site's folder has none of baseline/{', baseline/'.join(_PROMPTS)}.")
        return
    yield Finding("ok", "prompts", f"of the site: {', '.join(own)}; else those of the package")


def _is_open(path: Path) -> bool:
    """Whether others than this account can write to a folder."""
    return path.exists() and bool(stat.S_IMODE(path.stat().st_mode) & 0o022)


def _why(error: Exception) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error).rstrip(".")
