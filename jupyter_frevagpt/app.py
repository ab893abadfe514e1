"""The server extension: the only place that builds and closes things."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.extension.application import ExtensionApp

from ._paths import shipped
from .advice import NO_MODEL
from .conversation.approvals import Approvals
from .conversation.context import Attachments
from .conversation.conversations import Conversations
from .conversation.errands import Errands
from .conversation.parts import TurnLimits
from .conversation.preparing import Preparation
from .conversation.retention import Retention
from .conversation.threads import Threads
from .conversation.titles import Titles
from .domain.protocols import Embedder, Kernels, ThreadStore, Tool
from .domain.redaction import Redactor
from .domain.values import Policies, ThreadRef
from .handlers.base import Desk
from .handlers.crowd import Crowd
from .handlers.mcp import mcp_route
from .handlers.mcp_sessions import Sessions
from .handlers.mcp_tools import IN_A_KERNEL, Agents, AgentTools
from .handlers.presence import Presence
from .handlers.routes import route_table
from .handlers.rules import Rules
from .handlers.trouble import Trouble
from .identity import (
    FrevaIdentityProvider,
    check_database,
    check_safe,
    close_memory,
    development_identity,
    is_visitor,
    owner_of,
    take_secrets,
)
from .kernels.audit import Audit, AuditedKernels
from .kernels.registry import GuestRegistry
from .kernels.surroundings import KernelSurroundings
from .models.local import LocalModel
from .models.router import CatalogueModels
from .models.secret import Secret
from .prompts import PromptFolders
from .retrieval.library import Library
from .settings import Settings
from .threads.aged import aged
from .threads.databases import Databases
from .threads.folders import OwnerFolders
from .threads.jsonl import FileThreadStore
from .threads.memory import MemoryThreadStore
from .threads.realms import RealmThreadStore
from .tools.code import CodeInterpreter
from .tools.datasets import FindDatasets
from .tools.desk import NotebookDesk
from .tools.inspect import InspectVariable
from .tools.mcp import McpTools
from .tools.mcp_servers import servers_of
from .tools.notebook import notebook_tools
from .tools.root_files import RootFiles
from .tools.search import SearchResources
from .tools.web import WebTools

_NOT_FOR_KERNELS = ("JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN", "JUPYTER_TOKEN", "CONFIGPROXY_AUTH_TOKEN")
_NOT_FOR_LOGS = ("input", "query", "topic", "content", "reason")  # parameters of addresses that others log
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
        is_service = isinstance(provider, FrevaIdentityProvider)
        hub_owner = environment.get("JUPYTERHUB_USER", "")
        check_safe(self.serverapp)
        check_database(provider, mongo_uri, owner_is_set=self.trait_has_value("owner"), on_hub=bool(hub_owner))
        self._development = development_identity(
            self.serverapp,
            enabled=self.development,
            user_id_names_owner=self.user_id_names_owner,
            environment=environment,
        )
        if take_secrets(os.environ) and self.close_memory:
            close_memory()
        self._trouble = Trouble()
        logging.getLogger("jupyter_frevagpt").addHandler(self._trouble)
        self._folders = OwnerFolders(Path(self.data_dir))
        self._local = LocalModel(
            snippets_path=shipped("resources") / "local-model" / "snippets.jsonl",
            weights_path=Path(self.local_model_path) if self.local_model_path else None,
            idle_seconds=self.helper_idle_seconds,
        )
        self._models = CatalogueModels(
            path=self.catalogue_path,
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
            named=not is_service,
            parent=self,
        )
        tokens = self.namespace_tokens if self.send_variables else 0
        self._surroundings = KernelSurroundings(self._kernels, tokens=tokens, redact=redactor.text)
        approvals = self._approvals = Approvals()
        errands = self._errands = Errands()
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

        def visitor(owner: str) -> bool:
            return is_visitor(owner, hub_owner)

        audit = Audit(Path(self.audit_file)) if self.audit_file else None
        kernels: Kernels = AuditedKernels(self._kernels, audit) if audit is not None else self._kernels
        notebook = NotebookDesk(
            errands,
            self._kernels,
            approvals,
            policies,
            visitor=visitor,
            redact=redactor.text,
            record=audit.record if audit is not None else None,
        )
        datasets = (
            FindDatasets(self.freva_host, seconds=self.freva_seconds, idle_seconds=self.helper_idle_seconds)
            if self.freva_host
            else None
        )
        self._datasets = datasets
        self._library = Library(
            Path(self.index_dir),
            [shipped("resources")],
            self.resource_folders,
            chosen=self.libraries,
            embedder=self._embedder,
            local=self.local_embeddings,
            idle_seconds=self.helper_idle_seconds,
        )

        def without_folders(owner: str) -> bool:
            return is_service or not self.own_resources or visitor(owner)

        self._without_folders = without_folders

        tools: list[Tool] = [
            CodeInterpreter(kernels, approvals, policies, visitor=visitor),
            *([InspectVariable(self._surroundings, redactor.text)] if self.send_variables else []),
            *notebook_tools(notebook),
            SearchResources(self._library, visitor=without_folders, redact=redactor.text),
            *([datasets] if datasets is not None else []),
        ]
        servers, troubles = servers_of(self.mcp_servers, environment)
        for text in troubles:
            self.log.error("%s It is left out.", text)
        self._elsewhere = McpTools(
            servers,
            approvals,
            policies,
            seconds=self.mcp_request_seconds,
            idle_seconds=self.helper_idle_seconds,
            visitor=visitor,
            redact=redactor.text,
        )
        pages = WebTools(self._models, self.web_search_sites, model=self.web_search_model.strip(), redact=redactor.text)
        prompts = PromptFolders([*site, shipped("prompts")])
        self._store = self._store_at(mongo_uri)
        self._conversations = Conversations(
            Threads(self._store, MemoryThreadStore()),
            Preparation(
                self._models, tools, prompts, limits, self._surroundings, self._elsewhere if servers else None, [pages]
            ),
            titles=Titles(self._models, prompts, self.title_model),
            when_idle=self._put_aside,
            when_deleted=self._remove,
            idle_seconds=self.idle_seconds,
        )
        desk = Desk(
            conversations=self._conversations,
            approvals=approvals,
            errands=errands,
            attachments=Attachments(
                self._surroundings if self.send_variables else None, RootFiles(self.serverapp.root_dir), redactor.text
            ),
            models=self._models,
            kernels=self._kernels,
            surroundings=self._surroundings,
            scratch=self._folders,
            learn=_nothing if is_service else redactor.learn,
            rules=Rules(policies, self.send_variables and self.namespace_tokens > 0, self._models.services),
            trouble=self._trouble,
            remove_all=self._remove_all,
            retriever=self._library,
            without_folders=without_folders,
            settings=tuple(name for name in self.config.get("FrevaGPT", {}) if name in Settings.class_trait_names()),
            owner=self._owner_of,
            advice=self._advice,
            crowd=Crowd(self.most_turns, self.most_streams),
            presence=(presence := Presence()),
            gets_allowed=self.allow_get_requests,
            strict_agents=tuple(self.strict_user_agents),
        )
        self.handlers.extend(route_table(desk))
        self._sessions = Sessions(self.mcp_server_sessions, self.mcp_server_idle_seconds)
        if self.mcp_server and provider.auth_enabled:
            offered = AgentTools(
                [tool for tool in tools if not (is_service and tool.spec.name in IN_A_KERNEL)],
                self._conversations,
                desk.kernels,
                presence,
                self.mcp_server_policy,
                self.model_output_chars,
            )
            agents = Agents(offered, self._sessions, tuple(self.mcp_server_headers), visitor)
            self.handlers.append(mcp_route(desk, agents))
        web = self.serverapp.web_app.settings
        web["extra_log_scrub_param_keys"] = [*web.get("extra_log_scrub_param_keys", ()), *_NOT_FOR_LOGS]

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        # A full collection looks at each of the 190,000 objects of a started server, which holds the event loop for 70
        # ms in the middle of an answer. They stay until the end anyway: it need not look at them.
        gc.freeze()
        self._elsewhere.look()  # so that the first question need not wait for a helper to start
        activity = serverapp.web_app.settings["last_activity_times"]
        self._awake = asyncio.create_task(self._stay_awake(activity), name="frevagpt activity")
        if self.retention_days:
            retention = Retention(self._conversations, partial(aged, self._folders), self.retention_days)
            self._sweeping = asyncio.create_task(retention.run(), name="frevagpt retention")

    async def stop_extension(self) -> None:
        """Stop the turns and save what they have, let go of kernels, end helper processes."""
        logging.getLogger("jupyter_frevagpt").removeHandler(self._trouble)
        for task in (getattr(self, "_awake", None), getattr(self, "_sweeping", None)):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        await self._sessions.aclose()
        await self._conversations.close()
        await self._store.aclose()
        await self._databases.aclose()
        await self._surroundings.close()
        await self._kernels.close()
        await self._elsewhere.aclose()
        if self._datasets is not None:
            await self._datasets.aclose()
        await self._library.aclose()
        await self._models.aclose()
        await self._local.aclose()
        if self.serverapp is not None and isinstance(
            provider := self.serverapp.identity_provider, FrevaIdentityProvider
        ):
            await provider.aclose()
        self._folders.close()

    def _store_at(self, mongo_uri: str) -> ThreadStore:
        files = FileThreadStore(self._folders)
        databases = self._databases = Databases(
            self.mongodb_database, self.mongodb_collection, files if self.mirror_threads else None
        )
        site = databases.opened(mongo_uri, own=True) if mongo_uri else files
        provider = self.serverapp.identity_provider if self.serverapp is not None else None
        if not isinstance(provider, FrevaIdentityProvider):
            return site
        if any(realm.vault for realm in provider.known_realms):
            databases.prepare()
        return RealmThreadStore(site, provider.mongo_uri, databases.opened)

    async def _stay_awake(self, activity: dict[str, datetime]) -> None:
        """Let a running turn count as activity, so that no hub stops the server in the middle of an answer."""
        while True:
            if self._conversations.any_running:
                activity["frevagpt"] = datetime.now(UTC)
            await asyncio.sleep(_ACTIVITY_SECONDS)

    def _owner_of(self, handler: APIHandler) -> str:
        if (owner := self._named_owner(handler)) in self.off_for:
            raise PermissionError("FrevaGPT is switched off for you here. Ask your administrator.")
        return owner

    def _named_owner(self, handler: APIHandler) -> str:
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
        self._errands.forget(ref)
        await self._kernels.forget(ref)

    async def _remove(self, ref: ThreadRef) -> None:
        await self._put_aside(ref)
        await self._kernels.end_own(ref)
        await asyncio.to_thread(self._folders.remove, ref)

    async def _remove_all(self, owner: str) -> None:
        await asyncio.to_thread(self._folders.remove_all, owner)
        if not self._without_folders(owner):
            await self._library.remove_own()

    async def _embedder(self) -> Embedder | None:
        return None if self.embedding_model == "-" else await self._models.embedder(self.embedding_model)

    async def _advice(self) -> str:
        return NO_MODEL


def _nothing(token: str) -> None:
    """On a service for many there are too many tokens to look for, and no kernel gets them."""


main = launch_new_instance = FrevaGPT.launch_instance

if __name__ == "__main__":
    main()  # type: ignore[no-untyped-call]
