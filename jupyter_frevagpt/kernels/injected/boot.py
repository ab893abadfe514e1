"""What the request that injects us runs: sources become modules that are compiled when they are first imported."""

from __future__ import annotations

import importlib.abc
import importlib.util
import sys
from typing import Any

PACKAGE = "_frevagpt_guest"


class Sources(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds and loads the modules of the package from the texts that were sent."""

    def __init__(self, texts: dict[str, str], digest: str) -> None:
        self.texts = texts
        self.digest = digest

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """Return the spec of a module of ours, None for all others."""
        if fullname not in self.texts:
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=fullname == PACKAGE)

    def get_source(self, fullname: str) -> str:
        """Return a module's text."""
        return self.texts[fullname]

    def get_code(self, fullname: str) -> Any:
        """Return a module compiled, with a name that is recognised in tracebacks."""
        return compile(self.texts[fullname], f"<{fullname}>", "exec", dont_inherit=True)

    def is_package(self, fullname: str) -> bool:
        """Whether this is the package itself."""
        return fullname == PACKAGE


def boot(texts: dict[str, str], digest: str, session: str, user_header: dict[str, Any] | None) -> None:
    """Make the package known to this interpreter and install it for a session; the same code twice is no change."""
    finders = [finder for finder in sys.meta_path if type(finder).__name__ == "Sources" and hasattr(finder, "digest")]
    sessions = {session}
    if not any(finder.digest == digest for finder in finders):
        package = sys.modules.get(PACKAGE)
        if package is not None:
            sessions |= package.leave()
        for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
            del sys.modules[name]
        for finder in finders:
            sys.meta_path.remove(finder)
        sys.meta_path.append(Sources(texts, digest))
    package = importlib.import_module(PACKAGE)
    for one in sessions:
        package.install(one, user_header)
