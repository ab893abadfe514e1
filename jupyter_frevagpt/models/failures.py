"""What is told to the user when a model service fails: one table, and the way into it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil
from typing import Any

import msgspec

from ..domain.errors import ModelFailed

TEXTS = {
    "down": "The model service is not running or cannot be reached. Try again later, or choose another model.",
    "name": "The name of the model service's machine cannot be found. Check the network and the model's address.",
    "tls": "The model service's certificate is not trusted here. The administrator can name the right one in"
    " SSL_CERT_FILE.",
    "proxy": "The network's proxy did not let the request through to the model service.",
    "address": "The address that is configured for this model is not a web address. The catalogue needs a correction.",
    "moved": "The model service answers that it has moved. The model's address in the catalogue needs a correction.",
    "silent": "The model service sent nothing for {seconds} s. Ask again, or choose another model.",
    "slow": "The model service took too long. Ask again, or choose another model.",
    "key": "The model service refused the key it was given, or was given none. Check the key of this model.",
    "forbidden": "The model service does not allow this model with the key it was given.",
    "model": "The model service does not know this model, or has no chat at its address. Check its entry in the"
    " catalogue.",
    "context": "The conversation is too long for this model. Begin a new one, or choose a model with a larger context.",
    "large": "The request is too large for the model service. Begin a new conversation, or send fewer images.",
    "filter": "The model service's content filter stopped this.",
    "quota": "The budget or quota of the key for this model is used up.",
    "busy": "The model service has too many requests at the moment. Ask again in a while.",
    "busy_for": "The model service has too many requests and asks to wait {seconds} s. Ask again after that.",
    "refused": "The model service refused the request.",
    "broken": "The model service failed ({status}). Ask again; if it stays so, choose another model.",
    "cut": "The model service broke off in the middle of its answer. Ask again.",
    "reported": "The model service reported an error.",
    "nonsense": "The model service's answer is not that of a chat service. Check the model's address in the catalogue.",
    "library": "The provider of this model needs the Python package {name}, which is not installed for this server.",
    "provider": "The catalogue's entry of this model names no provider that is known. Write it as provider/model.",
    "unset": "The variable {name}, which the catalogue names for this model, is not set where the server was started.",
    "unlisted": "The catalogue names the variable {name} for this model, which it may not read. Use one that ends in"
    " _API_KEY or begins with FREVAGPT_.",
}
"""Every text, by the name of its case; the service's own words follow in brackets where they may help."""

_CONTEXT = re.compile(
    r"context.?(length|window|size|limit)|maximum.{0,30}(token|context|length)|too many tokens|token limit|too long"
    r"|input length|exceed.{0,40}tokens",
    re.I,
)
_KEY = re.compile(
    r"no connected db|no api key|authentication.?error"
    r"|(invalid|incorrect|malformed|missing|wrong).{0,20}(api.?key|auth.{0,10}token)"
    r"|api.?key.{0,30}(invalid|missing|not valid|required|not found|must be set)|unauthori[sz]ed",
    re.I,
)
_QUOTA = re.compile(r"quota|budget|billing|credit balance|insufficient.{0,10}(funds|credit|balance)", re.I)
_LARGE = re.compile(r"(request|payload|body|entity).{0,10}(too large|exceeds the max)", re.I)
_FILTER = re.compile(r"content.?(filter|policy|management)|responsibleai", re.I)

_HIDDEN = (
    (re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.I), "[address]"),
    (re.compile(r"\b(?:bearer|basic)\s+\S+", re.I), "[key]"),
    (re.compile(r"(?<!\w)(?:sk|pk|rk|gsk|xai|hf|ghp|key|tok|token)[-_][\w*.-]{4,}", re.I), "[key]"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"), "[address]"),
    (re.compile(r"\[?(?:[0-9a-f]{0,4}:){3,}[0-9a-f]{0,4}\]?(?::\d+)?", re.I), "[address]"),
    (re.compile(r"\b(?:[a-z0-9-]+\.)+[a-z]{2,}:\d{2,5}\b", re.I), "[address]"),
    (re.compile(r"\b(?:[a-z0-9_-]+\.){2,}[a-z]{2,}\b", re.I), "[address]"),
    (re.compile(r"\blocalhost(?::\d+)?\b", re.I), "[address]"),
    (re.compile(r"(?<![\w.])~?/[\w.@%+-]+(?:/[\w.@%+-]*)+|\b[a-z]:\\\S+", re.I), "[path]"),
    (re.compile(r"\S*\*{3,}\S*"), "[key]"),
    (re.compile(r"(?=[\w+/=-]*[0-9])(?=[\w+/=-]*[A-Za-z])\b[A-Za-z0-9_+/=]{16,}"), "[key]"),
)


_LOOKED_AT = 1000
"""Characters of a message; the patterns take quadratic time on hostile ones."""


class Refusal(Exception):
    """What a service or a library said when it failed, before it is put in our words.

    ``status`` is the HTTP status (0 where there was none), ``message`` its own text, ``retry_after`` the header of
    that name, ``case`` a key of :data:`TEXTS` where it is known already, ``seconds`` how long was waited in vain.
    """

    def __init__(
        self, status: int = 0, message: str = "", retry_after: str = "", case: str = "", seconds: float = 0
    ) -> None:
        super().__init__(status)
        self.status = status
        self.message = message[:8000]
        self.retry_after = retry_after
        self.case = case
        self.seconds = ceil(seconds)

    def explained(self, secrets: tuple[str, ...] = (), *, keyless: bool = False) -> ModelFailed:
        """Return the error for the user; ``secrets`` never occur in it, ``keyless`` tells that no key was sent."""
        case = self.case or _case(self.status, self.message, keyless=keyless)
        own_words = sanitised(self.message, secrets) if case in _WITH_OWN_WORDS else ""
        if case == "busy" and (seconds := seconds_from(self.retry_after)):
            return failure("busy_for", seconds=ceil(seconds))
        return failure(case, own_words, status=self.status, seconds=self.seconds)

    def wait(self) -> float | None:
        """Return the seconds that a busy service asks for, None where it is not busy or does not say."""
        return seconds_from(self.retry_after) if self.status == 429 and not _QUOTA.search(self.message) else None


_WITH_OWN_WORDS = {"refused", "broken", "reported"}


def failure(case: str, own_words: str = "", **details: object) -> ModelFailed:
    """Return the error of that case; ``own_words`` is what the service said, sanitised already."""
    text = TEXTS[case].format(**details)
    return ModelFailed(f"{text} (It says: {own_words})" if own_words else text)


def sanitised(message: str, secrets: tuple[str, ...] = (), *, limit: int = 240) -> str:
    """Return a service's message as one short line without addresses, paths and anything that looks like a key."""
    text = message
    for secret in secrets:
        if secret:
            text = text.replace(secret, "[hidden]")
    if len(text) > _LOOKED_AT:
        text = text[:_LOOKED_AT].rpartition(" ")[0]  # a word cut in two may be half a key that no pattern knows
    for pattern, instead in _HIDDEN:
        text = pattern.sub(instead, text)
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def message_in(body: bytes | str) -> str:
    """Return the message field of a service's error body, empty when it has none that is known."""
    try:
        return message_of(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def message_of(error: Any) -> str:
    """Return the message in a decoded error: ``error.message``, ``error``, ``message`` or ``detail``."""
    for _ in range(4):
        if isinstance(error, list) and error:
            error = error[0]
        if not isinstance(error, Mapping):
            break
        error = next((error[key] for key in ("error", "message", "detail", "msg") if error.get(key)), "")
    return error if isinstance(error, str) else ""


def seconds_from(retry_after: str) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for, in digits or as a date; None when unreadable."""
    if re.fullmatch(r"\d{1,9}(\.\d*)?", retry_after.strip()):
        return float(retry_after)
    try:
        date = parsedate_to_datetime(retry_after)
    except (ValueError, TypeError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())


_STATUS = {401: "key", 403: "forbidden", 404: "model", 405: "model", 408: "slow", 407: "proxy", 413: "large"}


def _case(status: int, message: str, *, keyless: bool) -> str:
    if status in _STATUS:
        return "context" if status == 413 and _CONTEXT.search(message) else _STATUS[status]
    if status == 429:
        return "quota" if _QUOTA.search(message) else "busy"
    if status in (0, 400, 422, 500) and _KEY.search(message):
        return "key"  # a LiteLLM proxy without a database answers so
    if status == 0:
        return _by_words(message) or "reported"
    if status >= 500:
        return "key" if status == 500 and keyless and not message else "broken"
    if 300 <= status < 400:
        return "moved"
    return _by_words(message) or "refused"


def _by_words(message: str) -> str:
    for pattern, case in ((_CONTEXT, "context"), (_LARGE, "large"), (_QUOTA, "quota"), (_FILTER, "filter")):
        if pattern.search(message):
            return case
    return ""
