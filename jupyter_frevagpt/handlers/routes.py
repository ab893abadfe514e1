"""The table of routes."""

from __future__ import annotations

from typing import Any

from .base import ChatbotHandler, Desk
from .catalogue import AvailableChatbots, Ping, Settings
from .chat import Approve, FollowTurn, Stop, StreamResponse
from .threads import GetThreadHandler, GetUserThreads, NewThread

ROUTES: dict[str, type[ChatbotHandler]] = {
    "ping": Ping,
    "availablechatbots": AvailableChatbots,
    "settings": Settings,
    "newthread": NewThread,
    "streamresponse": StreamResponse,
    "follow": FollowTurn,
    "approve": Approve,
    "stop": Stop,
    "getthread": GetThreadHandler,
    "getuserthreads": GetUserThreads,
}


def route_table(desk: Desk) -> list[tuple[str, type[ChatbotHandler], dict[str, Any]]]:
    """Return the routes as Tornado takes them, below the server's base URL."""
    return [(rf"/api/chatbot/{name}/?", handler, {"desk": desk}) for name, handler in ROUTES.items()]
