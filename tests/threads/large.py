"""Items too large for a document, and how they are compared."""

from __future__ import annotations

import base64
import secrets
from io import BytesIO

from PIL import Image as Pictures

from jupyter_frevagpt.domain.values import ThreadRef
from jupyter_frevagpt.domain.variants import StreamVariant
from jupyter_frevagpt.threads.mongo import MongoThreadStore

from .test_stores import ALICE


def noise(side: int) -> str:
    """Return a picture that no compression makes small."""
    made = BytesIO()
    Pictures.frombytes("RGB", (side, side), secrets.token_bytes(3 * side * side)).save(made, "PNG")
    return base64.b64encode(made.getvalue()).decode()


async def kept(store: MongoThreadStore, items: list[StreamVariant], ref: ThreadRef = ALICE) -> bool:
    """Whether these are a thread's items; told in one word, since pytest takes minutes to compare megabytes."""
    return await store.read(ref) == items
