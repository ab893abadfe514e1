"""The routes that describe the others, for anybody: help, a page, an OpenAPI document."""

from __future__ import annotations

import secrets
from functools import cached_property

from ..domain.errors import BadRequest
from . import definitions
from .base import ChatbotHandler, serves
from .requests import Help, Nothing


@serves(definitions.HELP)
class HelpHandler(ChatbotHandler[Help]):
    """``help``: what each route is for."""

    async def respond(self, given: Help) -> None:
        """Explain one, or all."""
        from .words import help_texts  # on demand, as all of this file: most servers are never asked

        texts = help_texts()
        if given.endpoint and given.endpoint not in texts:
            raise BadRequest("There is no route of that name. `help` without `endpoint` explains all of them.")
        self.answer(texts[given.endpoint] if given.endpoint else texts)


@serves(definitions.OPENAPI)
class OpenAPIHandler(ChatbotHandler[Nothing]):
    """``openapi.json``: the document."""

    async def respond(self, given: Nothing) -> None:
        """Send it."""
        from .openapi import document

        self.answer(document())


@serves(definitions.DOCS)
class DocsHandler(ChatbotHandler[Nothing]):
    """``docs``: the page, which needs nothing from elsewhere."""

    async def respond(self, given: Nothing) -> None:
        """Send it."""
        from .page import page

        self.finish(page(self._nonce), set_content_type="text/html; charset=utf-8")

    @property
    def content_security_policy(self) -> str:
        """Let only what this answer itself marks style the page or run in it."""
        return (
            f"default-src 'none'; style-src 'nonce-{self._nonce}'; script-src 'nonce-{self._nonce}'; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'none'"
        )

    @cached_property
    def _nonce(self) -> str:
        return secrets.token_urlsafe(16)
