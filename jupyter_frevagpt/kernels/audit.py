"""The site's record of the code that the assistant runs: one line of JSON a run, added before it, never changed."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from ..domain.errors import KernelFailed
from ..domain.protocols import KernelRun, Kernels, KernelSession
from ..domain.values import CodeReview, RestOfOutput, RunRef, ThreadRef, ToolContext, Undone

_CANNOT = (
    "Nothing was run: this site keeps a record of the code that runs, and it cannot be written now ({}). Tell your "
    "administrator."
)


class Audit:
    """A file that only grows, mode 0600; each line is who, when, thread, kernel, sha256 and the code."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def record(self, ref: ThreadRef, kernel_id: str, code: str) -> None:
        """Add a run; raises KernelFailed where that is impossible, so that nothing runs unrecorded."""
        raw = code.encode("utf-8", "surrogatepass")
        line = {
            "date": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "owner": ref.owner,
            "thread_id": ref.thread_id,
            "kernel_id": kernel_id,
            "sha256": hashlib.sha256(raw).hexdigest(),
            "code": code,
        }
        try:
            self._append(json.dumps(line).encode() + b"\n")
        except OSError as error:
            raise KernelFailed(_CANNOT.format(error.strerror)) from None

    def _append(self, line: bytes) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)
        try:
            if os.fstat(descriptor).st_mode & 0o077:
                os.fchmod(descriptor, 0o600)
            if os.write(descriptor, line) != len(line):
                raise OSError(0, "the disk is full")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class AuditedKernels:
    """Kernels in which nothing runs that is not in the record."""

    def __init__(self, kernels: Kernels, audit: Audit) -> None:
        self._kernels = kernels
        self._audit = audit

    def check(self, kernel_id: str) -> None:
        """Raise UnknownKernel unless a kernel of that id is running here."""
        self._kernels.check(kernel_id)

    async def session(self, context: ToolContext) -> KernelSession:
        """Return the named kernel, or one of the thread's own."""
        return _AuditedSession(await self._kernels.session(context), self._audit)

    def rest(self, run_ref: RunRef, start: int) -> RestOfOutput:
        """Return what a run printed beyond its output."""
        return self._kernels.rest(run_ref, start)

    async def undo(self, run_ref: RunRef) -> Undone:
        """Take back what a run changed."""
        return await self._kernels.undo(run_ref)

    async def forget(self, ref: ThreadRef) -> None:
        """Give up what is kept of a thread's runs."""
        await self._kernels.forget(ref)


class _AuditedSession:
    """A kernel whose runs are recorded."""

    def __init__(self, session: KernelSession, audit: Audit) -> None:
        self._session = session
        self._audit = audit
        self.kernel_id = session.kernel_id
        self.life = session.life

    async def review(self, code: str, ref: ThreadRef) -> CodeReview:
        """Return what the code may do."""
        return await self._session.review(code, ref)

    def execute(self, code: str, run_ref: RunRef, touches: tuple[str, ...] | None = ()) -> KernelRun:
        """Record code, then send it to the kernel."""
        self._audit.record(run_ref.thread, self.kernel_id, code)
        return self._session.execute(code, run_ref, touches)
