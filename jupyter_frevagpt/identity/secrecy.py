"""What the code that runs in a server's kernels does not get of the server: its keys, and a look into its memory."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import MutableMapping

_OURS = "FREVAGPT_"
_DATABASE = "FREVAGPT_MONGODB_URI"
_WORDS = frozenset("CREDENTIAL CREDENTIALS KEY KEYS PASSWORD SECRET TOKEN".split())
_SET_DUMPABLE = 4  # PR_SET_DUMPABLE of prctl(2)


def take_secrets(environment: MutableMapping[str, str]) -> dict[str, str]:
    """Take our own secrets out of an environment, so that no process that starts later inherits them; return them."""
    ours = [name for name in environment if name.startswith(_OURS)]
    names = [name for name in ours if name == _DATABASE or _WORDS & set(name.split("_"))]
    return {name: environment.pop(name) for name in names}


def close_memory() -> bool:
    """Keep other processes of this account from reading this one's memory and the environment that it started with.

    What was taken out of the environment can still be read there. Nothing is kept from root, nor on other systems
    than Linux; neither debuggers nor core dumps work afterwards. Tells whether it was done.
    """
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0) == 0)
