"""The size of the panel's bundle."""

from __future__ import annotations

import gzip

from .figures import Figure
from .processes import ROOT, Ground

_KINDS = {".js", ".css", ".mjs", ".woff2"}


async def bundle(_: Ground) -> list[Figure]:
    """Count the bytes of the built panel as a server would send them, compressed; nothing where it is not built."""
    files = [path for path in (ROOT / "jupyter_frevagpt/labextension/static").glob("**/*") if path.suffix in _KINDS]
    if not files:
        return []
    size = sum(len(gzip.compress(path.read_bytes())) for path in files) / 1000
    return [Figure("panel bundle, gzipped", size, "kB", limit=150, counted=True)]
