"""What a run changed, as the kernel tells it, made ready for those who show it."""

from __future__ import annotations

import mimetypes
from pathlib import PurePosixPath

from ..domain.values import RunChanges, TouchedFile
from .replies import File, FileChanges, RunReport


def changes_of(report: RunReport | None, root: str) -> RunChanges | None:
    """Return what a run changed; None where the kernel does not tell. Files below ``root`` are named from there."""
    if report is None or (report.changes is None and report.files is None):
        return None
    files = _files(report.files, root) if report.files is not None else []
    complete = report.files is not None and report.files.complete
    if (changes := report.changes) is None:
        return RunChanges(files=files, complete=complete)
    return RunChanges(
        undo=changes.count > 0,
        created=changes.created,
        rebound=changes.rebound,
        changed=changes.changed,
        deleted=changes.deleted,
        unknown=changes.unknown,
        files=files,
        complete=complete,
    )


def _files(told: FileChanges, root: str) -> list[TouchedFile]:
    directory = PurePosixPath(told.directory)
    kinds: tuple[tuple[str, list[File]], ...] = (("created", told.created), ("changed", told.changed))
    touched = [
        TouchedFile(_path(directory, file.path, root), _type(file.path), file.bytes, change)
        for change, files in kinds
        for file in files
    ]
    return [
        *touched,
        *(TouchedFile(_path(directory, path, root), _type(path), None, "deleted") for path in told.deleted),
    ]


def _path(directory: PurePosixPath, path: str, root: str) -> str:
    whole = directory / path
    return str(whole.relative_to(root)) if root and whole.is_relative_to(root) else str(whole)


def _type(path: str) -> str:
    return _OURS.get(PurePosixPath(path).suffix.lower()) or mimetypes.guess_type(path)[0] or "application/octet-stream"


_OURS = {".nc": "application/x-netcdf", ".grib": "application/x-grib", ".grb": "application/x-grib"}
