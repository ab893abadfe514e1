"""The settings of the server extension, each a trait; nothing is read from the environment but in their defaults."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir
from traitlets import Bool, Dict, Enum, Float, HasTraits, Integer, List, Unicode, default

from .domain.values import Policy
from .identity import Visitors, local_account, switched_on

POLICIES: tuple[Policy, ...] = ("run", "ask-when-risky", "ask", "suggest")
DOCUMENTATION = (
    "docs.xarray.dev",
    "docs.dask.org",
    "distributed.dask.org",
    "pandas.pydata.org/docs",
    "pandas.pydata.org/pandas-docs",
    "numpy.org/doc",
    "docs.scipy.org",
    "matplotlib.org",
    "scitools.org.uk/cartopy",
    "cartopy.readthedocs.io",
    "scitools-iris.readthedocs.io",
    "zarr.readthedocs.io",
    "docs.python.org",
    "docs.jupyter.org",
    "jupyterlab.readthedocs.io",
    "cfconventions.org",
    "unidata.github.io/netcdf4-python",
    "code.mpimet.mpg.de/projects/cdo",
    "healpy.readthedocs.io",
    "freva-org.github.io",
    "docs.dkrz.de",
)
_VISITORS: tuple[Visitors, ...] = ("deny", "own-threads")


class Settings(HasTraits):
    """What a site and a user may set."""

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
    idle_seconds = Float(
        3600,
        min=1,
        help="Seconds without a question after which a thread is put aside: copies for undo and the rest of outputs "
        'are given up, "for this chat" is asked again.',
    ).tag(config=True)
    model_output_chars = Integer(
        20_000, min=200, help="Characters of one output that the model gets; long ones are shortened with care."
    ).tag(config=True)
    model_older_output_chars = Integer(
        2_000, min=200, help="Characters of one output of earlier questions that the model gets."
    ).tag(config=True)
    model_images = Integer(4, min=0, help="Figures sent to a model that sees: the newest ones.").tag(config=True)
    model_image_pixels = Integer(
        1024, min=64, help="Longer side of a figure as a model gets it; the user's stays as it is."
    ).tag(config=True)
    title_model = Unicode(
        "", help='Model that writes the titles of threads; "": the one that was asked, "-": none, the question stands.'
    ).tag(config=True)
    approval_policy = Enum(
        POLICIES,
        help="Code in the user's kernels: run, ask-when-risky (ask unless known to be harmless), ask, suggest (never "
        "run it). Default: $FREVAGPT_APPROVAL_POLICY, else ask-when-risky.",
    ).tag(config=True)
    scratch_approval_policy = Enum(
        POLICIES, "run", help="The same for kernels that the assistant started for a thread."
    ).tag(config=True)
    send_variables = Bool(
        True,
        help="Tell the model what the kernel's variables are. False: nothing of them goes there but what code prints.",
    ).tag(config=True)
    namespace_tokens = Integer(
        800, min=0, help="About the most tokens of each request to a model that tell of variables; 0 for none."
    ).tag(config=True)
    retention_days = Float(
        0,
        min=0,
        help="Days after its last question after which a thread in plain files is removed; 0 keeps them all.",
    ).tag(config=True)
    audit_file = Unicode(
        "",
        help="File that gets a line of JSON, mode 0600, for each piece of code before the assistant runs it: owner, "
        'date, thread, kernel, sha256, code. "" for none.',
    ).tag(config=True)
    off_for = List(Unicode(), [], help="Names of owners for whom the assistant is switched off.").tag(config=True)
    allow_get_requests = Bool(True, help="Take requests that change state by GET too, behind the gate.").tag(
        config=True
    )
    strict_user_agents = List(
        Unicode(), ["climate-claw-python"], help="Parts of user agents that get no variants but the old ones."
    ).tag(config=True)
    most_turns = Integer(100, min=1, help="Answers of one user's that may be going on at once.").tag(config=True)
    most_streams = Integer(200, min=1, help="Connections of one user's that may read answers at once.").tag(config=True)
    freva_config = Unicode(
        "",
        help="Path of the Freva configuration, as EVALUATION_SYSTEM_CONFIG_FILE in kernels that the assistant starts.",
    ).tag(config=True)

    resource_folders = List(
        Unicode(),
        [],
        help="Further documents that the assistant looks into: folders, each a corpus or of corpora (with "
        "manifest.json), and python:<package> for the docstrings of a package that is installed beside the server.",
    ).tag(config=True)
    libraries = List(
        Unicode(),
        help="Names of the resources that are offered, all where it is empty; users' own folders always are. Default: "
        "$FREVAGPT_AVAILABLE_LIBRARIES, a comma list.",
    ).tag(config=True)
    own_resources = Bool(
        True, help="Let users have folders of their own indexed. Never on a server with Freva logins."
    ).tag(config=True)
    index_dir = Unicode(help="Folder of the index of documents, mode 0700. Default: index in data_dir.").tag(
        config=True
    )
    embedding_model = Unicode(
        "",
        help='Model of the catalogue that makes vectors of documents and questions, which are sent there. "": the '
        'first that embeds; "-": none of the catalogue.',
    ).tag(config=True)
    local_embeddings = Bool(
        True, help="Make vectors on this machine where no model of the catalogue does and the extra is installed."
    ).tag(config=True)

    mcp_servers = Dict(
        help="MCP servers whose tools the model may use: names to {'url', 'headers'}, or for a program to {'command', "
        "'args', 'env'}; os.environ/NAME in a header or variable stands for that variable. Also: "
        "$FREVAGPT_AVAILABLE_MCP_SERVERS, a comma list of names, each with its $FREVAGPT_<NAME>_SERVER_URL."
    ).tag(config=True)
    mcp_request_seconds = Float(
        min=1,
        help="Seconds that one call to an MCP server may take. Default: $FREVAGPT_MCP_REQUEST_TIMEOUT_SEC, else 600.",
    ).tag(config=True)
    mcp_server = Bool(
        True, help="Be an MCP server for other agents, at api/chatbot/mcp, where the server has logins."
    ).tag(config=True)
    mcp_server_policy = Enum(
        POLICIES,
        "ask-when-risky",
        help="Code of such agents in the user's kernels; what is stricter of this and approval_policy counts.",
    ).tag(config=True)
    mcp_server_sessions = Integer(20, min=1, help="Sessions of such agents that one user may have open.").tag(
        config=True
    )
    mcp_server_idle_seconds = Float(
        1800, min=1, help="Seconds without a request after which such a session is closed."
    ).tag(config=True)
    mcp_server_headers = List(
        Unicode(), [], help="Headers that each request of such agents must bring; tools find their values."
    ).tag(config=True)

    freva_host = Unicode(
        help="Host of the Freva server whose databrowser the model may search for data (needs the extra [freva]), such "
        'as www.freva.dkrz.de; "" for none. Default: $FREVAGPT_FREVA_HOST.'
    ).tag(config=True)
    freva_seconds = Float(30, min=1, help="Seconds that one search for data may take.").tag(config=True)

    web_search_sites = List(
        Unicode(),
        list(DOCUMENTATION),
        help="Hosts, or hosts with the beginning of a path, whose pages the tool web_search lets through; [] for none.",
    ).tag(config=True)
    web_search_model = Unicode(
        "",
        help='Model of the catalogue whose service searches; "": the one that is asked, where its entry says '
        'supports_web_search or LiteLLM knows that it does; "-": none, no search.',
    ).tag(config=True)

    visitors = Enum(
        _VISITORS,
        "deny",
        help="Other people on a user's server (a hub's shares): deny, or own-threads, where each run is asked about.",
    ).tag(config=True)
    close_memory = Bool(
        True,
        help="Where a key of ours is in the environment, keep other processes of this account, such as kernels, from "
        "reading it in this server's memory. Linux only; debuggers and core dumps need False.",
    ).tag(config=True)
    development = Bool(help="A made-up identity for development, on loopback only. Default: $FREVAGPT_DEV.").tag(
        config=True
    )
    user_id_names_owner = Bool(
        help="With it, the query parameter user_id names the owner. Default: $ALLOW_FALLBACK_OLD_AUTH."
    ).tag(config=True)
    mongodb_database = Unicode(
        help="Database of the threads where $FREVAGPT_MONGODB_URI names a MongoDB. Default: "
        "$FREVAGPT_MONGODB_DATABASE_NAME, else chatbot."
    ).tag(config=True)
    mongodb_collection = Unicode(
        help="Collection of the threads. Default: $FREVAGPT_MONGODB_COLLECTION_NAME, else threads."
    ).tag(config=True)
    mirror_threads = Bool(False, help="Keep threads of a MongoDB in plain files too.").tag(config=True)

    @property
    def catalogue_path(self) -> Path | None:
        """The configured catalogue, else the one of the working directory, which on a hub may be anybody's."""
        if self.catalogue:
            return Path(self.catalogue)
        on_hub = any(name.startswith("JUPYTERHUB_") for name in os.environ)
        return None if on_hub else Path("litellm_config.yaml").absolute()

    @default("development")
    def _default_development(self) -> bool:
        return switched_on(os.environ.get("FREVAGPT_DEV", ""))

    @default("user_id_names_owner")
    def _default_user_id_names_owner(self) -> bool:
        return switched_on(os.environ.get("ALLOW_FALLBACK_OLD_AUTH", ""))

    @default("mongodb_database")
    def _default_mongodb_database(self) -> str:
        return os.environ.get("FREVAGPT_MONGODB_DATABASE_NAME") or "chatbot"

    @default("mongodb_collection")
    def _default_mongodb_collection(self) -> str:
        return os.environ.get("FREVAGPT_MONGODB_COLLECTION_NAME") or "threads"

    @default("data_dir")
    def _default_data_dir(self) -> str:
        return str(Path(jupyter_data_dir()) / "frevagpt")

    @default("owner")
    def _default_owner(self) -> str:
        return local_account()

    @default("freva_host")
    def _default_freva_host(self) -> str:
        return os.environ.get("FREVAGPT_FREVA_HOST", "")

    @default("index_dir")
    def _default_index_dir(self) -> str:
        return str(Path(self.data_dir) / "index")

    @default("libraries")
    def _default_libraries(self) -> list[str]:
        given = os.environ.get("FREVAGPT_AVAILABLE_LIBRARIES", "").split(",")
        return [name.strip().lower() for name in given if name.strip()]

    @default("catalogue")
    def _default_catalogue(self) -> str:
        return os.environ.get("LITELLM_CONFIG", "")

    @default("mcp_request_seconds")
    def _default_mcp_request_seconds(self) -> float:
        given = os.environ.get("FREVAGPT_MCP_REQUEST_TIMEOUT_SEC", "").strip()
        return float(given) if given else 600.0

    @default("approval_policy")
    def _default_approval_policy(self) -> str:
        return os.environ.get("FREVAGPT_APPROVAL_POLICY") or "ask-when-risky"

    @default("proxy_address")
    def _default_proxy_address(self) -> str:
        return os.environ.get("FREVAGPT_LITE_LLM_ADDRESS", "")
