"""HTML: what a reader of the page would read, its headings as headings."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from ..sections import Section, joined

_DROPPED = frozenset("script style template noscript svg math nav header footer aside form iframe object".split())
_BLOCKS = frozenset(
    "p div section article main ul ol dl li dt dd table tr blockquote figure figcaption br hr pre".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SPACES = re.compile(r"[ \t\r\f\v]*\n[ \t\r\f\v]*|[ \t\r\f\v]+")
_LINES = re.compile(r"\n{3,}")


def of_html(text: str) -> list[Section]:
    """Return the sections of a page; ``position`` is the line of the source."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.end_section()
    return reader.sections


class _Reader(HTMLParser):
    """Collects text, section by section."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sections: list[Section] = []
        self._headings: list[tuple[int, str]] = []
        self._held: list[str] = []
        self._start = 1
        self._dropped: list[str] = []
        self._title: list[str] | None = None
        self._pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self._dropped.append(tag)
        elif tag in _HEADINGS:
            self.end_section()
            self._title = []
        elif tag == "title":
            self._title = []
        elif tag in _BLOCKS:
            self._pre += tag == "pre"
            self._held.append("\n```\n" if tag == "pre" else "\n")
            if tag == "li":
                self._held.append("- ")
        elif tag in ("td", "th"):
            self._held.append(" | ")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._dropped:
            # What was left open in between ends with it.
            del self._dropped[self._dropped.index(tag) :]
        elif tag in _HEADINGS and self._title is not None:
            level = _HEADINGS[tag]
            title = " ".join("".join(self._title).replace("¶", "").split())
            self._title = None
            self._headings = [one for one in self._headings if one[0] < level] + [(level, title)]
            self._start = self.getpos()[0]
        elif tag == "title" and self._title is not None:
            self._headings = [(0, " ".join("".join(self._title).split()))]
            self._title = None
        elif tag in _BLOCKS:
            self._held.append("\n```\n" if tag == "pre" else "\n")
            self._pre = max(0, self._pre - (tag == "pre"))

    def handle_data(self, data: str) -> None:
        if self._dropped:
            return
        if self._title is not None:
            self._title.append(data)
        else:
            self._held.append(data if self._pre else _SPACES.sub(" ", data.replace("\n", " ")))

    def end_section(self) -> None:
        """Keep what was collected."""
        text = _LINES.sub("\n\n", "".join(self._held)).strip()
        if text:
            # A page's title says the same as its first heading more often than not.
            titles = [title for _, title in self._headings]
            if len(titles) > 1 and titles[1] and titles[1] in titles[0]:
                del titles[0]
            self.sections.append(Section(joined(titles), text, self._start))
        self._held = []
        self._start = self.getpos()[0]
