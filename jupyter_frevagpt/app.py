"""The server extension: its settings, and the only place that builds and closes things."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.base.handlers import APIHandler
from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, Enum, Float, Integer, List, Unicode, default

from ._paths import shipped
from .conversation.approvals import Approvals
from .conversation.conversations import Conversations
from .conversation.turn import TurnLimits
from .domain.values import Policies, Policy, ThreadRef
from .handlers.base import Desk
from .handlers.routes import route_table
from .identity import local_account, owner_of
from .kernels.registry import GuestRegistry
from .models.local import LocalModel
from .models.router import CatalogueModels
from .models.secret import Secret
from .prompts import PromptFolders
from .threads.folders import OwnerFolders
from .threads.jsonl import FileThreadStore
from .threads.memory import MemoryThreadStore
from .tools.code import CodeInterpreter

POLICIES: tuple[Policy, ...] = ("run", "ask-when-risky", "ask", "suggest")
_SECRETS = ("FREVAGPT_OPENAI_API_KEY", "FREVAGPT_MONGODB_URI")
_NOT_FOR_KERNELS = (*_SECRETS, "JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN", "JUPYTER_TOKEN", "CONFIGPROXY_AUTH_TOKEN")
_ACTIVITY_SECONDS = 30.0

_ADVICE = """\
**No model is configured yet.** Choose one of these ways, then reload this page:

- **A catalogue**: write a LiteLLM config file and name it in the environment variable `LITELLM_CONFIG`, or put it as
  `litellm_config.yaml` into the folder that Jupyter was started in. A minimal one:

  ```yaml
  model_list:
    - model_name: my-model
      litellm_params:
        model: openai/my-model
        api_base: https://models.example.org/v1
        api_key: os.environ/MY_MODEL_API_KEY
  ```

- **A LiteLLM proxy**: set `FREVAGPT_LITE_LLM_ADDRESS` and `FREVAGPT_OPENAI_API_KEY` before Jupyter starts.
- **The small local model**, with no key and no network (it is often wrong): run

  ```
  pip install "jupyter-frevagpt[local]"
  jupyter frevagpt local-model install
  ```
"""


class FrevaGPT(ExtensionApp):
    """FrevaGPT: an assistant for climate scientists that works in the user's own live kernel."""

    name = "jupyter_frevagpt"
    app_name = "FrevaGPT"
    load_other_extensions = True

    data_dir = Unicode(
        help="Folder for threads and scratch files, mode 0700. Default: frevagpt in Jupyter's data."
    ).tag(config=True)
    owner = Unicode(
        help="Owner of the threads where logins have no lasting name (token, password). Default: the account's name."
    ).tag(config=True)
    catalogue = Unicode(
        help="LiteLLM config file that lists the models. Default: $LITELLM_CONFIG, else, outside "
        "a hub, litellm_config.yaml in the working directory."
    ).tag(config=True)
    proxy_address = Unicode(
        help="Address of a LiteLLM proxy that every model is asked through. Default: $FREVAGPT_LITE_LLM_ADDRESS. Its "
        "key comes from $FREVAGPT_OPENAI_API_KEY alone."
    ).tag(config=True)
    local_model = Bool(True, help="Offer the embedded local model where it is installed.").tag(config=True)
    local_model_path = Unicode("", help="Another GGUF file for the embedded model.").tag(config=True)
    helper_idle_seconds = Float(300, min=1, help="Seconds without work after which a helper process ends.").tag(
        config=True
    )
    model_silence_seconds = Float(
        120, min=1, help="Seconds without a sign from the model service after which it counts as failed."
    ).tag(config=True)
    prompts_dir = Unicode("", help="A site's folder of prompts; its files override the shipped ones one by one.").tag(
        config=True
    )
    max_model_rounds = Integer(25, min=1, help="Model rounds that one question may take.").tag(config=True)
    max_model_seconds = Float(900, min=1, help="Seconds of model time that one question may take.").tag(config=True)
    max_output_chars = Integer(
        20_000, min=200, help="Characters of one output that the model gets: its head and its tail."
    ).tag(config=True)
    approval_policy = Enum(
        POLICIES,
        help="Code in the user's kernels: run, ask-when-risky (ask unless known to be harmless), ask, suggest (never "
        "run it). Default: $FREVAGPT_APPROVAL_POLICY, else ask-when-risky.",
    ).tag(config=True)
    scratch_approval_policy = Enum(
        POLICIES, "run", help="The same for kernels that the assistant started for a thread."
    ).tag(config=True)
    allow_get_requests = Bool(True, help="Take requests that change state by GET too, behind the gate.").tag(
        config=True
    )
    strict_user_agents = List(
        Unicode(), ["climate-claw-python"], help="Parts of user agents that get no variants but the old ones."
    ).tag(config=True)
    freva_config = Unicode(
        "",
        help="Path of the Freva configuration, as EVALUATION_SYSTEM_CONFIG_FILE in kernels that the assistant starts.",
    ).tag(config=True)

    @default("data_dir")
    def _default_data_dir(self) -> str:
        return str(Path(jupyter_data_dir()) / "frevagpt")

    @default("owner")
    def _default_owner(self) -> str:
        return local_account()

    @default("catalogue")
    def _default_catalogue(self) -> str:
        return os.environ.get("LITELLM_CONFIG", "")

    @default("approval_policy")
    def _default_approval_policy(self) -> str:
        return os.environ.get("FREVAGPT_APPROVAL_POLICY") or "ask-when-risky"

    @default("proxy_address")
    def _default_proxy_address(self) -> str:
        return os.environ.get("FREVAGPT_LITE_LLM_ADDRESS", "")

    def initialize_handlers(self) -> None:
        """Build everything and register the routes."""
        assert self.serverapp is not None  # noqa: S101 - an extension is only ever initialised by a server
        environment = dict(os.environ)
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
        self._kernels = GuestRegistry(
            self.serverapp.kernel_manager, self._folders, self._kernel_environment, parent=self
        )
        approvals = Approvals()
        policies = Policies(self.approval_policy, self.scratch_approval_policy)
        site = [Path(self.prompts_dir)] if self.prompts_dir else []
        self._conversations = Conversations(
            store=FileThreadStore(self._folders),
            volatile=MemoryThreadStore(),
            models=self._models,
            tools=[CodeInterpreter(self._kernels, approvals, policies)],
            prompts=PromptFolders([*site, shipped("prompts")]),
            limits=TurnLimits(self.max_model_rounds, self.max_model_seconds, self.max_output_chars),
        )
        desk = Desk(
            conversations=self._conversations,
            approvals=approvals,
            models=self._models,
            kernels=self._kernels,
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
        await self._kernels.close()
        await self._models.aclose()
        await self._local.aclose()
        self._folders.close()

    async def _stay_awake(self, activity: dict[str, datetime]) -> None:
        """Let a running turn count as activity, so that no hub stops the server in the middle of an answer."""
        while True:
            if self._conversations.any_running:
                activity["frevagpt"] = datetime.now(UTC)
            await asyncio.sleep(_ACTIVITY_SECONDS)

    def _owner_of(self, handler: APIHandler) -> str:
        return owner_of(
            handler.current_user,
            handler.identity_provider,
            local_owner=self.owner,
            hub_owner=os.environ.get("JUPYTERHUB_USER", ""),
        )

    def _kernel_environment(self, ref: ThreadRef) -> Mapping[str, str]:
        environment = {name: value for name, value in os.environ.items() if name not in _NOT_FOR_KERNELS}
        environment["THREAD_ID"] = ref.thread_id
        if self.freva_config:
            environment["EVALUATION_SYSTEM_CONFIG_FILE"] = self.freva_config
        return environment

    async def _advice(self) -> str:
        return _ADVICE


main = launch_new_instance = FrevaGPT.launch_instance

if __name__ == "__main__":
    main()  # type: ignore[no-untyped-call]
