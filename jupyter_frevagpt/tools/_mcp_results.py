"""What an MCP server tells, made plain inside the helper: bounded text, pictures as PNG, schemas whole."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    Tool,
)

_MOST_CHARS = 400_000
_MOST_IMAGES = 8
_MOST_IMAGE_BYTES = 8 * 1024 * 1024
_MOST_PIXELS = 40_000_000
_PNG = b"\x89PNG\r\n\x1a\n"


def described(tool: Tool) -> dict[str, Any]:
    """Return a tool as the server tells of it."""
    hints = tool.annotations
    return {
        "name": tool.name,
        "title": tool.title or (hints.title if hints else None) or "",
        "description": tool.description or "",
        "schema": tool.input_schema,
        "read_only": bool(hints and hints.read_only_hint),
    }


def readable(result: CallToolResult) -> dict[str, Any]:
    """Return ``{"text", "images": [base64 of PNG], "error"}``; what cannot be shown is named in the text."""
    images: list[str] = []
    texts = [text for block in result.content for text in _texts(block, images)]
    if (structured := _structured(result, texts)) is not None:
        texts.append(structured)
    text = "\n".join(texts)
    return {"text": text[:_MOST_CHARS], "images": images, "error": bool(result.is_error)}


def _structured(result: CallToolResult, texts: list[str]) -> str | None:
    """Return structured content as JSON, unless the server has written the same as text."""
    if result.structured_content is None:
        return None
    for text in texts:
        try:
            if json.loads(text) == result.structured_content:
                return None
        except (ValueError, RecursionError):
            continue
    # A server whose tool returns plain text may wrap that.
    if isinstance(result.structured_content, dict) and list(result.structured_content.values()) == ["\n".join(texts)]:
        return None
    return json.dumps(result.structured_content, ensure_ascii=False)


def _texts(block: Any, images: list[str]) -> Iterator[str]:
    match block:
        case TextContent():
            yield block.text
        case ImageContent():
            yield from _pictured(block.data, images)
        case ResourceLink():
            about = f": {block.description}" if block.description else ""
            yield f"[linked: {block.title or block.name}, {block.uri}{about}]"
        case EmbeddedResource(resource=BlobResourceContents() as blob):
            if (blob.mime_type or "").startswith("image/"):
                yield from _pictured(blob.blob, images)
            else:
                yield f"[{blob.mime_type or 'data'} that cannot be shown: {blob.uri}]"
        case EmbeddedResource():
            yield f"[{block.resource.uri}]\n{block.resource.text}"  # type: ignore[union-attr]
        case AudioContent():
            yield f"[sound that cannot be played here: {block.mime_type}]"
        case _:
            yield "[something of a kind that is not known here]"


def _pictured(data: str, images: list[str]) -> Iterator[str]:
    if len(images) >= _MOST_IMAGES:
        yield "[one more picture, which is left out]"
    elif (picture := _png(data)) is not None:
        images.append(picture)
    else:
        yield "[a picture that cannot be shown]"


def _png(data: str) -> str | None:
    """Return a picture of any known kind as a PNG in base64, None for what is none or too large."""
    if len(data) > _MOST_IMAGE_BYTES:
        return None
    from PIL import Image

    try:
        raw = base64.b64decode(data, validate=True)
        with Image.open(io.BytesIO(raw), formats=("PNG", "JPEG", "GIF", "WEBP")) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                return None
            picture.load()
            if raw.startswith(_PNG):
                return base64.b64encode(raw).decode()
            written = io.BytesIO()
            (picture if picture.mode in ("RGB", "RGBA", "L", "LA") else picture.convert("RGBA")).save(written, "PNG")
    except (ValueError, OSError, SyntaxError, Image.DecompressionBombError):
        return None
    return base64.b64encode(written.getvalue()).decode()
