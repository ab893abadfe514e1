"""The guest's half inside the user's kernel, where it is called ``_frevagpt_guest``.

These files are sent to the kernel as text by one silent request and live there in ``sys.modules`` alone: the kernel's
environment need not know our package, and the user's namespace, history and numbers stay as they were. They import
the standard library only, run on Python 3.9, and look for numpy or pandas only where the kernel has loaded them.
Importing them elsewhere does nothing: all begins with ``install``.

How the server speaks to them while a cell of the user's runs was measured with ipykernel 7.4 and 6.31 (asked 100 times
during a sleeping cell; ``tests/kernels/injected/test_transport.py`` measures it again):

=======================================  =======================  =====================  ==========================
way                                      median ms (7.4 / 6.31)   status messages sent   jupyter_server then says
=======================================  =======================  =====================  ==========================
a message type of our own on control     1.2 / 1.0                0                      busy, as it is
``kernel_info_request`` on control       2.2 / 2.5                200                    busy, as it is
a comm message to a subshell             4.9 / not possible       200                    idle, so it may cull
=======================================  =======================  =====================  ==========================

So it is a message type of our own, answered by the control thread. Its busy and idle messages are not sent: an "idle"
from there says nothing about the cell that runs, yet jupyter_server would believe it and could cull the kernel, and a
notebook's status dot would flicker. Nobody but the asker sees anything, so no site has to configure anything. What must
not happen beside a cell (undo) is asked with the same type on the shell channel, in its turn there.
"""

from __future__ import annotations

from typing import Any

PROTOCOL = 1
MESSAGE_TYPE = "frevagpt_request"

_installation: list[Any] = []


def install(session: str, user_header: dict[str, Any] | None = None) -> None:
    """Become the guest of this kernel for a client's session; a second session shares what is there.

    ``user_header`` is that of the user's last cell, when the server knows it.
    """
    if not _installation:
        from IPython import get_ipython

        from .installation import Installation

        _installation.append(Installation(get_ipython().kernel))
        if user_header:
            _installation[0].assume(user_header)
    _installation[0].sessions.add(session)


def uninstall(session: str) -> None:
    """Take a session out; when the last is gone the kernel is as it was before."""
    if _installation:
        _installation[0].sessions.discard(session)
        if not _installation[0].sessions:
            _installation.pop().remove()


def leave() -> set[str]:
    """Take all sessions out, and return them: newer code takes over."""
    if not _installation:
        return set()
    sessions = set(_installation[0].sessions)
    _installation.pop().remove()
    return sessions


def register(type_name: str, function: Any) -> None:
    """Let ``function(value, depth)`` describe values of a type, named as ``package.Class``, in a dict for JSON.

    It is called with values of exactly that class, and must neither load nor compute anything. A class of one's own
    needs no call of this: its method ``__frevagpt_describe__(self, depth)`` does the same, for subclasses too.
    """
    from .describers import register as add

    add(type_name, function)
