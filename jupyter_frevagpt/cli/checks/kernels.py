"""What a kernel has for climate work: asked of a real one, which is started for it and ended again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from subprocess import DEVNULL
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import AsyncKernelManager

from .finding import Finding

if TYPE_CHECKING:
    from ...app import FrevaGPT

_PATIENCE = 60.0
_NEEDED = ("numpy", "xarray", "matplotlib")
_USEFUL = ("pandas", "scipy", "dask", "netCDF4", "cftime", "h5netcdf", "zarr", "cartopy", "freva_client")
_PACKAGES = {"freva_client": "freva-client", "cartopy": "Cartopy"}
_OLDEST = (3, 9)

# Without importing them: that takes half a minute, and would run what is in there.
_CODE = """
def _look(names):
    import importlib.metadata as metadata, importlib.util as util, json, platform, sys
    found = {}
    for name, package in names.items():
        if util.find_spec(name) is None:
            continue
        try:
            found[name] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[name] = ""
    try:
        kernel = metadata.version("ipykernel")
    except metadata.PackageNotFoundError:
        kernel = ""
    print(json.dumps({"found": found, "python": list(sys.version_info[:3]), "ipykernel": kernel}))
_look(%r)
"""


async def environment(settings: FrevaGPT, name: str) -> AsyncIterator[Finding]:
    """Start a kernel and tell which packages it has; "" is the one that the assistant would start."""
    name = name or _configured(settings)
    manager = AsyncKernelManager(kernel_name=name)
    try:
        told = await _told(manager)
    except NoSuchKernel:
        yield Finding("FAIL", f"kernel {name}", "is not installed. `jupyter kernelspec list` tells which are.")
        return
    except (TimeoutError, RuntimeError, OSError) as error:
        yield Finding(
            "FAIL", f"kernel {name}", f"does not start ({type(error).__name__}). Start it in a notebook to see."
        )
        return
    finally:
        with suppress(Exception):
            await manager.shutdown_kernel(now=True)
    if told is None:
        yield Finding(
            "warn", f"kernel {name}", "is none of Python's: code runs in it, without review, undo or variables."
        )
        return
    for finding in _findings(name, told):
        yield finding


def _findings(name: str, told: dict[str, Any]) -> list[Finding]:
    found: dict[str, str] = told["found"]
    python = ".".join(map(str, told["python"]))
    findings = [Finding("ok", f"kernel {name}", f"starts: Python {python}, ipykernel {told['ipykernel'] or 'unknown'}")]
    if tuple(told["python"]) < _OLDEST:
        findings.append(
            Finding("warn", f"kernel {name}", f"Python {python} is old. Make an environment with a newer one.")
        )
    has = [f"{package} {found[package]}".strip() for package in (*_NEEDED, *_USEFUL) if package in found]
    if has:
        findings.append(Finding("ok", f"kernel {name} has", ", ".join(has)))
    for names, why in ((_NEEDED, "most answers use them"), (_USEFUL, "some answers use them")):
        lacking = [_PACKAGES.get(package, package) for package in names if package not in found]
        if lacking:
            text = (
                f"{', '.join(lacking)}; {why}. Install them into the kernel's environment (conda-forge has them all)."
            )
            findings.append(Finding("warn", f"kernel {name} lacks", text))
    return findings


async def _told(manager: AsyncKernelManager) -> dict[str, Any] | None:
    """Return what the code printed, None where it is not understood; raises what starting a kernel raises."""
    async with asyncio.timeout(_PATIENCE):
        await manager.start_kernel(stdout=DEVNULL, stderr=DEVNULL)  # its words would stand between ours
        client = manager.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=_PATIENCE)
            printed: list[str] = []

            def take(message: dict[str, Any]) -> None:
                if message["msg_type"] == "stream" and message["content"].get("name") == "stdout":
                    printed.append(message["content"].get("text", ""))

            names = {package: _PACKAGES.get(package, package) for package in (*_NEEDED, *_USEFUL)}
            await client.execute_interactive(
                _CODE % names, store_history=False, allow_stdin=False, timeout=_PATIENCE, output_hook=take
            )
        finally:
            client.stop_channels()
    try:
        told = json.loads("".join(printed).strip().splitlines()[-1])
    except (ValueError, IndexError):
        return None
    return told if isinstance(told, dict) else None


def _configured(settings: FrevaGPT) -> str:
    config = settings.config
    for kind, trait in (
        ("GuestRegistry", "kernel_name"),
        ("MappingKernelManager", "default_kernel_name"),
        ("MultiKernelManager", "default_kernel_name"),
    ):
        if name := config.get(kind, {}).get(trait):
            return str(name)
    return "python3"
