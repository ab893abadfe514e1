"""The gate before routes that change state or run code: what a link, an image or a foreign page can send is refused."""

from __future__ import annotations

import hmac

from jupyter_server.base.handlers import APIHandler
from tornado import web
from tornado.escape import utf8

_REFUSED = "This request was not sent by a page or program of yours. Send a token header, or POST with X-XSRFToken."
_KERNELS_OWN = (
    "Code in the kernels can read this token, so it cannot ask or decide here. Use the panel, or make a token of your "
    "own on the hub's Token page and send that."
)


def check_gate(handler: APIHandler, *, gets_allowed: bool) -> None:
    """Raise HTTPError unless the request proves that its sender means it.

    A GET needs a token in a header, or a valid XSRF token beside the cookie, whatever the server's own checks let
    pass: they accept a Referer, a switched-off XSRF check or a hub's navigation. A token in the address proves
    nothing, since a link can carry it. A POST by cookie must be JSON, which a form cannot send.
    """
    by_header = handler.token_authenticated and not _token_in_address(handler)
    if _token_in_address(handler):
        raise web.HTTPError(403, "Send the token in a header, not in the address.")
    if not by_header and handler.request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        raise web.HTTPError(403, _REFUSED)
    if handler.request.method in ("GET", "HEAD"):
        if not gets_allowed:
            raise web.HTTPError(405, "This server takes this request by POST only.")
        if not by_header and not _xsrf_valid(handler):
            raise web.HTTPError(403, _REFUSED)
    elif not by_header and _media_type(handler) != "application/json":
        raise web.HTTPError(415, "Send the parameters as JSON, with Content-Type: application/json.")


def refuse_server_token(handler: APIHandler) -> None:
    """Raise HTTPError for the hub token of this very server: code decides with it, each kernel's environment has it.

    A header that the hub does not accept leaves the cookie to count, so both are looked at.
    """
    hub_auth = getattr(handler.identity_provider, "hub_auth", None)
    if hub_auth is None:
        return
    own = utf8(hub_auth.api_token)
    sent = (hub_auth.get_token(handler, in_cookie=False), hub_auth._get_token_cookie(handler))
    if any(hmac.compare_digest(utf8(token.strip()), own) for token in sent if token):
        raise web.HTTPError(403, _KERNELS_OWN)


def _media_type(handler: APIHandler) -> str:
    return handler.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _token_in_address(handler: APIHandler) -> bool:
    return any(get("token", None) is not None for get in (handler.get_query_argument, handler.get_body_argument))


def _xsrf_valid(handler: APIHandler) -> bool:
    headers = handler.request.headers
    sent = handler.get_query_argument("_xsrf", None) or headers.get("X-Xsrftoken") or headers.get("X-Csrftoken")
    if not sent:
        return False
    if hasattr(type(handler), "_xsrf_token_id"):  # the class as a JupyterHub patches it: its token is signed
        return "_xsrf" in headers.get("Cookie", "") and hmac.compare_digest(utf8(sent), utf8(handler.xsrf_token))
    if handler.get_cookie(handler.settings.get("xsrf_cookie_name", "_xsrf")) is None:
        return False
    _, got, _ = handler._decode_xsrf_token(sent)
    _, want, _ = handler._get_raw_xsrf_token()
    return bool(got and want) and hmac.compare_digest(utf8(got or b""), utf8(want or b""))
