"""The error tree.

::

    FrevaGPTError
    ├── BadRequest              the client asked for something that cannot be (422)
    │   └── UnknownKernel       no kernel of that id that the caller may use (422)
    ├── ThreadNotFound          no such thread of this owner (404)
    ├── NothingWaits            no question of that id waits for an answer (404)
    ├── ErrandGone              nothing of that id waits for a page to do it (404)
    ├── ErrandTaken             another page does that already (409)
    ├── FeedbackNotFound        no Assistant or Code item of that number (404)
    ├── NothingToUndo           nothing of that run can be taken back any more (404)
    ├── OutputGone              what a run printed is not kept any more (404)
    ├── KernelBusy              that can only be done while no cell runs (409)
    ├── ThreadBusy              that thread has a running turn (409)
    ├── StoreUnavailable        threads cannot be read or written now (503)
    │   └── VaultUnusable       the vault does not tell where they are (502)
    ├── CatalogueUnreadable     the model catalogue cannot be used (500)
    ├── ModelFailed             the model service failed; ends a turn with OpenAIError
    ├── KernelFailed            a kernel could not be started or reached; becomes tool output
    └── WorkerFailed            a helper process died or could not start

Every message is written for the person who reads it, says what to do, and holds no address, path or key.
"""

from __future__ import annotations


class FrevaGPTError(Exception):
    """Any failure that this package explains to the user."""


class BadRequest(FrevaGPTError):
    """The request cannot be carried out as it is."""


class UnknownKernel(BadRequest):
    """No kernel of that id is running that the caller may use."""


class ThreadNotFound(FrevaGPTError):
    """No thread of that id belongs to the caller."""

    def __init__(self, message: str = "Thread not found.") -> None:
        super().__init__(message)


class NothingWaits(FrevaGPTError):
    """No approval of that id waits in that thread."""

    def __init__(self) -> None:
        super().__init__("Nothing waits for this decision any more: it was answered already, or the turn has ended.")


class ErrandGone(FrevaGPTError):
    """Nothing of that id waits for a page in that thread."""

    def __init__(self) -> None:
        super().__init__("Nobody waits for this any more: it was answered, took too long, or the turn has ended.")


class ErrandTaken(FrevaGPTError):
    """Another page does it."""

    def __init__(self) -> None:
        super().__init__("This was claimed already: it is done once only.")


class FeedbackNotFound(FrevaGPTError):
    """No item of that number can be rated."""

    def __init__(self) -> None:
        super().__init__("Feedback not found.")


class NothingToUndo(FrevaGPTError):
    """Nothing of that run can be taken back."""

    def __init__(self) -> None:
        super().__init__(
            "There is nothing to undo any more: it was undone already, newer runs took its place, or the kernel was "
            "restarted."
        )


class OutputGone(FrevaGPTError):
    """What a run printed beyond its output is not kept any more."""

    def __init__(self) -> None:
        super().__init__("The server does not have the rest of this output any more. Run the code again to see it.")


class KernelBusy(FrevaGPTError):
    """The kernel is doing something else."""

    def __init__(self) -> None:
        super().__init__("A cell is running in the kernel. Try again when it has finished.")


class ThreadBusy(FrevaGPTError):
    """The thread has a turn that is still running."""

    def __init__(self) -> None:
        super().__init__("This thread is still answering. Stop it, or wait until it has finished.")


class StoreUnavailable(FrevaGPTError):
    """Threads cannot be read or written at the moment."""


class VaultUnusable(StoreUnavailable):
    """The site's vault answers, but not with an address of a database that can be used."""

    def __init__(self) -> None:
        super().__init__("The Freva vault does not name a database that this server can use. Ask its administrators.")


class CatalogueUnreadable(FrevaGPTError):
    """The model catalogue cannot be read, or lists no model."""


class ModelFailed(FrevaGPTError):
    """The model service failed; what it sent before is kept."""


class KernelFailed(FrevaGPTError):
    """A kernel could not be started or reached."""


class WorkerFailed(FrevaGPTError):
    """A helper process could not start, or died."""
