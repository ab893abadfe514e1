"""The tool ``find_datasets``: what data there is, looked up in the catalogue of the site's Freva server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from ..domain.errors import WorkerFailed
from ..domain.values import ToolContext, ToolRequest, ToolSpec
from ..domain.variants import StreamVariant, ToolOutput
from ..workers.host import Worker

MODULE = "jupyter_frevagpt.tools._datasets_worker"
SOURCE = "the catalogue of the Freva server"
_RESERVED = frozenset(  # what freva-client takes for options of its own
    "host flavour time time_select bbox bbox_select uniq_key stream_zarr zarr_options multiversion fail_on_error "
    "extended_search facets file uri".split()
)
_FACET = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SHOWN_VALUES = 12
_MOST_CHARS = 9_000
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

_Word = Annotated[str, Meta(min_length=1, max_length=300)]
_Values = _Word | Annotated[list[_Word], Meta(min_length=1, max_length=50)]
_Select = Literal["flexible", "strict", "file"]


class _Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the model wrote."""

    facets: Annotated[dict[str, _Values], Meta(max_length=30)] = {}
    words: Annotated[list[_Word], Meta(max_length=10)] = []
    time: Annotated[str, Meta(max_length=100)] = ""
    time_select: _Select = "flexible"
    bbox: Annotated[list[float], Meta(min_length=4, max_length=4)] | None = None
    flavour: Literal["freva", "cmip6", "cmip5", "cordex"] = "freva"
    files: Annotated[int, Meta(ge=0, le=50)] = 10


class FindDatasets:
    """Asks the databrowser through freva-client, in a helper process, with nobody's login."""

    spec = ToolSpec(
        name="find_datasets",
        description=(
            "Look up climate data in the site's Freva databrowser: which facets there are (project, product, "
            "institute, model, experiment, ensemble, time_frequency, realm, variable, ...), their values with the "
            "number of files, and the paths of files to open with xarray. Never guess such names: look them up here. "
            "Without arguments it tells everything that there is; narrow it step by step."
        ),
        parameters={
            "type": "object",
            "properties": {
                "facets": {
                    "type": "object",
                    "description": 'Facets and values, such as {"project": "cmip6", "variable": ["tas", "pr"]}; * and '
                    "? stand for any text, facet_not_ leaves values out.",
                    "additionalProperties": {
                        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
                    },
                },
                "words": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": 'Values whose facet is not known, such as ["era5*"].',
                },
                "time": {
                    "type": "string",
                    "description": 'A time or a range, such as "1980-01 to 2009-12".',
                },
                "time_select": {
                    "type": "string",
                    "enum": ["flexible", "strict", "file"],
                    "description": "flexible: files that overlap the range (default); strict: files within it; file: "
                    "files that cover all of it.",
                },
                "bbox": {
                    "type": "array",
                    "items": {"type": "number"},
                    "description": "min_lon, max_lon, min_lat, max_lat in degrees, longitudes from -180 to 180.",
                },
                "flavour": {
                    "type": "string",
                    "enum": ["freva", "cmip6", "cmip5", "cordex"],
                    "description": "Whose names of facets are used; freva by default.",
                },
                "files": {"type": "integer", "description": "How many files to name, at most 50; 10 by default."},
            },
            "additionalProperties": False,
        },
        outside=True,
        vouched=True,
    )

    def __init__(self, host: str, *, seconds: float = 30.0, idle_seconds: float = 300.0) -> None:
        """``host`` is the Freva server's name or address, ``seconds`` how long a search may take."""
        self._host = address_of(host)
        self._seconds = seconds
        self._worker = Worker(MODULE, idle_seconds=idle_seconds)

    async def aclose(self) -> None:
        """End the helper."""
        await self._worker.close()

    async def run(self, request: ToolRequest, context: ToolContext) -> AsyncGenerator[StreamVariant, None]:
        """Yield what was found, as text for the model and as a table for the panel."""
        text, data = await self._found(request)
        yield ToolOutput(text[:_MOST_CHARS], self.spec.name, request.id, source=SOURCE, data=data)

    async def _found(self, request: ToolRequest) -> tuple[str, dict[str, Any]]:
        try:
            given = msgspec.json.decode(request.arguments or "{}", type=_Arguments, strict=False)
        except (msgspec.DecodeError, RecursionError) as error:
            return f"Nothing was looked up, the arguments do not fit: {error}.", {}
        wrong = [key for key in given.facets if key in _RESERVED or not _FACET.fullmatch(key)]
        if wrong:
            return f"Nothing was looked up: {_word(wrong[0])} is no facet. {_HOW_TO.get(wrong[0], _FACETS)}", {}
        asked = _asked(given, self._host)
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._worker.ask(asked)
        except TimeoutError:
            return _FAILED["silent"], {}
        except WorkerFailed as error:
            return str(error), {}
        if answer is None or "failed" in answer:
            return _trouble(answer or {}), {}
        return _told(given, answer), {"datasets": _table(given, answer)}


def address_of(host: str) -> str:
    """Return a host as an address; without a scheme it is reached by https, this machine by http."""
    host = host.strip().rstrip("/")
    if "://" not in host:
        here = (urlsplit(f"//{host}").hostname or "") in _LOOPBACK
        host = f"{'http' if here else 'https'}://{host}"
    return host


def _asked(given: _Arguments, host: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if given.time:
        options |= {"time": given.time, "time_select": given.time_select}
    if given.bbox is not None:
        options["bbox"] = given.bbox
    keys = {key: [values] if isinstance(values, str) else values for key, values in given.facets.items()}
    return {
        "host": host,
        "flavour": given.flavour,
        "keys": keys,
        "words": given.words,
        "options": options,
        "files": given.files,
    }


def _query(given: _Arguments) -> str:
    """Return what was asked for, in short."""
    parts = [
        f"{key}={_word(values) if isinstance(values, str) else ','.join(map(_word, values))}"
        for key, values in given.facets.items()
    ]
    parts += [_word(word) for word in given.words]
    parts += [f"time {' '.join(given.time.split())} ({given.time_select})"] if given.time else []
    parts += [f"region {given.bbox}"] if given.bbox is not None else []
    return ", ".join(parts) or "everything"


def _told(given: _Arguments, answer: dict[str, Any]) -> str:
    """Return what the model is told."""
    if not answer["total"]:
        return _nothing(given, answer)
    total, files = answer["total"], answer["files"]
    lines = [f"{total:,} file{'s' * (total != 1)} for {_query(given)} (names of {given.flavour})."]
    lines += ["Facets, with the number of files of each value:"]
    for facet in answer["facets"]:
        values = facet["values"][:_SHOWN_VALUES]
        more = len(facet["values"]) + facet["more"] - len(values)
        shown = ", ".join(f"{_word(value)} ({number})" for value, number in values)
        lines.append(f"- {_word(facet['name'])}: {shown}{f', and {more} more' if more else ''}")
    if files:
        lines.append(f"The first {len(files)} of them:" if total > len(files) else "The files:")
        lines += [_word(file, 1200) for file in files]
    return "\n".join(lines)


def _nothing(given: _Arguments, answer: dict[str, Any]) -> str:
    lines = [f"No files for {_query(given)} (names of {given.flavour})."]
    for asked, near in answer["near"].items():
        there = f"there is {', '.join(map(_word, near))}" if near else "this facet has no values"
        lines.append(f"- {_word(asked)} is nowhere: {there}.")
    if given.words:
        lines.append("Words must be whole values: put * around them for parts of values.")
    elif not answer["near"]:
        lines.append("Each value is there, but not together: leave one out, or widen time or region.")
    return "\n".join(lines)


def _table(given: _Arguments, answer: dict[str, Any]) -> dict[str, Any]:
    """Return what the panel shows."""
    return {
        "query": _query(given),
        "flavour": given.flavour,
        "total": answer["total"],
        "facets": [
            {
                "name": _word(facet["name"]),
                "values": [[_word(value), number] for value, number in facet["values"]],
                "more": facet["more"],
            }
            for facet in answer["facets"]
        ],
        "files": answer["files"],
    }


def _trouble(answer: dict[str, Any]) -> str:
    kind = answer.get("failed", "nonsense")
    text = _FAILED.get(kind, _FAILED["nonsense"])
    if kind == "server":
        return text.format(answer["status"])
    if kind != "query":
        return text
    known = [_word(name) for name in answer["known"]]
    near = [
        f"There is no facet {_word(asked)}{': did you mean ' + ' or '.join(map(_word, close)) + '?' if close else '.'}"
        for asked, close in answer["near"].items()
    ]
    there = [f"The facets are: {', '.join(known)}."] if known else []
    return " ".join([text, *near, *there])


def _word(text: str, longest: int = 120) -> str:
    """Return a name of the catalogue as one word, so that it can hardly say anything else."""
    word = "".join(c if c.isprintable() and not c.isspace() else "_" for c in text)
    return word if len(word) <= longest else word[: longest - 1] + "…"


_FACETS = "Facets are words such as project, model, experiment, variable; call without facets to see them."
_HOW_TO = {
    "time": 'Give it beside the facets: {"time": "1980-01 to 2009-12"}.',
    "bbox": 'Give it beside the facets: {"bbox": [min_lon, max_lon, min_lat, max_lat]}.',
}
_FAILED = {
    "missing": "Nothing was looked up: freva-client is not installed where the assistant runs. The site's "
    'administrator can add it with pip install "jupyter-frevagpt[freva]".',
    "down": "Nothing was looked up: the Freva server cannot be reached. Say so, and do not guess names; it may work "
    "again later.",
    "login": "Nothing was looked up: the Freva server wants a login for this, and the assistant has none. In the "
    "user's kernel freva_client.authenticate() logs them in.",
    "query": "Nothing was looked up: the Freva server does not understand this search.",
    "server": "Nothing was looked up: the Freva server failed with status {}. Try once more, or a narrower search.",
    "silent": "Nothing was looked up: the Freva server did not answer in time. Try a narrower search.",
    "nonsense": "Nothing was looked up: what the Freva server answers cannot be read. Is freva_host the address of a "
    "Freva server?",
}
