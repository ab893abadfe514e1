"""The tool ``get_context_from_resources``: passages of documents that may answer a question."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from ..domain.errors import BadRequest, FrevaGPTError
from ..domain.fence import fenced
from ..domain.passages import Found, Passage
from ..domain.protocols import Retriever
from ..domain.values import ThreadRef, ToolContext, ToolRequest, ToolSpec
from ..domain.variants import StreamVariant, ToolOutput

_PASSAGES = 6
_MOST_CHARS = 16_000
_MOST_THREADS = 1000
_NO_ARGUMENTS = 'Nothing was looked up: the arguments are {"question": "..."}, and {"resources": ["..."]} where wanted.'
_NOTHING = "Nothing in these documents fits the question. Say so; do not make up what they might say."
_HOW_TO_CITE = "Cite what you take from a passage with its number in brackets behind the statement, such as [{}]."


class _Arguments(msgspec.Struct, frozen=True):
    """What the model wrote; older callers name one resource as a string."""

    question: Annotated[str, Meta(min_length=1, max_length=10_000)]
    resources: list[Annotated[str, Meta(max_length=200)]] | str = []


class SearchResources:
    """Looks a question up in the documents that the site and the user have; nothing is run, so nobody is asked."""

    spec = ToolSpec(
        name="get_context_from_resources",
        description=(
            "Look a question up in documentation and in the documents of the site and the user: the use of Freva's "
            "databrowser and of its data tools, climate-data practice with xarray, dask and cartopy, the computing "
            "centre. Returns numbered passages. Use it before you write code against a tool that you do not know for "
            "certain."
        ),
        parameters={
            "type": "object",
            "properties": {
                "question": {
                    "type": "string",
                    "description": "What you want to know, in English, as a whole sentence.",
                },
                "resources": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Names of resources to look in; all of them when left out.",
                },
            },
            "required": ["question"],
            "additionalProperties": False,
        },
    )

    def __init__(
        self,
        retriever: Retriever,
        *,
        visitor: Callable[[str], bool] = lambda owner: False,
        redact: Callable[[str], str] = lambda text: text,
    ) -> None:
        """``visitor`` tells whether an owner is not the one whose own folders are indexed here."""
        self._retriever = retriever
        self._visitor = visitor
        self._redact = redact
        self._numbered: dict[ThreadRef, int] = {}

    async def run(self, request: ToolRequest, context: ToolContext) -> AsyncGenerator[StreamVariant, None]:
        """Yield the passages: as text with their numbers, and as ``data`` for clients that let them be opened."""
        try:
            given = msgspec.json.decode(request.arguments, type=_Arguments, strict=False)
        except (msgspec.DecodeError, RecursionError):
            yield ToolOutput(_NO_ARGUMENTS, self.spec.name, request.id)
            return
        names = [given.resources] if isinstance(given.resources, str) else given.resources
        try:
            found = await self._retriever.search(
                given.question,
                limit=_PASSAGES,
                sources=[name for name in names if name.strip()],
                own=not self._visitor(context.ref.owner),
            )
        except BadRequest as error:
            yield ToolOutput(f"Nothing was looked up. {error}", self.spec.name, request.id)
            return
        except FrevaGPTError as error:
            yield ToolOutput(f"The documents could not be searched. {error}", self.spec.name, request.id)
            return
        yield self._output(request.id, context.ref, found)

    def _output(self, call_id: str, ref: ThreadRef, found: Found) -> ToolOutput:
        passages = [msgspec.structs.replace(one, text=self._redact(one.text)) for one in found.passages]
        first = self._numbered.pop(ref, 0) + 1
        told, fitting = _told(passages, first)
        self._numbered[ref] = first - 1 + len(fitting)  # a number means one passage in all of a chat
        while len(self._numbered) > _MOST_THREADS:
            del self._numbered[next(iter(self._numbered))]
        source = _source(fitting)
        # Texts of this package's are in a fence as all others are, but do not make a turn suspicious.
        body = told if source else fenced(told, call_id)
        note = f"{found.note}\n" if found.note else ""
        cite = _HOW_TO_CITE.format(first)
        content = f"{note}{cite}\n\n{body}" if fitting else f"{note}{_NOTHING}"
        shown = [{"number": number, **msgspec.to_builtins(one)} for number, one in enumerate(fitting, first)]
        data = {"passages": {"way": found.way, "found": shown}}
        return ToolOutput(content, self.spec.name, call_id, source, data)


def _told(passages: Sequence[Passage], first: int) -> tuple[str, list[Passage]]:
    """Return the numbered passages as text, and those that have room in it."""
    parts: list[str] = []
    room = _MOST_CHARS
    for number, one in enumerate(passages, first):
        place = f"{one.title}, {one.source}, line {one.position}"
        heading = f"\n{one.heading}" if one.heading else ""
        part = f"[{number}] {place} (score {one.score:g}){heading}\n\n{one.text}"
        if len(part) > room and parts:
            break
        parts.append(part)
        room -= len(part)
    return "\n\n".join(parts), list(passages[: len(parts)])


def _source(passages: Sequence[Passage]) -> str:
    """Name what is not this package's own among the passages, "" where all of them are."""
    titles = dict.fromkeys(one.title for one in passages if one.standing != "shipped")
    return f"documents: {', '.join(titles)}" if titles else ""
