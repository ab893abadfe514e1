"""FrevaGPT inside JupyterLab: an assistant that works in the user's own live kernel.

- ``app``: the server extension; builds and closes everything
- ``handlers``: HTTP
- ``conversation``: turns, their log, what the model is told
- ``models``, ``tools``, ``kernels``, ``threads``, ``retrieval``: the world, behind protocols
- ``workers``: helper processes for heavy libraries
- ``domain``: the words of the subject
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .app import FrevaGPT  # on demand: the command line and kernels import this package without a server

    return [{"module": "jupyter_frevagpt.app", "app": FrevaGPT}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyter-frevagpt"}]


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext jupyter_frevagpt`` in a notebook."""
    from .magics import FrevaGPTMagics, keep_question_marks  # IPython, which the server does not need

    shell.register_magics(FrevaGPTMagics)
    if keep_question_marks not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(keep_question_marks)


def unload_ipython_extension(shell: Any) -> None:
    """``%unload_ext jupyter_frevagpt``: questions end with a question mark for IPython's help again."""
    from .magics import keep_question_marks

    shell.input_transformers_cleanup.remove(keep_question_marks)
