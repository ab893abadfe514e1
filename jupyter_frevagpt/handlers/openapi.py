"""The OpenAPI 3.1 document, made from the table of definitions."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import version
from typing import Any

import msgspec

from ..domain.variants import StreamVariant
from .answers import Detail
from .definition import Definition
from .definitions import DEFINITIONS
from .words import meaning_of

_REFERENCE = "#/components/schemas/{name}"
_VARIANT = "StreamVariant"
# Tornado takes 64 kB of headers, the address among them, and a character may need 12 of them there.
_LONGEST_IN_QUERY = 4000
_ABOUT = (
    "The assistant's routes, below the address of a Jupyter server. Parameters are taken from the query and from a "
    "JSON body, which wins; an empty string counts as not given. A stream is one JSON object a line (NDJSON), "
    "described as an array: the first one is a ServerHint with the `thread_id`, the last one StreamEnd. Errors are "
    "objects with `detail`."
)
_FILES = ("application/octet-stream", "image/png", "image/jpeg", "image/gif", "image/webp")
_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of the server, or of its logins.",
    },
    "token": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "The word `token`, a space, and the Jupyter server's token.",
    },
    "freva": {
        "type": "apiKey",
        "in": "header",
        "name": "x-freva-user-token",
        "description": "A Freva token, on servers with Freva logins.",
    },
    "cookie": {"type": "apiKey", "in": "cookie", "name": "_xsrf", "description": "A browser's login at the server."},
    "xsrf": {
        "type": "apiKey",
        "in": "header",
        "name": "X-XSRFToken",
        "description": "With the cookie: its value, by which a page of the server's own shows itself.",
    },
}
_LOGIN: list[dict[str, list[str]]] = [{"bearer": []}, {"token": []}, {"freva": []}, {"cookie": [], "xsrf": []}]


@cache
def document() -> msgspec.Raw:
    """Return the document as JSON; it is the same for every server and everybody."""
    kinds: list[Any] = [StreamVariant, Detail]
    for definition in DEFINITIONS:
        kinds += [definition.parameters, definition.answer]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    variant = schemas[0]
    components = {_VARIANT: {"title": _VARIANT, **variant}, **components}
    pairs = zip(schemas[2::2], schemas[3::2], strict=True)
    paths = {
        f"/api/chatbot/{one.name}": _path(one, components[one.parameters.__name__], parameters, answer)
        for one, (parameters, answer) in zip(DEFINITIONS, pairs, strict=True)
    }
    whole = {
        "openapi": "3.1.0",
        "info": {"title": "FrevaGPT", "version": version("jupyter-frevagpt"), "description": _ABOUT},
        "servers": [{"url": "../..", "description": "The Jupyter server that this document comes from."}],
        "security": _LOGIN,
        "paths": paths,
        "components": {"schemas": components, "responses": _errors(), "securitySchemes": _SCHEMES},
    }
    return msgspec.Raw(json.dumps(_tidy(whole, variant), separators=(",", ":")).encode())


def _path(definition: Definition[Any], fields: dict[str, Any], parameters: Any, answer: Any) -> dict[str, Any]:
    path = {}
    for method in definition.methods:
        operation: dict[str, Any] = {
            "operationId": f"{method}_{definition.name.replace('.', '_')}",
            "summary": definition.summary,
            "description": definition.text,
            "responses": _responses(definition, method, answer),
        }
        if definition.is_open:
            operation["security"] = []
        if fields["properties"] and method == "get":
            operation["parameters"] = [
                _in_query(definition, fields, name) for name in fields["properties"] if name not in definition.in_body
            ]
        elif fields["properties"]:
            content = {"schema": parameters, "example": definition.example}
            operation["requestBody"] = {"content": {"application/json": content}, "required": bool(fields["required"])}
        path[method] = operation
    return path


def _in_query(definition: Definition[Any], fields: dict[str, Any], name: str) -> dict[str, Any]:
    schema = {key: value for key, value in fields["properties"][name].items() if key != "description"}
    for one in schema.pop("anyOf", []):  # a query has no null: that is what is not given
        if one != {"type": "null"}:
            schema = one
    if "maxLength" in schema:
        schema = {**schema, "maxLength": min(schema["maxLength"], _LONGEST_IN_QUERY)}
    described = {
        "name": name,
        "in": "query",
        "required": name in fields["required"],
        "description": meaning_of(fields["properties"][name]),
        "schema": schema,
    }
    return described | ({"example": definition.example[name]} if name in definition.example else {})


def _responses(definition: Definition[Any], method: str, answer: Any) -> dict[str, Any]:
    good: dict[str, Any] = {definition.media: {"schema": answer, "example": definition.shows}}
    if definition.sends_files:
        good |= {media: {"schema": {"type": "string", "format": "binary"}} for media in _FILES}
    responses: dict[str, Any] = {"200": {"description": "The answer.", "content": good}}
    skipped = 415 if method == "get" else 405
    for status, why in definition.failures.items():
        if status != skipped:
            shared = status not in definition.statuses
            responses[str(status)] = {"$ref": f"#/components/responses/Error{status}"} if shared else _error(why)
    return responses


def _errors() -> dict[str, Any]:
    """Return the errors that mean the same wherever they come."""
    whys = {status: why for one in DEFINITIONS for status, why in one.failures.items() if status not in one.statuses}
    return {f"Error{status}": _error(why) for status, why in sorted(whys.items())}


def _error(why: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": _REFERENCE.format(name="Detail")}}}
    return {"description": why, "content": content}


def _tidy(value: Any, variant: dict[str, Any]) -> Any:
    """Name the union of the variants where it stands, write patterns as JSON Schema does, and texts without breaks."""
    if isinstance(value, list):
        return [_tidy(one, variant) for one in value]
    if not isinstance(value, dict):
        return value
    if value == variant:
        return {"$ref": _REFERENCE.format(name=_VARIANT)}
    tidied = {key: _tidy(one, variant) for key, one in value.items()}
    if isinstance(pattern := tidied.get("pattern"), str):
        tidied["pattern"] = pattern.replace(r"\A", "^").replace(r"\Z", "$")
    if isinstance(text := tidied.get("description"), str):
        tidied["description"] = " ".join(text.split()).replace("``", "`")
    return tidied
