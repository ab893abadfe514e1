"""What a failing service said, put in our words, without addresses and keys."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from jupyter_frevagpt.models.failures import TEXTS, Refusal, message_in, sanitised, seconds_from


@pytest.mark.parametrize(
    ("status", "message", "case"),
    [
        (401, "", "key"),
        (400, "No connected db.", "key"),
        (500, "Authentication Error, No api key passed in.", "key"),
        (400, "API key not valid. Please pass a valid API key.", "key"),
        (403, "", "forbidden"),
        (404, "model not found", "model"),
        (413, "", "large"),
        (400, "This model's maximum context length is 8192 tokens. However, you requested 9000.", "context"),
        (422, "prompt is too long: 210000 tokens > 200000 maximum", "context"),
        (413, "Input length exceeds context window", "context"),
        (429, "You exceeded your current quota, please check your plan and billing details", "quota"),
        (400, "Budget has been exceeded! Current cost: 1, Max budget: 1", "quota"),
        (429, "", "busy"),
        (400, "The response was filtered due to the content management policy", "filter"),
        (302, "", "moved"),
        (408, "", "slow"),
    ],
)
def test_cases(status: int, message: str, case: str) -> None:
    assert str(Refusal(status, message).explained()) == TEXTS[case]


def test_the_services_own_words_are_added_where_they_may_help() -> None:
    assert "It says: temperature must be below 2)" in str(Refusal(400, "temperature must be below 2").explained())
    assert "(502)" in str(Refusal(502, "").explained())
    assert "It says" not in str(Refusal(401, "Incorrect API key provided: sk-abcd").explained())


def test_no_key_and_an_unexplained_500() -> None:
    assert str(Refusal(500).explained(keyless=True)) == TEXTS["key"]
    assert "(500)" in str(Refusal(500).explained(keyless=False))


@pytest.mark.parametrize(
    "secret",
    [
        "https://llm.internal.example.org:4000/v1/chat",
        "http://user:pw@10.0.0.7/x",
        "10.12.0.7:8000",
        "[fe80::1:2:3]:8000",
        "llm.internal.example.org",
        "gpu7.cluster:8000",
        "localhost:11434",
        "/home/user/.config/keys.yaml",
        "~/keys/secret.txt",
        "C:\\Users\\me\\key.txt",
        "sk-proj-abcdEFGH1234",
        "sk-ab*********yz",
        "gsk_12345abcde",
        "Bearer abc.def.ghi",
        "AIzaSyA1234567890abcdefghijklmnop",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcDEF123456789012",
        "0123456789abcdef0123456789abcdef",
        "configured-key",
    ],
)
def test_secrets_are_taken_out(secret: str) -> None:
    for message in (f"cannot use {secret} here", f"url='{secret}'", f"({secret})", f"x:{secret}, sorry"):
        got = sanitised(message, ("configured-key",))
        assert secret not in got
        assert max((len(part) for part in _common(got, secret)), default=0) < 9, got


def _common(text: str, secret: str) -> list[str]:
    """The pieces of the secret that are left in the text."""
    return [secret[a:b] for a in range(len(secret)) for b in range(a + 1, len(secret) + 1) if secret[a:b] in text]


@pytest.mark.parametrize("unit", ["a", "a.", "a1", "/a", "*", "a:", "-", "1.", " ", "sk-", "http://"])
def test_hostile_messages_take_no_time(unit: str) -> None:
    start = time.process_time()
    str(Refusal(500, unit * 100_000).explained())
    assert time.process_time() - start < 0.05


def test_a_long_message_is_not_cut_inside_a_key() -> None:
    for at in range(980, 1001):
        message = "http://x/" + "y" * (at - 10) + " abcdefgh12345678abcdefgh"
        assert "abc" not in sanitised(message)


def test_plain_words_stay() -> None:
    message = "temperature must be <= 2, and/or top_p 0.9 for meta-llama/Llama-3.1-8B (see max_completion_tokens)"
    assert sanitised(message) == message


def test_one_short_printable_line() -> None:
    got = sanitised("a\nb\x00\x1b[31m" + "word " * 200)
    assert got.startswith("a b")
    assert len(got) <= 240
    assert got.isprintable()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"error":{"message":"m"}}', "m"),
        ('{"error":"m"}', "m"),
        ('{"message":"m"}', "m"),
        ('{"detail":"m"}', "m"),
        ('{"detail":[{"loc":["body"],"msg":"m"}]}', "m"),
        ('[{"error":{"message":"m"}}]', "m"),
        ('{"error":{"message":{"message":"m"}}}', "m"),
        ("<html>no</html>", ""),
        ("[]", ""),
        ('{"error":{"message":7}}', ""),
        (b"\xff", ""),
    ],
)
def test_message_fields(body: bytes | str, message: str) -> None:
    assert message_in(body) == message


def test_retry_after() -> None:
    assert seconds_from("12") == 12
    assert seconds_from("0.5") == 0.5
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 27 < (seconds_from(date) or 0) <= 30
    assert seconds_from("Sun, 06 Nov 1994 08:49:37 GMT") == 0
    assert seconds_from("soon") is None
    assert seconds_from("") is None
    assert seconds_from("nan") is None
    assert Refusal(429, retry_after="7").wait() == 7
    assert Refusal(429, "insufficient_quota", "7").wait() is None
    assert Refusal(503, retry_after="7").wait() is None
    assert "asks to wait 90 s" in str(Refusal(429, retry_after="90").explained())
