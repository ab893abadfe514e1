"""The server extension: the only place that builds and closes things."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.extension.application import ExtensionApp

from ._paths import shipped
from .advice import NO_MODEL
from .conversation.approvals import Approvals
from .conversation.conversations import Conversations
from .conversation.parts import TurnLimits
from .conversation.preparing import Preparation
from .conversation.threads import Threads
from .conversation.titles import Titles
from .domain.protocols import ThreadStore, Tool
from .domain.redaction import Redactor
from .domain.values import Policies, ThreadRef
from .handlers.base import Desk
from .handlers.routes import route_table
from .identity import (
    FrevaIdentityProvider,
    check_database,
    check_safe,
    development_identity,
    is_visitor,
    owner_of,
)
from .kernels.registry import GuestRegistry
from .kernels.surroundings import KernelSurroundings
from .models.local import LocalModel
from .models.router import CatalogueModels
from .models.secret import Secret
from .prompts import PromptFolders
from .settings import Settings
from .threads.folders import OwnerFolders
from .threads.jsonl import FileThreadStore
from .threads.memory import MemoryThreadStore
from .threads.mirror import MirroredThreadStore
from .tools.code import CodeInterpreter
from .tools.inspect import InspectVariable

_SECRETS = ("FREVAGPT_OPENAI_API_KEY", "FREVAGPT_MONGODB_URI")
_NOT_FOR_KERNELS = (*_SECRETS, "JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN", "JUPYTER_TOKEN", "CONFIGPROXY_AUTH_TOKEN")
_ACTIVITY_SECONDS = 30.0


class FrevaGPT(Settings, ExtensionApp):
    """FrevaGPT: an assistant for climate scientists that works in the user's own live kernel."""

    name = "jupyter_frevagpt"
    app_name = "FrevaGPT"
    load_other_extensions = True

    def initialize_handlers(self) -> None:
        """Build everything and register the routes."""
        assert self.serverapp is not None  # noqa: S101 - an extension is only ever initialised by a server
        environment = dict(os.environ)
        provider = self.serverapp.identity_provider
        mongo_uri = environment.get("FREVAGPT_MONGODB_URI", "")
        hub_owner = environment.get("JUPYTERHUB_USER", "")
        check_safe(self.serverapp)
        check_database(provider, mongo_uri, owner_is_set=self.trait_has_value("owner"), on_hub=bool(hub_owner))
        self._development = development_identity(
            self.serverapp,
            enabled=self.development,
            user_id_names_owner=self.user_id_names_owner,
            environment=environment,
        )
        for name in _SECRETS:
            os.environ.pop(name, None)  # so that no kernel inherits them
        self._folders = OwnerFolders(Path(self.data_dir))
        self._local = LocalModel(
            snippets_path=shipped("resources") / "local-model" / "snippets.jsonl",
            weights_path=Path(self.local_model_path) if self.local_model_path else None,
            idle_seconds=self.helper_idle_seconds,
        )
        self._models = CatalogueModels(
            path=self._catalogue_path(),
            required=bool(self.catalogue),
            proxy_address=self.proxy_address,
            proxy_key=Secret(environment.get("FREVAGPT_OPENAI_API_KEY", "")),
            environment=environment,
            extra=[self._local] if self.local_model else [],
            idle_seconds=self.helper_idle_seconds,
            read_seconds=self.model_silence_seconds,
        )
        redactor = Redactor.from_environment(environment)
        if token := getattr(provider, "token", ""):
            redactor.learn(token)
        self._kernels = GuestRegistry(
            self.serverapp.kernel_manager,
            self._folders,
            self._kernel_environment,
            redactor=redactor,
            root=str(Path(self.serverapp.root_dir).absolute()),
            parent=self,
        )
        self._surroundings = KernelSurroundings(self._kernels, tokens=self.namespace_tokens, redact=redactor.text)
        approvals = self._approvals = Approvals()
        policies = Policies(self.approval_policy, self.scratch_approval_policy)
        site = [Path(self.prompts_dir)] if self.prompts_dir else []
        limits = TurnLimits(
            self.max_model_rounds,
            self.max_model_seconds,
            self.model_output_chars,
            self.model_older_output_chars,
            self.model_images,
            self.model_image_pixels,
        )
        tools: list[Tool] = [
            CodeInterpreter(self._kernels, approvals, policies, visitor=lambda owner: is_visitor(owner, hub_owner)),
            *([InspectVariable(self._surroundings, redactor.text)] if self.send_variables else []),
        ]
        prompts = PromptFolders([*site, shipped("prompts")])
        surroundings = self._surroundings if self.send_variables else None
        self._store = self._store_at(mongo_uri)
        self._conversations = Conversations(
            Threads(self._store, MemoryThreadStore()),
            Preparation(self._models, tools, prompts, limits, surroundings),
            titles=Titles(self._models, prompts, self.title_model),
            when_idle=self._put_aside,
            when_deleted=self._remove,
            idle_seconds=self.idle_seconds,
        )
        desk = Desk(
            conversations=self._conversations,
            approvals=approvals,
            models=self._models,
            kernels=self._kernels,
            surroundings=self._surroundings,
            scratch=self._folders,
            learn=_nothing if isinstance(provider, FrevaIdentityProvider) else redactor.learn,
            owner=self._owner_of,
            advice=self._advice,
            gets_allowed=self.allow_get_requests,
            strict_agents=tuple(self.strict_user_agents),
        )
        self.handlers.extend(route_table(desk))

    def _catalogue_path(self) -> Path | None:
        """Return the configured file, else the one of the working directory, which on a hub may be anybody's."""
        if self.catalogue:
            return Path(self.catalogue)
        on_hub = any(name.startswith("JUPYTERHUB_") for name in os.environ)
        return None if on_hub else Path("litellm_config.yaml").absolute()

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        # A full collection looks at each of the 190,000 objects of a started server, which holds the event loop for 70
        # ms in the middle of an answer. They stay until the end anyway: it need not look at them.
        gc.freeze()
        activity = serverapp.web_app.settings["last_activity_times"]
        self._awake = asyncio.create_task(self._stay_awake(activity), name="frevagpt activity")

    async def stop_extension(self) -> None:
        """Stop the turns and save what they have, let go of kernels, end helper processes."""
        if awake := getattr(self, "_awake", None):
            awake.cancel()
            with suppress(asyncio.CancelledError):
                await awake
        await self._conversations.close()
        await self._store.aclose()
        await self._surroundings.close()
        await self._kernels.close()
        await self._models.aclose()
        await self._local.aclose()
        if self.serverapp is not None and isinstance(
            provider := self.serverapp.identity_provider, FrevaIdentityProvider
        ):
            await provider.aclose()
        self._folders.close()

    def _store_at(self, mongo_uri: str) -> ThreadStore:
        files = FileThreadStore(self._folders)
        if not mongo_uri:
            return files
        from .threads.mongo import MongoThreadStore  # the driver takes long to import: not without a database

        mongo = MongoThreadStore(mongo_uri, database=self.mongodb_database, collection=self.mongodb_collection)
        return MirroredThreadStore(mongo, files) if self.mirror_threads else mongo

    async def _stay_awake(self, activity: dict[str, datetime]) -> None:
        """Let a running turn count as activity, so that no hub stops the server in the middle of an answer."""
        while True:
            if self._conversations.any_running:
                activity["frevagpt"] = datetime.now(UTC)
            await asyncio.sleep(_ACTIVITY_SECONDS)

    def _owner_of(self, handler: APIHandler) -> str:
        if self._development is not None:
            return self._development.owner(handler, self.owner)
        return owner_of(
            handler.current_user,
            handler.identity_provider,
            local_owner=self.owner,
            hub_owner=os.environ.get("JUPYTERHUB_USER", ""),
            visitors=self.visitors,
        )

    def _kernel_environment(self, ref: ThreadRef) -> Mapping[str, str]:
        environment = {name: value for name, value in os.environ.items() if name not in _NOT_FOR_KERNELS}
        environment["THREAD_ID"] = ref.thread_id
        provider = self.serverapp.identity_provider if self.serverapp is not None else None
        realms = provider.config_of(ref.owner) if isinstance(provider, FrevaIdentityProvider) else ""
        if config := realms or self.freva_config:
            environment["EVALUATION_SYSTEM_CONFIG_FILE"] = config
        return environment

    async def _put_aside(self, ref: ThreadRef) -> None:
        self._approvals.forget(ref)
        await self._kernels.forget(ref)

    async def _remove(self, ref: ThreadRef) -> None:
        await self._put_aside(ref)
        await self._kernels.end_own(ref)
        await asyncio.to_thread(self._folders.remove, ref)

    async def _advice(self) -> str:
        return NO_MODEL


def _nothing(token: str) -> None:
    """On a service for many there are too many tokens to look for, and no kernel gets them."""


main = launch_new_instance = FrevaGPT.launch_instance

if __name__ == "__main__":
    main()  # type: ignore[no-untyped-call]
