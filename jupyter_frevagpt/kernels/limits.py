"""What a guest may use of a kernel and of the server."""

from __future__ import annotations

from typing import Any

import msgspec

_TAIL_CHARS = 10_000


class GuestLimits(msgspec.Struct, frozen=True):
    """Characters of printed text, bytes of copies, seconds of one run; a run may take for ever where those are 0.

    Of one run ``kernel_chars`` leave the kernel, ``stored_chars`` are its output, what follows is kept until all that
    is kept for the kernel's runs is ``server_chars``. The budgets of undo are those of one variable's copy, of a run's
    copies, of one old value that is kept alive, and of all that is kept for the runs in a kernel.
    """

    stored_chars: int = 200_000
    server_chars: int = 20_000_000
    kernel_chars: int = 10_000_000
    run_seconds: float = 0
    undo_item_bytes: int = 16_000_000
    undo_run_bytes: int = 64_000_000
    undo_hold_bytes: int = 500_000_000
    undo_kernel_bytes: int = 1_000_000_000

    def caps(self) -> dict[str, int]:
        """Return what one run may send out of the kernel: a head of its text and a tail."""
        tail = min(_TAIL_CHARS, self.kernel_chars // 2)
        return {"stream_chars": self.kernel_chars - tail, "tail_chars": tail}

    def undo(self) -> dict[str, Any]:
        """Return the budgets of a snapshot."""
        return {
            "item_bytes": self.undo_item_bytes,
            "total_bytes": self.undo_run_bytes,
            "hold_bytes": self.undo_hold_bytes,
            "kept_bytes": self.undo_kernel_bytes,
        }
