"""StreamVariants: the items a conversation is made of, as streamed, stored and shown.

The shapes are those of section 1 of the chatbot contract. A variant is one JSON object whose key ``variant`` names its
class; keys beside the contract's (``model``, ``display``, ...) are additive and left out when empty.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from .chips import Chip


class Prompt(msgspec.Struct, frozen=True, tag_field="variant", tag=True, omit_defaults=True):
    """The chat messages that older services stored in front of a thread; read, never written."""

    content: str


class User(msgspec.Struct, frozen=True, tag_field="variant", tag=True, omit_defaults=True):
    """A question of the user's.

    ``model`` is the catalogue name that was asked, ``kernel_id`` the kernel the answer's code ran in, ``context`` what
    was sent along.
    """

    content: str
    model: str = ""
    kernel_id: str = ""
    context: list[Chip] = []


class Assistant(msgspec.Struct, frozen=True, tag_field="variant", tag=True, omit_defaults=True):
    """Text of the model's: a delta in a stream, one model round's whole text when stored.

    ``feedback`` is ``up`` or ``down`` where the user rated it.
    """

    content: str
    feedback: str = ""


class Code(msgspec.Struct, frozen=True, tag_field="variant", tag=True, omit_defaults=True):
    """A ``code_interpreter`` call: a fragment in a stream, the JSON text ``{"code":"..."}`` when stored.

    ``feedback`` is ``up`` or ``down`` where the user rated it.
    """

    content: str
    id: str
    feedback: str = ""


class CodeOutput(msgspec.Struct, frozen=True, tag_field="variant", tag=True, omit_defaults=True):
    """What a run printed and showed as text.

    ``display`` holds the same outputs as nbformat 4 output objects, for clients that render them. An image that was
    sent as an Image variant is not repeated there: its output's metadata holds ``{"frevagpt": {"image": "<id>"}}``.
    """

    content: str
    id: str
    display: list[dict[str, Any]] = []


class Image(msgspec.Struct, frozen=True, tag_field="variant", tag=True, omit_defaults=True):
    """A PNG in base64; the id is ``<call id>_<n>``. Sliced in a stream, whole when stored."""

    content: str
    id: str = ""


class ToolCall(msgspec.Struct, frozen=True, tag_field="variant", tag=True, omit_defaults=True):
    """A call of any tool but ``code_interpreter``; the content is the argument JSON."""

    content: str
    tool_name: str
    id: str


class ToolOutput(msgspec.Struct, frozen=True, tag_field="variant", tag=True, omit_defaults=True):
    """The text such a tool returned.

    ``source`` names, for text that strangers may have written, where it is from; it is told to models between marks.
    ``data`` is the same for clients that show more than text; one key names its kind (``passages``, ``datasets``, ...).
    """

    content: str
    tool_name: str
    id: str
    source: str = ""
    data: dict[str, Any] = {}


class ServerHint(msgspec.Struct, frozen=True, tag_field="variant", tag=True, omit_defaults=True):
    """A notice for the client; one key of the object names its kind."""

    content: dict[str, Any]


class ServerError(msgspec.Struct, frozen=True, tag_field="variant", tag=True, omit_defaults=True):
    """The server failed; StreamEnd follows."""

    content: str


class OpenAIError(msgspec.Struct, frozen=True, tag_field="variant", tag=True, omit_defaults=True):
    """The model service failed; StreamEnd follows."""

    content: str


class CodeError(msgspec.Struct, frozen=True, tag_field="variant", tag=True, omit_defaults=True):
    """An error text of an older service, a list of one; read, never written."""

    content: list[str]


class StreamEnd(msgspec.Struct, frozen=True, tag_field="variant", tag=True, omit_defaults=True):
    """The last object of every stream; the content is the reason."""

    content: str


StreamVariant = (
    Prompt
    | User
    | Assistant
    | Code
    | CodeOutput
    | Image
    | ToolCall
    | ToolOutput
    | ServerHint
    | ServerError
    | OpenAIError
    | CodeError
    | StreamEnd
)

_decoder: msgspec.json.Decoder[StreamVariant] = msgspec.json.Decoder(StreamVariant)
_encoder = msgspec.json.Encoder()


def decode(line: bytes | str) -> StreamVariant:
    """Return the variant that one JSON object holds; raises :class:`msgspec.DecodeError` for anything else."""
    return _decoder.decode(line)


def encode(variant: StreamVariant) -> bytes:
    r"""Return a variant as JSON in ASCII (``\uXXXX``), so that no cut of the bytes can fall inside a character."""
    line = _encoder.encode(variant)
    return line if line.isascii() else ascii_json(msgspec.to_builtins(variant))


def ascii_json(value: object) -> bytes:
    """Return plain built-in data as compact JSON in ASCII."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def code_content(code: str) -> str:
    """Return the JSON text that a Code variant of this code holds."""
    return '{"code":' + json.dumps(code, ensure_ascii=False) + "}"
