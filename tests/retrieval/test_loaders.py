"""Each kind of document becomes sections with headings, and nothing that is no text gets into them."""

from __future__ import annotations

import json

import pytest

from jupyter_frevagpt.retrieval.loaders import Unreadable, sections_of
from jupyter_frevagpt.retrieval.sections import Section
from jupyter_frevagpt.retrieval.split import Splitter


def told(source: str, text: str) -> list[tuple[str, str, int]]:
    return [(one.heading, one.text, one.line) for one in sections_of(source, text.encode())]


def test_markdown_is_cut_at_its_headings_of_both_kinds() -> None:
    text = "before\n\n# Top #\none\n\n## Deep\n\ntwo\n\nNext\n====\nthree\n\n### Deeper\n\nfour\n"
    assert told("a_b.md", text) == [
        ("a b", "before", 1),
        ("Top", "one", 4),
        ("Top > Deep", "two", 8),
        ("Next", "three", 12),
        ("Next > Deeper", "four", 16),
    ]


def test_what_looks_like_a_heading_in_code_is_none() -> None:
    text = "# Real\n\n```python\n# a comment\nx = 1\n```\n\n~~~\n# another\n~~~\n"
    (one,) = told("a.md", text)
    assert one[0] == "Real"
    assert "# a comment" in one[1]
    assert "# another" in one[1]


def test_restructured_text_has_levels_by_the_order_of_its_signs() -> None:
    text = "=====\nTitle\n=====\n\nintro\n\nPart\n----\n\none\n\nBit\n~~~\n\ntwo\n\nPart 2\n------\n\nthree\n"
    assert [(heading, said) for heading, said, _ in told("a.rst", text)] == [
        ("Title", "intro"),
        ("Title > Part", "one"),
        ("Title > Part > Bit", "two"),
        ("Title > Part 2", "three"),
    ]


def test_html_is_what_a_reader_reads() -> None:
    text = (
        "<html><head><title>Guide - Site</title><script>alert('x')</script></head><body><nav>menu</nav><h1>Guide</h1>"
        "<p>First &amp; <b>last</b></p><h2>Code<a>¶</a></h2><pre>a = 1\n  b</pre><ul><li>p</li><li>q</li></ul>"
    )
    sections = told("a.html", text)
    assert [(heading, said) for heading, said, _ in sections] == [
        ("Guide", "First & last"),
        ("Guide > Code", "```\na = 1\n  b\n```\n\n- p\n\n- q"),
    ]


def test_notebooks_give_code_and_what_it_printed() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Means\n", "over time"]},
        {"cell_type": "code", "source": "x.mean()", "outputs": [{"output_type": "stream", "text": ["14.5\n"]}]},
        {"cell_type": "code", "source": "", "outputs": []},
    ]
    (one,) = told("a.ipynb", json.dumps({"cells": cells}))
    assert one[0] == "Means"
    assert "over time" in one[1]
    assert "```python\nx.mean()\n```" in one[1]
    assert "14.5" in one[1]


def test_each_question_of_a_conversation_leads_its_example() -> None:
    lines = [
        {"variant": "User", "content": "How warm was May?"},
        {"variant": "Code", "content": '{"code":"print(may)"}', "id": "a"},
        {"variant": "CodeOutput", "content": "14.5", "id": "a"},
        {"variant": "Assistant", "content": "It was 14.5 degrees."},
        {"variant": "ServerHint", "content": {"x": 1}},
        {"role": "user", "content": "And June?"},
        {"role": "assistant", "content": "Warmer."},
    ]
    first, second = told("a.jsonl", "not json\n" + "\n".join(map(json.dumps, lines)))
    assert first[0] == "How warm was May?"
    assert first[1].startswith("How warm was May?")
    for part in ("print(may)", "14.5", "It was 14.5 degrees."):
        assert part in first[1]
    assert first[2] == 2
    assert second[:2] == ("And June?", "And June?\n\nWarmer.")


def test_docstrings_are_read_without_running_anything() -> None:
    text = '''"""The module."""
raise SystemExit("must not run")

class Grid:
    """Cells."""

    def __init__(self, size: int = 3) -> None: ...

    def nearest(self, lat: float, *, lon: float = 0.0) -> int:
        """Return the nearest cell."""

    def _hidden(self):
        """Not for readers."""

def bare(): ...
'''
    sections = told("pkg/core/grid.py", text)
    assert [heading for heading, _, _ in sections] == [
        "pkg.core.grid",
        "pkg.core.grid.Grid",
        "pkg.core.grid.Grid.nearest",
    ]
    assert "class Grid(size=3)" in sections[1][1]
    assert "nearest(lat, *, lon=0.0)" in sections[2][1]
    assert sections[2][2] == 9


@pytest.mark.parametrize(("source", "text"), [("a.ipynb", "{"), ("a.py", "def ("), ("a.ipynb", "[" * 100_000)])
def test_what_is_not_what_its_name_says_is_unreadable(source: str, text: str) -> None:
    with pytest.raises(Unreadable):
        sections_of(source, text.encode())


def test_long_sections_are_cut_and_keep_heading_and_line() -> None:
    text = "\n\n".join(f"paragraph {number} " + "word " * 20 for number in range(30))
    chunks = Splitter(500).chunks([Section("Long", text, 10), Section("Short", "tiny", 200)])
    assert all(len(chunk.text) <= 500 for chunk in chunks)
    assert {chunk.heading for chunk in chunks} == {"Long", "Short"}
    lines = text.splitlines()
    for chunk in chunks[:-1]:
        assert lines[chunk.line - 10].startswith(chunk.text.splitlines()[0].strip()[:12])
    assert [chunk.line for chunk in chunks] == sorted(chunk.line for chunk in chunks)
    assert sum(chunk.text.count("paragraph") for chunk in chunks) == 30
