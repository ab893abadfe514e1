"""Calls that read or write files: which argument names the file, and whether it may be taken without asking."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .call import Call
from .paths import is_new_data_file, place
from .report import Kind
from .scope import DATA, NUMBER, Value

_FIGURE = ".png"

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
    "matplotlib.pyplot.savefig": (0, ("fname",), _FIGURE),
    "matplotlib.pyplot.imsave": (0, ("fname",), ""),
    "pandas.ExcelWriter": (0, ("path",), ""),
    "scipy.io.savemat": (0, ("file_name",), ".mat"),
    "xarray.save_mfdataset": (1, ("paths",), ""),
    "healpy.write_map": (0, ("filename",), ""),
}
"""Functions that write: likewise, with the suffix that they add to a name without one."""

WRITING_METHODS: dict[str, tuple[tuple[str, ...], str]] = {
    "savefig": (("fname",), _FIGURE),
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

_FIGURES = (None, "png", "pdf", "svg", "jpg", "jpeg", "eps", "tif", "tiff", "webp")
_ENGINES = ("netcdf4", "h5netcdf", "scipy", "zarr", "cfgrib")
_BACKEND_OPTIONS = frozenset("errors filter_by_keys read_keys decode_vlen_strings phony_dims group".split())
_OPENING = frozenset(
    "filename_or_obj paths store engine chunks cache decode_cf mask_and_scale decode_times decode_timedelta use_cftime "
    "concat_characters decode_coords drop_variables create_default_indexes inline_array chunked_array_type "
    "backend_kwargs group consolidated zarr_format combine concat_dim compat preprocess data_vars coords join "
    "attrs_file combine_attrs parallel overwrite_encoded_chunks decode_vlen_strings phony_dims lock errors "
    "filter_by_keys synchronizer data_vars autoclose format use_zarr_fill_value_as_mask".split()
)

_WORDS: dict[str, tuple[Kind, str]] = {
    "network": ("network", "Opens an address on the network"),
    "loopback": ("loopback", "Talks to this very computer or to the assistant's own server"),
    "secrets": ("secrets", "Touches a place where passwords, keys or settings are kept"),
    "hidden": ("secrets", "Touches a hidden file"),
}


_SOME_FILE = "a file whose name is only known when it runs"


def read(call: Call) -> Value:
    """Judge a reading call; returns what it gives."""
    position, names = READERS[call.path]
    name = call.argument(position, *names)
    if call.unreadable:
        call.ask("files", "Reads files, with arguments that cannot be read here")
        call.findings.bring(_SOME_FILE)
        return DATA
    if {"root_dir", "dir_fd", "opener", "include_hidden"} & set(call.keywords):
        call.ask("files", "Opens files in an unusual way")
        call.findings.bring(_SOME_FILE)
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
    if call.path == "numpy.load" and call.constant("mmap_mode", 1) not in (None, "r", "c"):
        call.ask("files", "Opens a file to change it")
    if call.path.startswith("xarray.") and not _known_options(call):
        call.ask("files", "Opens a file in a way that may change it, or that is not known")
    check_read(call, name)
    return Value(tag="files", listed=True) if call.path.startswith("glob.") else DATA


def _known_options(call: Call) -> bool:
    """True where a data set is opened by one of the usual engines, with options that only say how to read it."""
    engine = call.constant("engine")
    inner = next((keyword.value for keyword in call.node.keywords if keyword.arg == "backend_kwargs"), None)
    keys = inner.keys if isinstance(inner, ast.Dict) else [inner] if inner is not None else []
    fine = all(isinstance(key, ast.Constant) and key.value in _BACKEND_OPTIONS for key in keys)
    return fine and set(call.keywords) <= _OPENING and (engine is None or engine in _ENGINES)


def check_read(call: Call, name: Value | None) -> None:
    """Ask unless ``name`` is known to lead to data that may be read; note what is read."""
    if name is None or name.tag == "buffer" or name.sort == "reported":
        return
    if name.tag == "files" or (name.tag == "catalogue" and call.path.startswith("xarray.")):
        call.findings.bring("files that a search found")
        return
    if name.texts is None:
        call.findings.bring(_SOME_FILE)
        call.ask("files", "Reads a file whose name is only known when it runs")
        return
    for text in name.texts:
        call.findings.bring(_source(call, text))
        _ask_for_place(call, text, "Reads a file outside of the working directory")


def write(call: Call, name: Value | None, suffix: str) -> None:
    """Ask unless ``name`` is a new data file in the working directory; that one is told."""
    if suffix == _FIGURE and call.constant("format") not in _FIGURES:
        call.ask("processes", "Draws in a format that is not known, for which a program may be run")
    if call.unreadable:
        call.ask("files", "Writes files, with arguments that cannot be read here")
    elif name is None or name.tag == "buffer" or name.sort == "reported":
        return
    elif name.texts is None:
        call.ask("files", "Writes a file whose name is only known when it runs")
    else:
        for text in name.texts:
            full = text if not suffix or "." in text.rpartition("/")[2] else text + _suffix(call, suffix)
            if _ask_for_place(call, full, "Writes a file outside of the working directory"):
                against = is_new_data_file(full, call.facts)
                shown = full.replace(NUMBER, "…")
                if against:
                    call.findings.say("files", f"Writes {shown}, {against}.", call.node.lineno)
                else:
                    call.findings.say("writes", f"Writes a new file, {shown}.", call.node.lineno, asks=False)


def _suffix(call: Call, usual: str) -> str:
    """What is put behind a name without a suffix: the format, where one is given."""
    given = call.constant("format") if usual == _FIGURE else None
    return usual if given is None else f".{given}" if isinstance(given, str) else ".unknown"


def _source(call: Call, name: str) -> str:
    shown = name.replace(NUMBER, "…")
    if "://" in name:
        return shown
    return f"the names of the files {shown}" if call.path.startswith("glob.") else f"the file {shown}"


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
        call.findings.bring(_SOME_FILE)
        return False
    if mode in (None, "r", "rb", "rt"):
        return True
    if mode in ("w", "wt", "wb", "x", "xb"):
        write(call, name, "")
    else:
        call.ask("files", "Opens a file to change it")
        call.findings.bring(_SOME_FILE)
    return False
