"""``jupyter frevagpt chat``: the assistant in a terminal or a pipe."""

from __future__ import annotations

import argparse
import os
import sys

from ..domain.errors import FrevaGPTError


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    about = "Chat with the assistant of a running Jupyter server, in this terminal or through a pipe."
    parser = commands.add_parser("chat", help=about, description=about)
    parser.add_argument("--thread", default="", metavar="ID", help="go on with a chat; default: a new one")
    parser.add_argument(
        "--kernel", default="", metavar="ID", help="kernel to work in, or `new`; default: one of the chat's own"
    )
    parser.add_argument("--model", default="", metavar="NAME", help="model to ask; default: the server's first")
    parser.add_argument(
        "--url", default="", help="address of the Jupyter server; default: the one that runs here, around this folder"
    )
    parser.add_argument(
        "--token", default="", help="its token; default: $JUPYTER_TOKEN, which others do not see in the process list"
    )
    parser.add_argument("--once", action="store_true", help="one question, all of the standard input, and its answer")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Chat; the exit code is 0 when all was answered."""
    from .terminal.session import Wish, chat  # httpx and more, which --help need not load

    wish = Wish(options.thread, options.kernel, options.model, options.url, options.token, options.once)
    try:
        return chat(wish)
    except FrevaGPTError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return 130
    except BrokenPipeError:
        # Who read the pipe has left; Python would complain when it flushes the standard output at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
