"""The routes about the caller's data: all of it removed; a bundle without content for who helps them."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from . import definitions
from .answers import Bundle, Deleted
from .base import ChatbotHandler, serves
from .requests import DeleteAll, Nothing

_PACKAGES = (
    "jupyter-frevagpt", "jupyterlab", "jupyter_server", "jupyter_client", "jupyterhub", "ipykernel", "tornado",
    "msgspec", "httpx", "litellm",
)  # fmt: skip


@serves(definitions.DELETEALL)
class DeleteAllHandler(ChatbotHandler[DeleteAll]):
    """``deleteall``: nothing of the caller's stays."""

    async def respond(self, given: DeleteAll) -> None:
        """Answer, by POST."""
        count = await self.desk.conversations.delete_all(self.owner)
        await self.desk.remove_all(self.owner)
        self.answer(Deleted("All your chats and their files are deleted.", count))


@serves(definitions.DIAGNOSTICS)
class DiagnosticsHandler(ChatbotHandler[Nothing]):
    """``diagnostics``: versions, names of settings, counts, kinds of failures."""

    async def respond(self, given: Nothing) -> None:
        """Answer, by GET or POST."""
        _, threads = await self.desk.conversations.list(self.owner, limit=1, page=0)
        counts = {"threads": threads, "models": await self._models()}
        self.set_header("Content-Disposition", 'attachment; filename="frevagpt-diagnostics.json"')
        self.answer(
            Bundle(
                versions={"python": ".".join(map(str, sys.version_info[:3])), **_versions()},
                system=f"{platform.system()} {platform.machine()}",
                settings=sorted(self.desk.settings),
                counts=counts,
                failures=list(self.desk.trouble.failures),
            )
        )

    async def _models(self) -> int:
        """Return how many models chat, -1 where the catalogue cannot be read: that is a thing to know."""
        try:
            return sum(model.chat for model in await self.desk.models.list())
        except Exception:  # noqa: BLE001 - whatever is wrong, the rest of the bundle is wanted all the more
            return -1


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found
