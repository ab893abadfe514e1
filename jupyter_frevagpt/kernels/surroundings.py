"""What models, tools and the panel are told of the variables in kernels: in time or not at all; none is started."""

from __future__ import annotations

import asyncio
import difflib
import logging
import re
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

import msgspec

from ..domain.errors import KernelFailed
from ..domain.values import Inspected, ThreadRef, ToolContext, VariableList
from .injection import GuestFailed, GuestOps
from .inspection import follow, parse, parts_of
from .namespace import Namespace, View
from .registry import GuestRegistry
from .replies import Variable
from .summary import without_values, write

_log = logging.getLogger("jupyter_frevagpt.kernels")

_PATIENCE = 1.8
_FIRST_SECONDS = 1.2
_MOST_KERNELS = 50
_MOST_THREADS = 1000
_MOST_GONE = 50
_QUESTION_CHARS = 20_000
_INSPECTED_CHARS = 8_000
_INSPECTED_BYTES = 300_000
_WORD = re.compile(r"[^\W\d]\w*")

_NO_KERNEL = "This chat has no kernel yet, so there are no variables."
_BLIND = "The variables of this kernel cannot be seen from here; use code to look at them."
_BLIND_BUSY = "A cell was running already when we came to this kernel; its variables cannot be seen until that ends."
_SILENT = "The kernel does not answer at the moment: a cell may hold it. Try again later."
_OLD = "The kernel does not answer at the moment; this is what it told before."
_CHANGING = "A cell is running, values may change."
_NO_PATH = (
    "Give the name of a variable, or a short path below it such as ds.tas or df['a']; for other expressions use code."
)

T = TypeVar("T")


class _Told(msgspec.Struct, frozen=True):
    """Of which variables a thread was told last, and in which life of which kernel."""

    kernel_id: str
    life: str
    names: tuple[str, ...]


class KernelSurroundings:
    """Looks into kernels that are there already, without running code of anybody's.

    Looking goes on beside whoever waits for it: nobody waits longer than a moment, and nothing is cut off half-way.
    """

    def __init__(
        self, kernels: GuestRegistry, *, tokens: int = 800, redact: Callable[[str], str] = lambda text: text
    ) -> None:
        """``tokens`` is about the most that a summary takes, 0 for none of variables; ``redact`` takes secrets out."""
        self._kernels = kernels
        self._tokens = tokens
        self._redact = redact
        self._namespaces: dict[str, Namespace] = {}
        self._told: dict[ThreadRef, _Told] = {}
        self._sent: dict[ThreadRef, Sequence[str]] = {}
        self._looking: set[asyncio.Task[Any]] = set()

    async def summary(self, context: ToolContext, question: str) -> str:
        """Return what the thread's kernel is and holds, for a model: "" without a kernel."""
        self._sent.pop(context.ref, None)
        kernel_id = await self._kernels.existing(context)
        if not kernel_id:
            return ""
        if not self._tokens or context.wishes.variables == "nothing":
            told = await self._in_time(self._enter(context, kernel_id))
            return told[0].advice if told is not None else ""
        words = list(dict.fromkeys(_WORD.findall(question[:_QUESTION_CHARS])))
        namespace = self._namespace(kernel_id)
        view = await self._in_time(self._look(context, kernel_id, words))
        if view is None:
            described = {variable.name: variable for variable in namespace.view().variables}
            mentioned = [described[word] for word in words if word in described]
            view = msgspec.structs.replace(namespace.view(mentioned), stale=True)
        gone = self._gone(context.ref, kernel_id, namespace.life, view)
        if context.wishes.variables == "names":
            view = without_values(view)
        summary = write(view, gone, self._tokens, self._redact)
        self._sent[context.ref] = summary.names
        if len(self._sent) > _MOST_THREADS:
            del self._sent[next(iter(self._sent))]
        return summary.text

    def told(self, ref: ThreadRef) -> Sequence[str]:
        """Return the names of the variables that the last summary for a thread told of."""
        return self._sent.get(ref, ())

    async def variables(self, kernel_id: str) -> VariableList:
        """Return the variables of a kernel, newest first; ``detail`` says why there are none to see."""
        namespace = self._namespace(kernel_id)
        nobody = ToolContext(ThreadRef("", ""), kernel_id)
        view = await self._in_time(self._look(nobody, kernel_id, ()))
        if view is None:
            view = msgspec.structs.replace(namespace.view(), stale=True)
        if not view.visible:
            return VariableList(detail=_SILENT if view.stale else _BLIND_BUSY if view.busy else _BLIND)
        told = [_facts(variable) for variable in view.variables]
        return VariableList(told, view.total, view.stale, view.busy)

    async def inspect(self, context: ToolContext, name: str, depth: int) -> Inspected:
        """Return what can be told of a variable, or of a path below it, without running anybody's code."""
        path = parse(name)
        if path is None:
            return Inspected(note=_NO_PATH)
        kernel_id = await self._kernels.existing(context)
        if not kernel_id:
            return Inspected(note=_NO_KERNEL)
        root, steps = path
        found = await self._in_time(self._examine(context, kernel_id, root, depth + len(steps)))
        if found is None:
            known = self._namespace(kernel_id).known
            old = next((each for each in known.variables if each.name == root), None) if known else None
            if old is None:
                return Inspected(note=_SILENT)
            found = Inspected(_facts(old), note=_OLD)
        if found.facts is None or not steps:
            return found
        try:
            inside = follow(found.facts, steps)
        except LookupError:
            there = ", ".join(parts_of(found.facts))
            told = f" Known below `{root}`: {there}." if there else ""
            return Inspected(note=f"Without running code nothing is known of `{name}`; use code to look.{told}")
        facts = inside if isinstance(inside, dict) else {"value": inside}
        return Inspected({"path": name, **facts}, note=found.note)

    async def close(self) -> None:
        """Stop looking."""
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)

    # ---- looking

    async def _in_time(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Return what comes of looking, None when it takes too long or fails; it goes on by itself."""
        task = asyncio.create_task(work, name="look into a kernel")
        self._looking.add(task)
        task.add_done_callback(self._ended)
        await asyncio.wait({task}, timeout=_PATIENCE)
        return task.result() if task.done() and not task.cancelled() and task.exception() is None else None

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._looking.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            if not isinstance(error, KernelFailed):
                _log.error("variables could not be looked at", exc_info=error)

    async def _enter(self, context: ToolContext, kernel_id: str) -> tuple[Namespace, GuestOps | None]:
        """Return what is known of a kernel, of this life of it, and whom to ask there."""
        guest = await self._kernels.session(msgspec.structs.replace(context, kernel_id=kernel_id))
        namespace = self._namespace(kernel_id)
        # The server learns that a cell has ended a moment after its user: waited for when we come, then not again.
        ops = await guest.meet(_FIRST_SECONDS if namespace.life != guest.life else 0)
        namespace.enter(guest.life)
        namespace.advice = guest.advice
        if ops is None:
            namespace.busy = guest.busy
        return namespace, ops

    async def _look(self, context: ToolContext, kernel_id: str, words: Sequence[str]) -> View:
        namespace, ops = await self._enter(context, kernel_id)
        if ops is None:
            return namespace.view()
        await namespace.refresh(ops, namespace.life)
        return namespace.view(await namespace.mentioned(ops, words))

    async def _examine(self, context: ToolContext, kernel_id: str, name: str, depth: int) -> Inspected:
        namespace, ops = await self._enter(context, kernel_id)
        if ops is None:
            return Inspected(note=_BLIND_BUSY if namespace.busy else _BLIND)
        facts: dict[str, Any] | None = None
        busy = False
        for level in range(depth, 0, -1):
            told = await ops.describe(names=[name], depth=level, max_bytes=_INSPECTED_BYTES)
            busy = told.busy
            variable = next((each for each in told.variables if each.name == name), None)
            if variable is None:
                return Inspected(close=await _close(ops, name))
            facts = _facts(variable)
            if len(msgspec.json.encode(facts)) <= _INSPECTED_CHARS:
                break
        return Inspected(facts, note=_CHANGING if busy else "")

    def _namespace(self, kernel_id: str) -> Namespace:
        if kernel_id not in self._namespaces:
            if len(self._namespaces) >= _MOST_KERNELS:
                del self._namespaces[next(iter(self._namespaces))]
            self._namespaces[kernel_id] = Namespace()
        return self._namespaces[kernel_id]

    def _gone(self, ref: ThreadRef, kernel_id: str, life: str, view: View) -> list[str] | None:
        """Return what a restart took from what this thread was told of; None when there was none since."""
        before = self._told.pop(ref, None)
        if view.visible and not view.stale:
            names = [variable.name for variable in (*view.mentioned, *view.variables) if variable.kind != "module"]
            names = [name for name in dict.fromkeys(names) if name.isidentifier()]
            self._told[ref] = _Told(kernel_id, life, tuple(names[:_MOST_GONE]))
            if len(self._told) > _MOST_THREADS:
                del self._told[next(iter(self._told))]
        elif before is not None and (before.kernel_id, before.life) == (kernel_id, life):
            self._told[ref] = before
        if before is None or before.kernel_id != kernel_id or before.life == life:
            return None
        self._told.setdefault(ref, _Told(kernel_id, life, ()))
        now = {variable.name for variable in view.variables}
        return [name for name in before.names if name not in now]


def _facts(variable: Variable) -> dict[str, Any]:
    """Return a variable as plain data; of a masked one its type alone."""
    facts: dict[str, Any] = msgspec.to_builtins(variable)
    if variable.masked:
        facts = {key: facts[key] for key in ("name", "type", "kind", "length", "masked") if key in facts}
    return facts


async def _close(ops: GuestOps, name: str) -> tuple[str, ...]:
    """Return names that look like this one."""
    try:
        told = await ops.describe(depth=0, max_vars=5000, max_bytes=500_000, budget_ms=100)
    except GuestFailed:
        return ()
    names = {variable.name.lower(): variable.name for variable in told.variables}
    near = difflib.get_close_matches(name.lower(), names, n=5, cutoff=0.5)
    return tuple(names[each] for each in near)
