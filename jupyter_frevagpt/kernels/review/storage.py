"""Calls that read or write files: which argument names the file, and whether it may be taken without asking."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .call import Call
from .paths import is_new_data_file, place
from .report import Kind
from .scope import DATA, NUMBER, Value

READERS: dict[str, tuple[int, tuple[str, ...]]] = {
    **{
        f"xarray.{name}": (0, ("filename_or_obj", "paths", "store"))
        for name in "open_dataset open_mfdataset open_dataarray open_zarr open_datatree open_groups load_dataset "
        "load_dataarray load_datatree".split()
    },
    **{
        f"pandas.{name}": (0, ("filepath_or_buffer", "path_or_buf", "path", "io", "path_or_buffer"))
        for name in "read_csv read_table read_fwf read_excel read_json read_parquet read_feather read_orc read_stata "
        "read_sas read_spss ExcelFile".split()
    },
    "numpy.load": (0, ("file",)),
    "numpy.loadtxt": (0, ("fname",)),
    "numpy.genfromtxt": (0, ("fname",)),
    "numpy.fromfile": (0, ("file",)),
    "numpy.memmap": (0, ("filename",)),
    "scipy.io.loadmat": (0, ("file_name",)),
    "scipy.io.netcdf_file": (0, ("filename",)),
    "matplotlib.pyplot.imread": (0, ("fname",)),
    "netCDF4.Dataset": (0, ("filename",)),
    "netCDF4.MFDataset": (0, ("files",)),
    "healpy.read_map": (0, ("filename",)),
    "dask.dataframe.read_csv": (0, ("urlpath",)),
    "dask.dataframe.read_parquet": (0, ("path",)),
    "IPython.display.Image": (0, ("data", "filename", "url")),
    "glob.glob": (0, ("pathname",)),
    "glob.iglob": (0, ("pathname",)),
    "builtins.open": (0, ("file",)),
}
"""Functions that read: the position and the names of the argument that says what."""

WRITERS: dict[str, tuple[int, tuple[str, ...], str]] = {
    "numpy.save": (0, ("file",), ".npy"),
    "numpy.savez": (0, ("file",), ".npz"),
    "numpy.savez_compressed": (0, ("file",), ".npz"),
    "numpy.savetxt": (0, ("fname",), ""),
    "matplotlib.pyplot.savefig": (0, ("fname",), ".png"),
    "matplotlib.pyplot.imsave": (0, ("fname",), ""),
    "pandas.ExcelWriter": (0, ("path",), ""),
    "scipy.io.savemat": (0, ("file_name",), ".mat"),
    "xarray.save_mfdataset": (1, ("paths",), ""),
    "healpy.write_map": (0, ("filename",), ""),
}
"""Functions that write: likewise, with the suffix that they add to a name without one."""

WRITING_METHODS: dict[str, tuple[tuple[str, ...], str]] = {
    "savefig": (("fname",), ".png"),
    "save": (("filename", "fname", "fp"), ""),
    "to_netcdf": (("path",), ""),
    "to_zarr": (("store",), ""),
    "to_csv": (("path_or_buf", "filename"), ""),
    "to_json": (("path_or_buf",), ""),
    "to_html": (("buf",), ""),
    "to_latex": (("buf",), ""),
    "to_markdown": (("buf",), ""),
    "to_string": (("buf",), ""),
    "to_excel": (("excel_writer",), ""),
    "to_feather": (("path",), ""),
    "to_parquet": (("path",), ""),
    "to_stata": (("path",), ""),
    "to_xml": (("path_or_buffer",), ""),
}

_WORDS: dict[str, tuple[Kind, str]] = {
    "network": ("network", "Opens an address on the network"),
    "loopback": ("loopback", "Talks to this very computer or to the assistant's own server"),
    "secrets": ("secrets", "Touches a place where passwords, keys or settings are kept"),
    "hidden": ("secrets", "Touches a hidden file"),
}


def read(call: Call) -> Value:
    """Judge a reading call; returns what it gives."""
    position, names = READERS[call.path]
    name = call.argument(position, *names)
    if call.unreadable:
        call.ask("files", "Reads files, with arguments that cannot be read here")
        return DATA
    if {"root_dir", "dir_fd", "opener"} & set(call.keywords):
        call.ask("files", "Opens files in an unusual way")
    if any(isinstance(part, ast.Constant) and "://" in str(part.value) for part in _others(call, names)):
        call.ask("network", "Opens an address on the network")
    if call.path == "builtins.open" and not _opens_to_read(call, name):
        return DATA
    if call.path in ("netCDF4.Dataset", "scipy.io.netcdf_file", "numpy.memmap"):
        mode = call.constant("mode", 2 if call.path == "numpy.memmap" else 1)
        if mode == "w":
            write(call, name, "")
            return DATA
        if mode not in (None, "r") or (mode is None and call.path == "numpy.memmap"):
            call.ask("files", "Opens a file to change it")
    if call.path == "numpy.load" and call.constant("allow_pickle", 2) not in (None, False):
        call.ask("dynamic", "Loads pickled objects, which can run any code")
    check_read(call, name)
    return Value(tag="files", listed=True) if call.path.startswith("glob.") else DATA


def check_read(call: Call, name: Value | None) -> None:
    """Ask unless ``name`` is known to lead to data that may be read."""
    if name is None or name.tag in ("files", "buffer") or name.sort == "reported":
        return
    if name.tag == "catalogue" and call.path.startswith("xarray."):
        return
    if name.texts is None:
        call.ask("files", "Reads a file whose name is only known when it runs")
        return
    for text in name.texts:
        _ask_for_place(call, text, "Reads a file outside of the working directory")


def write(call: Call, name: Value | None, suffix: str) -> None:
    """Ask unless ``name`` is a new data file in the working directory; that one is told."""
    if call.unreadable:
        call.ask("files", "Writes files, with arguments that cannot be read here")
    elif name is None or name.tag == "buffer" or name.sort == "reported":
        return
    elif name.texts is None:
        call.ask("files", "Writes a file whose name is only known when it runs")
    else:
        for text in name.texts:
            full = text if not suffix or "." in text.rpartition("/")[2] else text + suffix
            if _ask_for_place(call, full, "Writes a file outside of the working directory"):
                against = is_new_data_file(full, call.facts)
                shown = full.replace(NUMBER, "…")
                if against:
                    call.findings.say("files", f"Writes {shown}, {against}.", call.node.lineno)
                else:
                    call.findings.say("writes", f"Writes a new file, {shown}.", call.node.lineno, asks=False)


def _others(call: Call, names: tuple[str, ...]) -> Iterator[ast.AST]:
    """All parts of the arguments but the first, which has its own judgement."""
    for argument in call.node.args[1:]:
        yield from ast.walk(argument)
    for keyword in call.node.keywords:
        if keyword.arg not in names:
            yield from ast.walk(keyword.value)


def _ask_for_place(call: Call, name: str, outside: str) -> bool:
    where = place(name, call.facts)
    if where == "outside":
        call.ask("files", outside)
    elif where in _WORDS:
        call.ask(*_WORDS[where])
    return where == "inside"


def _opens_to_read(call: Call, name: Value | None) -> bool:
    mode = call.constant("mode", 1)
    if "opener" in call.keywords or (name is not None and name.tag == "number"):
        call.ask("files", "Opens a file in an unusual way")
        return False
    if mode in (None, "r", "rb", "rt"):
        return True
    if mode in ("w", "wt", "wb", "x", "xb"):
        write(call, name, "")
    else:
        call.ask("files", "Opens a file to change it")
    return False
