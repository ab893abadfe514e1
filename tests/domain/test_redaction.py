"""Secrets do not come out, however they are written and wherever the text is cut."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_frevagpt.domain.encodings import Unbroken, forms_of
from jupyter_frevagpt.domain.redaction import MARK, Redactor

CANARY = "k7+Q/zu w\"9'\\ä€tail"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256))).decode()


def knowing(*secrets: str) -> Redactor:
    made = Redactor()
    for secret in secrets:
        assert made.learn(secret)
    return made


def _escapes(secret: str) -> dict[str, str]:
    data = secret.encode()
    return {
        "plain": secret,
        "json": json.dumps(secret),
        "json as it is": json.dumps(secret, ensure_ascii=False),
        "repr": repr([secret]),
        "repr of bytes": repr(data),
        "quoted": quote(secret),
        "all quoted": quote(secret, safe=""),
        "quoted with plus": quote_plus(secret),
        "quoted in small letters": re.sub("%..", lambda found: found[0].lower(), quote(secret, safe="")),
    }


@pytest.mark.parametrize("secret", [CANARY, "hunter22", "sk-9f8a7b6c5d4e3f2a1b0c", "line one\nline two\tend"])
def test_each_way_to_write_a_secret(secret: str) -> None:
    redactor = knowing(secret)
    for way, written in _escapes(secret).items():
        shown = redactor.text(f"before {written} after")
        assert MARK in shown, way
        assert shown.startswith("before ")
        assert shown.endswith(" after")
        assert secret[:8] not in shown, way


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("after", range(4))
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_at_each_alignment(before: int, after: int, encode: Any) -> None:
    secret = "~~>?ÿ" + "hunter2-of-mine"
    data = b"x" * before + secret.encode() + b"y" * after
    for written in (encode(data).decode(), encode(data).decode().rstrip("=")):
        shown = knowing(secret).text(f"<{written}>")
        assert MARK in shown
        rest = shown.removeprefix("<").removesuffix(">").replace(MARK, "")
        edges = len(encode(b"x" * before)) + len(encode(b"y" * after)) + 4
        assert len(rest) <= edges


def _lines(text: str, width: int, cut: str) -> str:
    return cut.join(text[at : at + width] for at in range(0, len(text), width))


@pytest.mark.parametrize("width", [20, 64, 76])
@pytest.mark.parametrize("cut", ["\n", "\r\n", "\\n", "\\r\\n", "\n    "])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode, binascii.hexlify])
def test_encoded_data_in_several_lines(width: int, cut: str, encode: Any) -> None:
    secret = "~~>?ÿ" + "hunter2-of-mine, all of it, and more"
    for before in range(0, 80, 7):
        written = _lines(encode(b"x" * before + secret.encode() + b"y" * 50).decode(), width, cut)
        shown = knowing(secret).text(f"<{written}>")
        assert shown.count(MARK) == 1
        seen = shown.replace(cut, "").removeprefix("<").removesuffix(">")
        head, _, tail = seen.partition(MARK)
        assert len(head) <= len(encode(b"x" * before)) + 2
        assert len(tail) <= len(encode(b"y" * 50)) + 2
        stream = knowing(secret).stream()
        assert "".join(map(stream.feed, f"<{written}>")) + stream.flush() == shown


@pytest.mark.parametrize("write", [bytes.hex, lambda data: data.hex().upper(), lambda data: data.hex(" ")])
def test_hexadecimal_digits(write: Any) -> None:
    written = write(b"before hunter2-0815 after")
    shown = knowing("hunter2-0815").text(written)
    assert MARK in shown
    assert write(b"hunt") not in shown
    assert shown.startswith(write(b"before"))
    assert knowing("hunter2-0816").text(written) == written


def test_what_only_looks_like_encoded_data_stays() -> None:
    redactor = knowing("hunter2-0815")
    digest = hashlib.sha256(b"no secret").hexdigest()
    text = f"{digest}\n{digest[:20]}\n{_lines(base64.encodebytes(bytes(200)).decode(), 30, chr(10))}"
    assert redactor.text(text) == text


def test_what_is_no_secret_stays() -> None:
    text = "temperature 273.15 K, /work/data/tas.nc\n"
    assert Redactor().text(text) is text
    assert knowing("hunter22-x").text(text) is text
    assert Redactor().stream().feed(text) is text


@pytest.mark.parametrize("value", ["", "short77", "        ", "********", "01010101010", "redacted", "x" * 20_000])
def test_what_cannot_be_a_secret(value: str) -> None:
    made = Redactor()
    assert not made.learn(value)
    assert made.text(f"a {value} b") == f"a {value} b"


def test_overlapping_secrets_leave_nothing_of_either() -> None:
    redactor = knowing("abcdefgh", "efghijkl")
    assert redactor.text("1abcdefghijkl2 efghijkl") == f"1{MARK}2 {MARK}"
    assert redactor.text("abcdefghabcdefgh") == MARK * 2


def test_their_number_is_bounded() -> None:
    redactor = Redactor()
    learned = [redactor.learn(f"secret-{number:04}-{number:04}") for number in range(300)]
    assert sum(learned) == 256
    assert redactor.learn("secret-0000-0000"), "it is known already"
    assert MARK not in redactor.text("secret-0299-0299")


def test_one_for_a_request_leaves_the_other_as_it_was() -> None:
    redactor = knowing("of-the-server")
    with_token = redactor.also("of-the-request")
    text = "of-the-server of-the-request"
    assert with_token.text(text) == f"{MARK} {MARK}"
    assert redactor.text(text) == f"{MARK} of-the-request"


def test_it_shows_nothing_of_what_it_knows() -> None:
    redactor = knowing(CANARY)
    for shown in (repr(redactor), str(redactor), f"{redactor!a}", repr(redactor.stream())):
        assert CANARY[:4] not in shown
    assert not hasattr(redactor, "__dict__")


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_API_KEY",
        "JUPYTERHUB_API_TOKEN",
        "db_password",
        "PASSWD",
        "PGPASSWORD",
        "My-Secret-1",
        "AWS_CREDENTIALS",
        "APIKEY",
        "AWS_ACCESS_KEY_ID",
        "SSH_PASSPHRASE",
        "SECRETS",
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert Redactor.from_environment({name: "hunter2-0815"}).text("hunter2-0815") == MARK


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MONKEY", "hunter2-0815"),
        ("KEYBOARD_LAYOUT", "de-nodeadkeys"),
        ("TOKENIZERS_PARALLELISM", "hunter2-0815"),
        ("PATH", "/usr/bin:/bin"),
        ("HOME", "/home/alice"),
        ("API_KEY_FILE", "/run/secrets/not-there-1"),
        ("SECRET_BACKEND", "environment"),
        ("TOKEN_URL", "https://login.example.org/oauth/token"),
        ("TOKEN_LIFETIME", "86400000"),
        ("DB_PASSWORD", "changeme"),
        ("SSL_KEY", os.path.abspath(__file__)),
        ("KEYS", f"{Path(__file__).parent}:/"),
    ],
)
def test_values_that_are_no_secrets(name: str, value: str) -> None:
    assert Redactor.from_environment({name: value}).text(f"a {value} b") == f"a {value} b"


@pytest.mark.parametrize(
    ("address", "secret"),
    [
        ("mongodb://freva:hunter2-0815@db.example.org:27017,db2.example.org/x", "hunter2-0815"),
        ("mongodb+srv://freva:p%40ss%3Aw0rd%2F@db.example.org", "p@ss:w0rd/"),
        ("http://alice:pw77@proxy.example.org:3128", "alice:pw77@"),
        (
            "https://ghp_16C7e42F292c6912E7710c83@git.example.org/x",
            "ghp_16C7e42F292c6912E7710c83",
        ),
    ],
)
def test_passwords_inside_of_addresses(address: str, secret: str) -> None:
    found = Redactor.from_environment({"ANY_NAME": address})
    assert found.text(f"a {secret} b") == f"a {MARK} b"
    assert secret not in found.text(address)
    assert "example.org" in found.text(address), "only the password is hidden"
    whole = knowing(address)
    assert whole.text(address) == MARK
    assert whole.text(secret) == MARK


def test_values_in_bundles() -> None:
    redactor = knowing(CANARY, PNG[20:60])
    bundle = {
        "output_type": "display_data",
        "data": {
            "text/plain": CANARY,
            "text/html": ["<b>", CANARY, "</b>"],
            "image/png": PNG,
            "image/svg+xml": f"<svg>{CANARY}</svg>",
            "image/jpeg": base64.b64encode(CANARY.encode()).decode(),
            "application/json": {CANARY: [1, None, True, 2.5, {"x": CANARY}]},
        },
        "metadata": {},
        "traceback": [f"\x1b[31mKeyError\x1b[0m: {CANARY!r}"],
    }
    before = json.dumps(bundle)
    shown = redactor.value(bundle)
    assert json.dumps(bundle) == before, "what was given is not changed"
    assert shown["data"]["image/png"] == PNG
    assert list(shown["data"]["application/json"]) == [CANARY], "keys stay"
    assert shown["data"]["application/json"][CANARY] == [1, None, True, 2.5, {"x": MARK}]
    assert shown["data"]["text/plain"] == MARK
    assert shown["data"]["text/html"] == ["<b>", MARK, "</b>"]
    assert shown["data"]["image/svg+xml"] == f"<svg>{MARK}</svg>"
    assert MARK in shown["data"]["image/jpeg"], "what is no image does not pass as one"
    assert MARK in shown["traceback"][0]


def test_deeply_nested_values() -> None:
    deep: Any = "hunter2-0815"
    for _ in range(5000):
        deep = [deep]
    shown = knowing("hunter2-0815").value(deep)
    while isinstance(shown, list):
        (shown,) = shown
    assert shown == MARK


SECRETS = st.lists(
    st.text("abcd", min_size=8, max_size=14) | st.text('ab\\"/ +%ä\n', min_size=8, max_size=12), min_size=1, max_size=4
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Redactor, list[str], list[str]]:
    """Some secrets, all their forms, and a text with them in it, cut in chunks."""
    redactor = Redactor()
    kept = [secret.strip() for secret in draw(SECRETS) if redactor.learn(secret)]
    forms = sorted({form for secret in kept for form in forms_of(secret)}) or ["abcdabcd"]
    whole = st.sampled_from(forms)
    part = st.builds(lambda form, start, end: form[start:end], whole, st.integers(0, 6), st.integers(0, 14))
    breaks = st.sampled_from(["\n", "\r\n", "\\n", "\\r\\n", "\\\\n", "\n  "])
    broken = st.builds(lambda form, at, cut: cut.join((form[:at], form[at:])), whole, st.integers(1, 30), breaks)
    filled = st.builds(lambda form: "x" * 16 + form, broken)
    text = "".join(draw(st.lists(whole | part | broken | filled | st.text("abcd %\\\n", max_size=4), max_size=12)))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))
    chunks = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    return redactor, forms if kept else [], chunks


@settings(max_examples=1500, deadline=None)
@given(cases())
def test_any_cut_gives_the_same_and_nothing_of_a_secret(case: tuple[Redactor, list[str], list[str]]) -> None:
    redactor, forms, chunks = case
    stream = redactor.stream()
    given_out = ""
    for chunk in chunks:
        given_out += stream.feed(chunk)
        held = (stream._held, Unbroken(stream._held, stream._before).text)
        assert not stream._held or any(form.startswith(text) and form != text for form in forms for text in held)
    given_out += stream.flush()
    assert given_out == redactor.text("".join(chunks))
    assert not [form for piece in given_out.split(MARK) for form in forms if form in piece]


def test_live_output_stays_live() -> None:
    stream = knowing("hunter2-0815").stream()
    assert stream.feed("step 1 of 9\n") == "step 1 of 9\n"
    assert stream.feed("hunting hun") == "hunting "
    assert stream.feed("ter2-0815") == MARK
    assert stream.feed("\n") == "\n"
    assert stream.feed("hunter2-") == ""
    assert stream.flush() == "hunter2-"
    assert stream.flush() == ""


@pytest.mark.parametrize("filler", ["0.2534 17.25 ", "ÿä→ ", "hunter2-081 ", "hunter2-0815"])
def test_it_is_quick(filler: str, capsys: pytest.CaptureFixture[str]) -> None:
    redactor = knowing("hunter2-0815", *(f"{number:03}-{number * 7919:06}-token-of-a-service" for number in range(29)))
    text = (filler * (2_000_000 // len(filler) + 1))[:2_000_000]
    start = time.process_time()
    redactor.text(text)
    seconds = time.process_time() - start
    with capsys.disabled():
        print(f"\n10 MB of {filler!r}: {seconds * 5:.2f} s")  # noqa: T201 - the figure is wanted
    assert seconds * 5 < 3, "10 MB cost a third of this on an idle machine"
