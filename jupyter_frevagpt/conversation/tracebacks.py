"""Tracebacks in what a run printed, split into frames: the user's own and those inside libraries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import msgspec

MARK = "Traceback (most recent call last)"

_LOOK = 600
_OWN = 12
_FEW = 4
_LONGEST_LINE = 300
_MACHINERY = frozenset({"IPython", "ipykernel", "runpy", "<frozen runpy>"})
# IPython's "File a.py:3, in f(x)" and "Cell In[1], line 3", its older "~/a.py in f(x)", and Python's 'File "a.py"'.
_HEAD = re.compile(
    r"(?P<indent>[ |]*)(?:"
    r'File "(?P<quoted>[^"]+)", line \d+'
    r"|File (?P<path>\S.*?):\d+(?:, in | in |$)"
    r"|(?P<cell>Cell In ?\[|Input In ?\[|<ipython-input-)"
    r"|(?P<old>[~/]\S*|[A-Za-z]:\\\S*) in \S)"
)
_ARROW = re.compile(r"-*> ?\d")
_CELL_FILE = re.compile(r"[\\/]ipykernel_\d+[\\/]\d+\.py$|^<(?:ipython-input-|string|timed |stdin)")
_LIBRARY = re.compile(r"[\\/](?:site|dist)-packages[\\/](?P<name>[^\\/]+)")
_STANDARD = re.compile(
    r"[\\/]lib(?:64)?[\\/]python3[.\d]*(?:\.zip)?[\\/]|^[A-Za-z]:.*\\Lib\\|^<frozen |^<__array_function__"
)
_COMPILED = re.compile(r"(?![~/\\]|[A-Za-z]:)(?P<name>[^\\/]+)[\\/].*\.(?:pyx|pxi|pxd|c|cpp)$")


class Frame(msgspec.Struct, frozen=True):
    """One frame with the lines that belong to it; ``library`` is where it is, "" for the user's own code."""

    lines: list[str]
    library: str

    @property
    def text(self) -> str:
        """Everything that was printed of it."""
        return "".join(self.lines)

    @property
    def short(self) -> str:
        """Where it is, and the line that ran."""
        ran = next((line for line in self.lines[1:] if _ARROW.match(line)), "".join(self.lines[1:2]))
        ended = (
            line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}...\n" for line in (self.lines[0], ran)
        )
        return "".join(ended) + ("\n" if ran.strip() else "")


Part = str | list[Frame]
"""Text, or frames that follow each other."""


def split(text: str) -> list[Part]:
    """Return a text's parts: what is in no frame (messages among it) as text, and runs of frames."""
    if MARK not in text:
        return [text]
    lines = text.splitlines(keepends=True)
    pieces: list[tuple[bool, str]] = []  # whether it is of a frame, and the line
    heads: set[int] = set()
    state = _State()
    for number, line in enumerate(lines):
        if state.begins_frame(line[:_LOOK].rstrip("\r\n")):
            heads.add(number)
        pieces.append((state.in_frame, line))
    return list(_parts(pieces, heads))


class _State:
    """Where in a traceback the reading is."""

    def __init__(self) -> None:
        self.in_frame = False
        self._inside = False
        self._error = ""
        self._indent = 0
        self._code_seen = False

    def begins_frame(self, line: str) -> bool:
        """Take a line's beginning; true when it is the first one of a frame."""
        if line.rstrip().rstrip(":").endswith(MARK):
            self._error = line.partition(MARK)[0].strip(" |+")
            self._inside, self.in_frame = True, False
        elif self._inside and (head := _HEAD.match(line)):
            self.in_frame, self._code_seen, self._indent = True, False, len(head["indent"])
            return True
        elif self.in_frame:
            self.in_frame = self._goes_on(line)
        return False

    def _goes_on(self, line: str) -> bool:
        if not line.strip():
            return True
        if _ARROW.match(line) or len(line) - len(line.lstrip(" |")) > self._indent:
            self._code_seen = True
            return True
        # The arguments that IPython shows in its verbose mode may have many lines, before the code or in it.
        return bool(self._error) and not self._code_seen and not line.partition(":")[0].endswith(self._error)


def _parts(pieces: Sequence[tuple[bool, str]], heads: set[int]) -> Iterator[Part]:
    for in_frames, group in groupby(enumerate(pieces), key=lambda piece: piece[1][0]):
        if not in_frames:
            yield "".join(line for _, (_, line) in group)
            continue
        frames: list[list[str]] = []
        for number, (_, line) in group:
            if number in heads or not frames:
                frames.append([])
            frames[-1].append(line)
        yield [Frame(lines, _library(lines[0][:_LOOK].rstrip("\r\n"))) for lines in frames]


def _library(head: str) -> str:
    found = _HEAD.match(head)
    path = (found["quoted"] or found["path"] or found["old"] or "") if found else ""
    if not path or _CELL_FILE.search(path):
        return ""
    if (package := _LIBRARY.search(path)) or (package := _COMPILED.match(path)):
        return package["name"].removesuffix(".py")
    return "Python" if _STANDARD.search(path) else ""


def essence(frames: Sequence[Frame], depth: int, *, own_elsewhere: bool) -> str:
    """Return frames as text with the less important ones left out, and a note for each gap.

    Depth 1 keeps the user's own frames and, in two lines each, their neighbours; 2 the user's own; 3 few of those,
    in two lines each. Where there are none in the whole traceback, the first and the last frame stand for them.
    """
    own = [at for at, frame in enumerate(frames) if not frame.library]
    most = _FEW if depth > 2 else _OWN
    kept = {*own[: most // 2], *own[-(most // 2) :]}
    if depth == 1:
        near = {at + step for at in kept for step in (-1, 1)}
        kept |= {at for at in near if 0 <= at < len(frames) and frames[at].library not in _MACHINERY}
    if not own and not own_elsewhere:
        kept = {0, len(frames) - 1}
    pieces: list[str] = []
    for keeping, group in groupby(enumerate(frames), key=lambda pair: pair[0] in kept):
        some = [frame for _, frame in group]
        whole = "".join(frame.short if depth > 2 or (own and frame.library) else frame.text for frame in some)
        note = "" if keeping else _note(some)
        pieces.append(note if note and len(note) < len(whole) else whole)
    return "".join(pieces)


def _note(frames: Sequence[Frame]) -> str:
    number = f"{len(frames):,} frame{'s' if len(frames) > 1 else ''}"
    if any(not frame.library for frame in frames):
        return f"[{number} more of this code left out]\n\n"
    return f"[{number} inside {_names(frame.library for frame in frames)} left out]\n\n"


def _names(libraries: Iterable[str]) -> str:
    names = list(dict.fromkeys(libraries))
    if len(names) > 3:
        return f"{', '.join(names[:2])} and others"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
