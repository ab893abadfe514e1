"""Which routes are this package's own."""

from __future__ import annotations

from tornado import web


def is_ours(handler: web.RequestHandler) -> bool:
    """True for a handler whose class says so: the routes of the assistant, and no others of the server."""
    return getattr(type(handler), "is_frevagpt", False) is True


def is_open(handler: web.RequestHandler) -> bool:
    """True where this method of the handler asks for no login."""
    method = getattr(handler, (handler.request.method or "").lower(), None)
    return getattr(method, "__allow_unauthenticated", False) is True
