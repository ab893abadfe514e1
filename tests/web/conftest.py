"""The fixtures of the routes' tests, for searches too."""

from __future__ import annotations

from ..handlers.conftest import Chat, catalogue, chat, jp_server_config, service, settings

__all__ = ["Chat", "catalogue", "chat", "jp_server_config", "service", "settings"]
