"""The page that describes the routes: one HTML document that needs nothing from elsewhere."""

from __future__ import annotations

import json
from html import escape
from importlib.metadata import version
from typing import Any

from .definition import Definition
from .definitions import DEFINITIONS
from .words import parameters_of, requirements_of

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
nav { columns: 11rem; } nav a { display: block; }
section { margin-top: 2.5rem; border-top: 1px solid #8888; }
h2 { font-family: ui-monospace, monospace; font-size: 1.15rem; }
pre { padding: .75rem; border: 1px solid #8888; border-radius: 4px; overflow-x: auto; }
table { border-collapse: collapse; } td, th { padding: .2rem 1rem .2rem 0; text-align: left; vertical-align: top; }
code, pre { font: .9rem/1.45 ui-monospace, monospace; }
"""

# The examples name the address that this page was loaded from.
_SCRIPT = """
const here = new URL('.', location.href).href;
for (const place of document.querySelectorAll('[data-address]')) place.textContent = here;
"""
_ADDRESS = "http://localhost:8888/api/chatbot/"


def page(nonce: str) -> str:
    """Return the page; ``nonce`` marks its style and script for the policy that it is sent with."""
    links = "".join(f'<a href="#{escape(one.name)}">{escape(one.name)}</a>' for one in DEFINITIONS)
    title = escape(f"FrevaGPT {version('jupyter-frevagpt')}: routes")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<style nonce="{nonce}">{_STYLE}</style></head><body><main><h1>The routes of FrevaGPT</h1>'
        "<p>Parameters come in the query or as a JSON body, which wins. Send the server's token as "
        "<code>Authorization: token ...</code>. Errors are JSON with <code>detail</code>, which says what to do. "
        'Programs find the same in <a href="openapi.json">openapi.json</a>.</p>'
        f'<nav aria-label="Routes">{links}</nav>{"".join(map(_section, DEFINITIONS))}</main>'
        f'<script nonce="{nonce}">{_SCRIPT}</script></body></html>'
    )


def _section(definition: Definition[Any]) -> str:
    name = escape(definition.name)
    return (
        f'<section id="{name}"><h2>{name}</h2><p>{_words(definition.summary)} {_words(definition.text)}</p>'
        f"<p>{_words(requirements_of(definition))}</p>{_parameters(definition)}"
        f"<pre>{_request(definition)}\n\n{_answer(definition)}</pre>{_statuses(definition)}</section>"
    )


def _parameters(definition: Definition[Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(one.name)}</code></td><td>{_words(one.meaning)}</td><td>{escape(one.note)}</td></tr>"
        for one in parameters_of(definition)
    )
    return rows and f"<table><tr><th>Parameter</th><th>Meaning</th><th></th></tr>{rows}</table>"


def _statuses(definition: Definition[Any]) -> str:
    rows = "".join(f"<tr><td>{status}</td><td>{_words(why)}</td></tr>" for status, why in definition.failures.items())
    return f"<details><summary>Errors</summary><table>{rows}</table></details>"


def _request(definition: Definition[Any]) -> str:
    login = "" if definition.is_open else '-H "Authorization: token $JUPYTER_TOKEN" '
    body = f"--json '{json.dumps(definition.example)}' " if definition.example else ""
    post = "-X POST " if definition.post_only and not body else ""
    before = escape(f"curl -sN {post}{login}{body}", quote=False)
    return f"{before}<span data-address>{_ADDRESS}</span>{escape(definition.name)}"


def _answer(definition: Definition[Any]) -> str:
    if definition.media == "application/x-ndjson":
        return escape("\n".join(json.dumps(line) for line in definition.shows), quote=False)
    return escape(json.dumps(definition.shows), quote=False)


def _words(text: str) -> str:
    """Return text as HTML, with what stands between backticks as code."""
    pieces = escape(text, quote=False).split("`")
    return "".join(f"<code>{piece}</code>" if at % 2 else piece for at, piece in enumerate(pieces))
