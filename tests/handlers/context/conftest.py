"""Models that see and that do not, and what one of them was told with a question."""

from __future__ import annotations

import base64
import re
import secrets
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ...scripted import Scripted
from ..conftest import Chat, code_rules

FENCED = re.compile(r"<([0-9a-f]{12})>\n(.*?)\n</\1>", re.DOTALL)


@pytest.fixture
def rules() -> list[dict[str, Any]]:
    return [
        {"when": {"user": "look"}, "reply": [{"text": "Seen."}]},
        {"when": {"user": "again"}, "reply": [{"text": "Yes."}]},
        *code_rules("count", "x = 1\nlen(dir())"),
        *code_rules("delete", "import os\nos.remove('no-such-file')"),
    ]


@pytest.fixture
def catalogue(tmp_path: Path, service: Scripted) -> Path:
    return service.catalogue(tmp_path / "models.yaml", {"blind": {}, "seeing": {"supports_vision": True}})


@pytest.fixture
def root(chat: Chat) -> Path:
    """Return the folder that the file browser shows."""
    return Path(chat.app.serverapp.root_dir)


def picture(size: tuple[int, int] = (40, 30), kind: str = "PNG", **options: Any) -> str:
    file = BytesIO()
    Image.new("RGB", size, (secrets.randbelow(256), secrets.randbelow(256), 9)).save(file, kind, **options)
    return base64.b64encode(file.getvalue()).decode()


def told(service: Scripted, at: int = -1) -> str:
    """Return the text of the last message but for pictures: the question and what went with it."""
    content = service.requests()[-1]["body"]["messages"][at]["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def shown(service: Scripted) -> list[bytes]:
    """Return the pictures of a request."""
    parts = [
        part
        for message in service.requests()[-1]["body"]["messages"]
        if isinstance(message["content"], list)
        for part in message["content"]
        if part["type"] == "image_url"
    ]
    return [base64.b64decode(part["image_url"]["url"].partition(",")[2]) for part in parts]
