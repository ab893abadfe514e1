"""What IPython's magics do, after its transform has made calls of ``get_ipython()`` of them."""

from __future__ import annotations

import re

import msgspec

from .paths import LOOPBACK, SECRET
from .report import Kind

_CODE = frozenset("time timeit capture prun".split())
_UNEXPANDED = frozenset("timeit time prun".split())
_FINE = frozenset("who who_ls whos pwd lsmagic precision pdoc psearch pinfo xmode magic quickref".split())
_MATPLOTLIB = frozenset(("", "inline", "widget", "ipympl", "notebook", "agg", "-l", "--list"))
_CONFIG = re.compile(
    r"InlineBackend\.(figure_formats?|print_figure_kwargs|rc)\s*=\s*[\[\]{}'\"\w\s,.:%-]*|IPCompleter\.\w+\s*=\s*(True|False)"
)
_SCIENCE = frozenset(
    "cdo ncdump ncks ncra ncrcat ls head tail wc du df pwd free nproc date squeue sinfo module".split()
)
_SHELL = frozenset(
    "sx system bash sh script sc ! cmd perl ruby python python2 python3 pypy R julia cython fortran".split()
)

_WORDS: dict[str, tuple[Kind, str]] = {
    **dict.fromkeys(("pip", "conda", "mamba", "micromamba", "uv", "pixi"), ("installs", "Installs software")),
    **dict.fromkeys(("env", "set_env", "dotenv"), ("secrets", "Reads or sets the session's environment")),
    **dict.fromkeys(
        ("history", "hist", "recall", "rerun", "rep", "macro", "notebook", "dhist", "edit", "ed", "pastebin"),
        ("secrets", "Uses what you typed before"),
    ),
    **dict.fromkeys(("reset", "reset_selective", "xdel", "clear"), ("drops", "Deletes your variables")),
    **dict.fromkeys(
        ("html", "HTML", "javascript", "js", "svg", "SVG"), ("browser", "Shows content that the browser would run")
    ),
    **dict.fromkeys(
        ("cd", "pushd", "popd", "bookmark", "writefile", "file", "save", "store", "cat", "less", "more", "page",
         "pycat", "ls", "ll", "lf", "lk", "ldir", "lx", "mkdir", "rmdir", "rm", "mv", "cp", "ln", "man",
         "psource", "pfile"),
        ("files", "Reads, changes or moves among files"),
    ),
    **dict.fromkeys(
        ("alias", "alias_magic", "unalias", "rehashx", "load_ext", "reload_ext", "unload_ext", "autoreload", "aimport",
         "autocall", "automagic", "colors", "doctest_mode", "gui", "pdb", "debug", "logstart", "logon", "logoff",
         "config", "subshell", "autoawait", "pylab"),
        ("persistence", "Changes how later code runs"),
    ),
    **dict.fromkeys(
        ("run", "load", "loadpy", "import", "mprun", "lprun"), ("dynamic", "Runs or loads code from elsewhere")
    ),
    **dict.fromkeys(("connect_info", "qtconsole", "killbgscripts"), ("secrets", "Gives access to the kernel")),
}  # fmt: skip


class Verdict(msgspec.Struct, frozen=True):
    """What a magic does: a reason, or code to read further, or neither. ``binds`` is a name that it sets."""

    kind: Kind | None = None
    words: str = ""
    code: str | None = None
    binds: str = ""
    never_standing: bool = False


def magic(name: str, line: str, cell: str | None) -> Verdict:
    """Judge ``%name line`` or, with a cell, ``%%name line``."""
    if ("{" in line or "$" in line) and name not in _UNEXPANDED and name not in _SHELL and name != "config":
        return Verdict("dynamic", f"Has code evaluated inside of %{name}")
    if name in _CODE:
        return _of_code(name, line, cell)
    if name in _SHELL:
        return shell(cell if cell is not None else line, literal=cell is None)
    if name == "matplotlib" and line.strip() in _MATPLOTLIB and cell is None:
        return Verdict()
    if name == "config" and _CONFIG.fullmatch(line.strip()) and "$" not in line:
        return Verdict()
    if name in ("latex", "markdown") and cell is not None and "<" not in cell and "](" not in cell:
        return Verdict()
    if name in _FINE and cell is None:
        return Verdict()
    kind, words = _WORDS.get(name, ("unknown", "Uses a magic that is not known"))
    return Verdict(kind, words)


def _of_code(name: str, line: str, cell: str | None) -> Verdict:
    if name == "capture":
        words = [word for word in line.split() if not word.startswith("--no-")]
        binds = words[0] if words and words[0].isidentifier() else ""
        return (
            Verdict(code=cell or "", binds=binds) if len(words) == bool(binds) else Verdict("unknown", "Uses %%capture")
        )
    rest = line
    if name == "timeit":
        rest = re.sub(r"^(\s*-[nrtcpqo]\s*\d*)+\s", "", line + " ")
    if name == "time":
        rest = re.sub(r"^\s*--no-raise-error\b", "", line)
    if rest.lstrip().startswith("-"):
        return Verdict("unknown", f"Uses %{name} with options that are not known")
    return Verdict(code=rest.strip() + ("\n" + cell if cell is not None else ""))


def shell(command: str | None, *, literal: bool = True) -> Verdict:
    """Judge a command for the shell; None where it is only known at the run."""
    if command is None:
        return Verdict("processes", "Runs a command that is only known when it runs", never_standing=True)
    words = command.split()
    if len(words) > 1 and words[0].rpartition("/")[2] in (
        "pip",
        "pip3",
        "conda",
        "mamba",
        "uv",
        "apt",
        "apt-get",
        "npm",
    ):
        return Verdict("installs", "Installs software", never_standing=bool(re.search(r"[;|&$`<>\n{]", command)))
    if SECRET.search(command):
        return Verdict("secrets", "Touches a place where passwords, keys or settings are kept")
    if LOOPBACK.search(command):
        return Verdict("loopback", "Talks to this very computer or to the assistant's own server")
    known = bool(words) and words[0] in _SCIENCE and not re.search(r"[;|&$`<>\n{}\\]", command)
    return Verdict("processes", "Runs a command of the shell", never_standing=not (known and literal))
