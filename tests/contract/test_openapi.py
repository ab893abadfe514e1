"""The OpenAPI document: complete, well-formed, and true of what a running server answers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from jupyter_frevagpt.handlers.definitions import DEFINITIONS
from jupyter_frevagpt.handlers.openapi import document
from jupyter_frevagpt.handlers.routes import ROUTES

from .server import Server

DOCUMENT: dict[str, Any] = json.loads(bytes(document()))
OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]
CLIENTS_NEED = (
    "ping", "help", "availablechatbots", "getthread", "getuserthreads", "deletethread", "newthread", "setthreadtopic",
    "searchthreads", "streamresponse", "stop", "editthread", "userfeedback",
)  # fmt: skip


def resolved(reference: str) -> Any:
    """Return what a reference inside the document points at."""
    found: Any = DOCUMENT
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    return found


def objects(value: Any) -> list[dict[str, Any]]:
    """Return every object inside a JSON value."""
    if isinstance(value, list):
        return [one for inner in value for one in objects(inner)]
    if isinstance(value, dict):
        return [value, *(one for inner in value.values() for one in objects(inner))]
    return []


def check(schema: dict[str, Any], value: Any) -> None:
    """Fail unless a value is what a schema of the document says."""
    Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(value)


def answer_of(route: str, method: str = "post") -> dict[str, Any]:
    """Return the schema of a route's answer."""
    content = DOCUMENT["paths"][f"/api/chatbot/{route}"][method]["responses"]["200"]["content"]
    schema: dict[str, Any] = next(iter(content.values()))["schema"]
    return schema


def test_every_route_is_in_it_with_its_path_in_full() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", DOCUMENT["info"]["version"])
    assert list(DOCUMENT["paths"]) == [f"/api/chatbot/{name}" for name in ROUTES]
    assert {f"/api/chatbot/{name}" for name in CLIENTS_NEED} <= DOCUMENT["paths"].keys()


def test_every_reference_leads_somewhere_and_every_schema_is_one() -> None:
    for one in objects(DOCUMENT):
        if "$ref" in one:
            assert resolved(one["$ref"])
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    names = [operation["operationId"] for path in DOCUMENT["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names)) == len(OPERATIONS) == sum(len(route.methods) for route in DEFINITIONS)
    assert len(names) > 45


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_operation_tells_its_statuses_and_its_parameters_have_words(path: str, method: str) -> None:
    operation = DOCUMENT["paths"][path][method]
    definition = ROUTES[path.rpartition("/")[2]].definition
    assert operation["summary"].endswith((".", "?"))
    assert (operation.get("security") == []) is definition.is_open
    statuses = set(operation["responses"])
    assert {"200", "400", "403", "404"} <= statuses
    assert definition.is_open or {"401", "502", "503"} <= statuses
    assert ("422" in statuses) is bool(definition.fields)
    assert ("415" in statuses) is (definition.changes_state and method == "post")
    assert ("405" in statuses) is (definition.changes_state and method == "get")
    fields = [field.encode_name for field in definition.fields]
    if method == "get":
        fields = [name for name in fields if name not in definition.in_body]
        assert [one["name"] for one in operation.get("parameters", [])] == fields
        assert all(len(one["description"]) > 5 for one in operation.get("parameters", []))
    elif fields:
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        assert list(resolved(body["$ref"])["properties"]) == fields


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda one: str(one.name))
def test_the_examples_are_what_they_are_examples_of(definition: Any) -> None:
    check(answer_of(definition.name), definition.shows)
    if definition.fields:
        check({"$ref": f"#/components/schemas/{definition.parameters.__name__}"}, definition.example)


def test_a_stream_is_an_array_of_variants() -> None:
    variants = resolved("#/components/schemas/StreamVariant")["anyOf"]
    assert {one["$ref"].rpartition("/")[2] for one in variants} == {
        "Prompt", "User", "Assistant", "Code", "CodeOutput", "Image", "ToolCall", "ToolOutput", "ServerHint",
        "ServerError", "OpenAIError", "CodeError", "StreamEnd",
    }  # fmt: skip
    for route in ("streamresponse", "follow", "rerun"):
        content = DOCUMENT["paths"][f"/api/chatbot/{route}"]["post"]["responses"]["200"]["content"]
        assert list(content) == ["application/x-ndjson"]
        assert answer_of(route) == {"type": "array", "items": {"$ref": "#/components/schemas/StreamVariant"}}


def test_real_answers_are_as_described(server: Server) -> None:
    """Among them the two kinds that schemathesis cannot check: lists of threads."""
    assert server.get("openapi.json") == DOCUMENT
    asked: dict[str, dict[str, Any]] = {
        "streamresponse": {"input": "figures", "thread_id": "checked", "rich": True},
        "follow": {"thread_id": "checked"},
        "getthread": {"thread_id": "checked", "rich": True},
        "getuserthreads": {"full": True},
        "searchthreads": {"query": "figures", "full": True},
        "editthread": {"source_thread_id": "checked", "user_index": 0},
        "files": {"thread_id": "checked"},
        "settings": {},
        "health": {},
        "help": {},
        "stop": {"thread_id": "checked"},
        "deletethread": {"thread_id": "checked"},
    }
    for route, given in asked.items():
        answer = server.post(route, **given)
        assert answer, route
        check(answer_of(route), answer)
    listing, _ = server.post("getuserthreads", full=True)
    with pytest.raises(Exception, match="None is not of type 'integer'"):
        check(answer_of("getuserthreads"), [listing, None])
