"""The route about what a kernel holds."""

from __future__ import annotations

from . import definitions
from .answers import KernelVariables
from .base import ChatbotHandler, serves
from .requests import OneKernel


@serves(definitions.VARIABLES)
class VariablesHandler(ChatbotHandler[OneKernel]):
    """``variables``: those of a running kernel, for its user."""

    async def respond(self, given: OneKernel) -> None:
        """Answer, by POST."""
        self.desk.kernels.check(given.kernel_id)
        told = await self.desk.surroundings.variables(given.kernel_id)
        if told.detail:
            self.answer(KernelVariables([], detail=told.detail))
        else:
            self.answer(KernelVariables(told.variables, told.stale, told.total, told.busy))
