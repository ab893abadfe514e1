"""The table of routes: each definition with its handler."""

from __future__ import annotations

import re
from typing import Any

from .base import ChatbotHandler, Desk
from .catalogue import AvailableChatbotsHandler, HealthHandler, PingHandler, SettingsHandler
from .chat import ApproveHandler, FollowHandler, StopHandler, StreamResponseHandler, ToolResultHandler
from .descriptions import DocsHandler, HelpHandler, OpenAPIHandler
from .files import FilesHandler
from .privacy import DeleteAllHandler, DiagnosticsHandler
from .resources import IndexResourcesHandler, RemoveResourceHandler, ResourcesHandler
from .runs import OutputHandler, RerunHandler, UndoHandler
from .threads import (
    DeleteThreadHandler,
    EditThreadHandler,
    GetThreadHandler,
    GetUserThreadsHandler,
    ImportThreadHandler,
    NewThreadHandler,
    SearchThreadsHandler,
    SetThreadTopicHandler,
    UserFeedbackHandler,
)
from .variables import VariablesHandler

_HANDLERS: tuple[type[ChatbotHandler[Any]], ...] = (
    PingHandler, HelpHandler, DocsHandler, OpenAPIHandler, HealthHandler, AvailableChatbotsHandler, SettingsHandler,
    NewThreadHandler, StreamResponseHandler, FollowHandler, StopHandler, ApproveHandler, ToolResultHandler,
    UndoHandler, OutputHandler, RerunHandler, VariablesHandler, FilesHandler, GetThreadHandler, GetUserThreadsHandler,
    SearchThreadsHandler, SetThreadTopicHandler, DeleteThreadHandler, EditThreadHandler, UserFeedbackHandler,
    ImportThreadHandler, DeleteAllHandler, DiagnosticsHandler, ResourcesHandler, IndexResourcesHandler,
    RemoveResourceHandler,
)  # fmt: skip

ROUTES: dict[str, type[ChatbotHandler[Any]]] = {handler.definition.name: handler for handler in _HANDLERS}


def route_table(desk: Desk) -> list[tuple[str, type[ChatbotHandler[Any]], dict[str, Any]]]:
    """Return the routes as Tornado takes them, below the server's base URL."""
    return [(rf"/api/chatbot/{re.escape(name)}/?", handler, {"desk": desk}) for name, handler in ROUTES.items()]
