"""The routes about the service itself: is it there, is it well, which models it has."""

from __future__ import annotations

from ..domain.values import ModelInfo, Service
from . import definitions
from .answers import Alive, Choice, Health, PanelSettings
from .base import ChatbotHandler, serves
from .requests import Nothing


@serves(definitions.PING)
class PingHandler(ChatbotHandler[Nothing]):
    """``ping``: for anybody."""

    async def respond(self, given: Nothing) -> None:
        """Say that the service is there."""
        self.answer(Alive())


@serves(definitions.HEALTH)
class HealthHandler(ChatbotHandler[Nothing]):
    """``health``: whether questions can be answered and kept; what cannot raises."""

    async def respond(self, given: Nothing) -> None:
        """Look at the catalogue and at the store."""
        models = await self.desk.models.list()
        await self.desk.conversations.list(self.owner, limit=1, page=0)
        self.answer(Health(sum(model.chat for model in models)))


@serves(definitions.AVAILABLECHATBOTS)
class AvailableChatbotsHandler(ChatbotHandler[Nothing]):
    """``availablechatbots``: the names of the models that chat."""

    async def respond(self, given: Nothing) -> None:
        """Answer, by GET or POST."""
        self.answer([model.name for model in await self.desk.models.list() if model.chat])


@serves(definitions.SETTINGS)
class SettingsHandler(ChatbotHandler[Nothing]):
    """``settings``: what the panel needs to know."""

    async def respond(self, given: Nothing) -> None:
        """Answer, by GET or POST."""
        models = [model for model in await self.desk.models.list() if model.chat]
        services = await self.desk.rules.services()
        choices = [_choice(model, services.get(model.name, Service())) for model in models]
        advice = "" if models else await self.desk.advice()
        means = await self.desk.retriever.means()
        default = models[0].name if models else None
        self.answer(PanelSettings(choices, default, advice, self.desk.rules.bounds, means))


def _choice(model: ModelInfo, service: Service) -> Choice:
    cost = service.input_cost, service.output_cost
    return Choice(model.name, model.note, model.vision, model.tools, service.host, service.local, *cost)
