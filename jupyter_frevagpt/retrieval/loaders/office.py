"""PDF and Office documents, by markitdown where it is installed, in a process of its own with limits."""

from __future__ import annotations

import importlib.util
import os
import resource
import subprocess
import sys

from ..sections import Section, of_markdown

OFFICE = frozenset((".pdf", ".docx", ".pptx", ".xlsx"))

_SECONDS = 60
_MEMORY = 3 * 1024**3
_MOST_TEXT = 20 * 1024 * 1024
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PYTHONPATH")


def is_readable() -> bool:
    """Whether markitdown is installed."""
    return importlib.util.find_spec("markitdown") is not None


def of_office(data: bytes, kind: str) -> list[Section]:
    """Return the sections of a document; raises ValueError for one that cannot be read within the limits."""
    # Such a document can be made to fill the memory, or to make a library run for ever: only this one is lost then.
    environment = {name: value for name, value in os.environ.items() if name in _KEPT}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__, kind],
            input=data,
            capture_output=True,
            timeout=_SECONDS,
            env=environment,
            check=True,
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise ValueError(type(error).__name__) from None
    return of_markdown(done.stdout[:_MOST_TEXT].decode("utf-8", "replace"))


def _convert(kind: str) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_TEXT, _MOST_TEXT))
    from markitdown import MarkItDown, StreamInfo

    # A stream, never an address or a path: markitdown would fetch the one and open the other.
    converted = MarkItDown(enable_plugins=False).convert_stream(
        sys.stdin.buffer, stream_info=StreamInfo(extension=kind)
    )
    sys.stdout.buffer.write(converted.markdown.encode("utf-8", "replace"))


if __name__ == "__main__":
    _convert(sys.argv[1])
