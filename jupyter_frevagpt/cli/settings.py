"""The settings of the server extension as its configuration files and the environment give them, without a server."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from jupyter_core.application import JupyterApp
from jupyter_core.paths import jupyter_data_dir
from traitlets.config import Config

from ..domain.errors import FrevaGPTError

if TYPE_CHECKING:
    from ..app import FrevaGPT

# In the order in which JupyterLab reads them: later ones win.
_FILES = ("jupyter_server_config", "jupyter_lab_config", "jupyter_jupyter_frevagpt_config")


class Place(msgspec.Struct, frozen=True):
    """Where chats are kept, and whose they are; ``realms`` are those of the Freva identity provider."""

    data_dir: str
    owner: str
    database: str = ""
    collection: str = ""
    realms: dict[str, Any] = {}
    database_hosts: list[str] = []


def place(data_dir: str = "", owner: str = "") -> Place:
    """Return the place that is configured, unless it is given; raises FrevaGPTError.

    What was given to a server on its command line is not seen here. The extension itself is not asked: it costs two
    seconds to import.
    """
    config = _config()
    section, freva = config.get("FrevaGPT", {}), config.get("FrevaIdentityProvider", {})
    default = Path(jupyter_data_dir()) / "frevagpt"
    # As the server names the owner: a hub says who the user is, else it is the account.
    known = os.environ.get("JUPYTERHUB_USER", "") or str(section.get("owner") or "") or account()
    return Place(
        os.path.abspath(data_dir or str(section.get("data_dir") or default)),
        owner or known,
        section.get("mongodb_database") or os.environ.get("FREVAGPT_MONGODB_DATABASE_NAME") or "chatbot",
        section.get("mongodb_collection") or os.environ.get("FREVAGPT_MONGODB_COLLECTION_NAME") or "threads",
        dict(freva.get("realms") or {}),
        list(freva.get("database_hosts") or []),
    )


def settings(data_dir: str = "") -> FrevaGPT:
    """Return the extension with its settings, of which nothing is built; raises FrevaGPTError."""
    from ..app import FrevaGPT

    config = _config()
    try:
        found = FrevaGPT(config=config)
        where = place(data_dir)
        found.data_dir, found.owner = where.data_dir, where.owner
    except FrevaGPTError:
        raise
    except Exception as error:  # whatever is written in such a file
        raise _unusable(error) from error
    return found


def account() -> str:
    """Return the name of the account this process runs as; ``uid-<n>`` where it has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"


def _config() -> Config:
    reader = JupyterApp(raise_config_file_errors=True)
    try:
        for name in _FILES:
            reader.config_file_name = name
            reader.load_config_file(suppress_errors=False)
    except Exception as error:  # whatever is written in such a file
        raise _unusable(error) from error
    return reader.config


def _unusable(error: Exception) -> FrevaGPTError:
    return FrevaGPTError(
        f"A configuration file of Jupyter's cannot be used ({type(error).__name__}). `jupyter --paths` lists the "
        "folders they are in; `jupyter server --show-config` says more."
    )
