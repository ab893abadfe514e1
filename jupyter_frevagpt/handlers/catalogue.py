"""The routes about the service itself: is it there, which models it has."""

from __future__ import annotations

from .base import ChatbotHandler, serves, serves_anybody


@serves_anybody
class Ping(ChatbotHandler):
    """``ping``: for anybody."""

    async def respond(self) -> None:
        """Say that the service is there."""
        self.answer({"status": "ok"})


@serves(action="read")
class AvailableChatbots(ChatbotHandler):
    """``availablechatbots``: the names of the models that chat."""

    async def respond(self) -> None:
        """Answer, by GET or POST."""
        self.answer([model.name for model in await self.desk.models.list() if model.chat])


@serves(action="read")
class Settings(ChatbotHandler):
    """``settings``: what the panel needs to know."""

    async def respond(self) -> None:
        """Answer, by GET or POST."""
        models = [model for model in await self.desk.models.list() if model.chat]
        self.answer(
            {
                "models": [
                    {"name": model.name, "note": model.note, "vision": model.vision, "tools": model.tools}
                    for model in models
                ],
                "default": models[0].name if models else None,
                "advice": "" if models else await self.desk.advice(),
            }
        )
