"""Chips: what a user sends along with a question, as it is asked for and as it is kept."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

_Called = Annotated[str, Meta(min_length=1, max_length=1000, description="How it is called in the chat.")]
_Path = Annotated[str, Meta(max_length=4096, description="The notebook's or file's path below the server's root.")]
_Text = Annotated[str, Meta(max_length=50_000, description="What it says.")]


class VariableChip(msgspec.Struct, frozen=True, tag_field="kind", tag="variable", forbid_unknown_fields=True):
    """A variable of the kernel, which the server describes."""

    name: Annotated[str, Meta(min_length=1, max_length=300, description="Its name, or a path below it: `ds.tas`.")]


class FileChip(msgspec.Struct, frozen=True, tag_field="kind", tag="file", forbid_unknown_fields=True):
    """A file, which the server reads."""

    name: Annotated[str, Meta(min_length=1, max_length=4096, description="Its path below the server's root.")]


class CellChip(msgspec.Struct, frozen=True, tag_field="kind", tag="cell", forbid_unknown_fields=True):
    """A cell of a notebook as it is in the page, and what it showed."""

    name: _Called
    path: _Path = ""
    cell: Annotated[str, Meta(max_length=100, description="The cell's id.")] = ""
    text: _Text = ""
    output: Annotated[str, Meta(max_length=20_000, description="What it printed and raised.")] = ""


class SelectionChip(msgspec.Struct, frozen=True, tag_field="kind", tag="selection", forbid_unknown_fields=True):
    """Text that is selected in the page."""

    name: _Called
    text: _Text
    path: _Path = ""


class ImageChip(msgspec.Struct, frozen=True, tag_field="kind", tag="image", forbid_unknown_fields=True):
    """A picture, for a model that sees."""

    name: _Called
    image: Annotated[str, Meta(min_length=1, max_length=2_000_000, description="A PNG or JPEG in base64.")]


AskedChip = VariableChip | FileChip | CellChip | SelectionChip | ImageChip


class Chip(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was sent along with a question, as it was then.

    ``kind`` is variable, file, cell, selection or image. ``text`` is what the page sent or the server found under the
    name, ``output`` what a cell showed, ``image`` a PNG or JPEG in base64, ``note`` why there is not more. ``path`` is
    that of the notebook or file of a cell or selection, ``cell`` the cell's id.
    """

    kind: str
    name: str
    text: str = ""
    output: str = ""
    image: str = ""
    path: str = ""
    cell: str = ""
    note: str = ""
