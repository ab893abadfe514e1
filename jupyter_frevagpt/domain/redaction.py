"""Takes known secrets out of text before it goes to the model, a store, a log or the page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from .encodings import LOOKS_BACK, Unbroken, broken_forms_of, forms_of

MARK = "[redacted]"

_SHORTEST = 8
_LONGEST = 16_384
_FEWEST_CHARACTERS = 4  # different ones: "********" and "01010101" are nobody's password
_MOST = 256
_LONG_USER = 20  # a token is given as the user of an URL
_HEAD = 16
_DEEPEST = 300

_WORDS = frozenset(
    "TOKEN SECRET PASSWORD PASSWD PASSPHRASE KEY CREDENTIAL TOKENS SECRETS PASSWORDS KEYS CREDENTIALS".split()
)
_ENDINGS = re.compile(r"(TOKEN|SECRET|PASSWORD|PASSWD|(API|ACCESS|PRIVATE|AUTH|ENCRYPTION|SIGNING)KEY)S?$")
_ABOUT = frozenset(
    "ALG ALGORITHM BACKEND DIR ENDPOINT FILE FORMAT HELPER HOST ISSUER LOCATION MODE NAME PATH PROVIDER REGION SOURCE "
    "STORE TTL TYPE URI URL USER USERNAME".split()
)
_PLAIN = re.compile(r"[A-Za-z]*[-_./:][-A-Za-z0-9_./:]*|[A-Za-z]+")
_NO_SECRETS = frozenset(
    "changeme default disabled enabled external generated internal optional password prompted redacted required "
    "undefined unlimited".split()
)
_PICTURES = {
    "image/png": "iVBORw0KGgo",
    "image/jpeg": "/9j/",
    "image/gif": "R0lGOD",
    "image/webp": "UklGR",
    "application/pdf": "JVBERi0",
}
_LOGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#\s]+)@")


class Redactor:
    """Replaces known secrets by ``[redacted]``, however they are written: plain, URL-quoted, escaped, base64, hex.

    The last two may go over several lines.

    Matches that overlap become one mark, so that no part of any of them is left. ``text``, ``value`` and what comes out
    of ``stream`` agree. Without secrets nothing is looked at.
    """

    __slots__ = ("_broken", "_forms", "_heads", "_longest", "_secrets")

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._forms: tuple[str, ...] = ()
        self._broken: tuple[str, ...] = ()
        self._heads: dict[str, list[str]] = {}
        self._longest = 0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Redactor:
        """Know what an environment keeps under names such as ``OUR_API_KEY``, and each password inside of an URL.

        A name counts by whole words between underscores: ``MONKEY`` and ``KEYBOARD_LAYOUT`` do not.
        """
        made = cls()
        for name, value in environment.items():
            if _names_secret(name) and not _is_no_secret(name, value):
                made.learn(value)
            else:
                made._learn_logins(value)
        return made

    def learn(self, value: str) -> bool:
        """Take ``value`` for a secret, and a password in it if it is an URL; tell whether it is looked for from now on.

        What is shorter than 8 characters, longer than 16,384, or made of fewer than 4 different ones, is not; nor is
        anything beyond 256 secrets.
        """
        self._learn_logins(value)
        value = value.strip()
        if value in self._secrets:
            return True
        fits = _SHORTEST <= len(value) <= _LONGEST and len(set(value)) >= _FEWEST_CHARACTERS
        if not fits or value in MARK or len(self._secrets) >= _MOST:
            return False
        self._secrets.add(value)
        new = [form for form in forms_of(value) if form not in self._forms and form not in MARK]
        self._forms += tuple(new)
        self._broken += tuple(form for form in broken_forms_of(value) if form not in self._broken)
        for form in new:
            self._longest = max(self._longest, len(form))
            for length in range(1, min(_HEAD, len(form)) + 1):
                self._heads.setdefault(form[:length], []).append(form)
        return True

    def also(self, *values: str) -> Redactor:
        """Return one that knows these as well: for one request, with the token that it brought."""
        made = Redactor()
        made._secrets = set(self._secrets)
        made._forms = self._forms
        made._broken = self._broken
        made._heads = {head: list(forms) for head, forms in self._heads.items()}
        made._longest = self._longest
        for value in values:
            made.learn(value)
        return made

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        if not self._forms:
            return text
        pieces: list[str] = []
        at = 0
        for start, end in self._spans(text):
            pieces += (text[at:start], MARK)
            at = end
        return "".join(pieces) + text[at:] if pieces else text

    def value(self, value: Any) -> Any:
        """Return nested JSON without secrets: keys stay, and so do the base64 bodies of images in mime bundles."""
        return self._value(value, 0) if self._forms else value

    def stream(self) -> RedactedStream:
        """Return what redacts one text that comes in pieces."""
        return RedactedStream(self)

    def __repr__(self) -> str:
        return "Redactor(***)"

    def _learn_logins(self, value: str) -> None:
        """Take the passwords of ``scheme://user:password@host`` for secrets; a short one together with its user."""
        if "://" not in value:
            return
        for found in _LOGIN.finditer(value):
            user, colon, password = found[1].partition(":")
            if not colon and len(user) >= _LONG_USER:
                password = user
            for secret in {password, unquote(password)}:
                short = f"{user}:{secret}@" if secret else ""
                secret = secret if len(secret) >= _SHORTEST else short
                if "://" not in secret:
                    self.learn(secret)

    def _value(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if not isinstance(value, dict | list):
            return value
        if depth > _DEEPEST:
            return MARK
        if isinstance(value, list):
            return [self._value(item, depth + 1) for item in value]
        return {key: item if _is_picture(key, item) else self._value(item, depth + 1) for key, item in value.items()}

    def _spans(self, text: str, covered: int = 0, before: str = "") -> Iterator[tuple[int, int]]:
        """Where secrets are, in order, overlapping ones joined; the first ``covered`` characters count as one.

        ``before`` is what stands before the text.
        """
        found = [(0, covered)] if covered else []
        for form in self._forms:
            found += ((at, at + len(form)) for at in _places(form, text))
        if unbroken := Unbroken(text, before):
            for form in self._broken:
                places = _places(form, unbroken.text)
                found += ((unbroken.place(at), unbroken.place(at + len(form) - 1) + 1) for at in places)
        if not found:
            return
        found.sort()
        start, end = found[0]
        for other, its_end in found:
            if other >= end and other != start:
                yield start, end
                start, end = other, its_end
            else:
                end = max(end, its_end)
        yield start, end

    def _open(self, text: str, before: str) -> int:
        """Where the earliest secret begins that the end of the text may have cut off, else the length of the text."""
        at = self._cut_off(text)
        if unbroken := Unbroken(text, before):
            other = self._cut_off(unbroken.text)
            at = min(at, unbroken.place(other)) if other < len(unbroken.text) else at
        return at

    def _cut_off(self, text: str) -> int:
        length = len(text)
        for at in range(max(0, length - self._longest + 1), length):
            for form in self._heads.get(text[at : at + _HEAD], ()):
                if len(form) > length - at and form.startswith(text[at:]):
                    return at
        return length


class RedactedStream:
    """Redacts one text in pieces; it holds back what may be the beginning of a secret, and nothing else."""

    __slots__ = ("_before", "_covered", "_held", "_redactor")

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = ""
        self._before = ""  # the end of what was let go of
        self._covered = 0  # so much of what is held belongs to a secret whose mark was given out

    def feed(self, text: str) -> str:
        """Take more text; return what can be shown by now."""
        if not self._redactor._forms:
            return text
        whole = self._held + text
        return self._give(whole, self._redactor._open(whole, self._before))

    def flush(self) -> str:
        """Return what was held back: the text has ended."""
        return self._give(self._held, len(self._held)) if self._held else ""

    def _give(self, text: str, until: int) -> str:
        pieces: list[str] = []
        at = self._covered
        for start, end in self._redactor._spans(text, self._covered, self._before):
            if start >= until:
                break
            pieces.append(text[at:start])
            if start > 0 or not self._covered:
                pieces.append(MARK)
            at = end
        if at < until:
            pieces.append(text[at:until])
        self._before = (self._before + text[:until])[-LOOKS_BACK:]
        self._held, self._covered = text[until:], max(0, at - until)
        return "".join(pieces)


def _places(form: str, text: str) -> Iterator[int]:
    at = text.find(form)
    while at >= 0:
        yield at
        at = text.find(form, at + 1)


def _names_secret(name: str) -> bool:
    words = re.split(r"[_.\-]", name.upper())
    return any(word in _WORDS or _ENDINGS.search(word) for word in words)


def _is_no_secret(name: str, value: str) -> bool:
    """True for a value that is plainly none: a word, a short number, a path that is there, or of a name about one."""
    value = value.strip()
    if value.lower() in _NO_SECRETS or (value.isdigit() and len(value) < 12):
        return True
    if re.split(r"[_.\-]", name.upper())[-1] in _ABOUT and (_PLAIN.fullmatch(value) or _is_bare_address(value)):
        return True
    return os.sep in value and all(_is_there(path) for path in value.split(os.pathsep) if path)


def _is_bare_address(value: str) -> bool:
    return re.fullmatch(r"[a-z][a-z0-9+.-]*://[^@?#\s]+", value, re.IGNORECASE) is not None


def _is_there(path: str) -> bool:
    try:
        return path.startswith((os.sep, "~")) and os.path.exists(os.path.expanduser(path))
    except (OSError, ValueError):
        return False


def _is_picture(mime: Any, body: Any) -> bool:
    """True for the base64 of a figure: one that only claims to be it begins otherwise."""
    return isinstance(mime, str) and mime in _PICTURES and isinstance(body, str) and body.startswith(_PICTURES[mime])
