"""What names that are not harmless do: the kind of the question, and the words for it."""

from __future__ import annotations

import re

from .report import Kind

Danger = tuple[Kind, str]


def _all(kind: Kind, words: str, names: str) -> dict[str, Danger]:
    return dict.fromkeys(names.split(), (kind, words))


_DELETES = _all(
    "files",
    "Deletes files",
    "os.remove os.unlink os.rmdir os.removedirs shutil.rmtree pathlib.Path.unlink pathlib.Path.rmdir",
)
_CHANGES = _all(
    "files",
    "Creates, moves or changes files",
    "os.rename os.renames os.replace os.mkdir os.makedirs os.chmod os.chown os.link os.symlink os.truncate os.utime "
    "os.open os.write os.mkfifo os.lchown os.chdir os.fdopen os.umask os.listdir os.walk os.scandir os.stat "
    "os.readlink os.access os.chroot shutil fileinput tempfile zipfile tarfile gzip bz2 lzma sqlite3 dbm shelve "
    "codecs io.open io.FileIO io.open_code h5py rasterio linecache filecmp mmap fcntl numpy.DataSource zarr",
)
_PROCESSES = _all(
    "processes",
    "Starts or controls other processes or threads",
    "os subprocess multiprocessing threading concurrent asyncio pty pexpect sched signal posix _posixsubprocess "
    "_thread sh cdo plumbum fabric psutil resource faulthandler dask.distributed dask.bag distributed ray "
    "mpi4py xarray.show_versions pandas.show_versions matplotlib.animation nco",
)
_NETWORK = _all(
    "network",
    "Opens the network",
    "socket ssl requests httpx urllib urllib3 aiohttp http ftplib smtplib poplib imaplib telnetlib nntplib xmlrpc "
    "socketserver paramiko websocket websockets fsspec s3fs gcsfs adlfs pooch boto3 pycurl zmq tornado webbrowser "
    "cdsapi intake siphon owslib pydap erddapy pyesgf huggingface_hub openai xarray.tutorial scipy.datasets "
    "cartopy.io cartopy.feature.WFSFeature regionmask.defined_regions metpy.io metpy.cbook pandas.read_html "
    "pandas.read_gbq pandas.read_sql pandas.read_sql_query pandas.read_sql_table pandas.read_iceberg freva "
    "evaluation_system matplotlib.cbook sqlalchemy pymongo freva_client",
)
_SECRETS = _all(
    "secrets",
    "Reads settings or secrets of the session",
    "os.environ os.environb os.getenv os.getenvb os.putenv os.unsetenv os.getlogin getpass keyring pwd netrc "
    "jupyter_core jupyter_server jupyter_client jupyterhub notebook pandas.read_clipboard In Out _ih _oh _dh _i _ii "
    "_iii _ __ ___ freva_client.authenticate freva_client.auth freva_client.utils dotenv pyperclip platformdirs "
    "ipykernel history",
)
_EXIT = _all(
    "exit", "Ends the kernel", "exit quit sys.exit os._exit os.abort os.kill os.killpg SystemExit GeneratorExit"
)
_PERSISTENCE = _all(
    "persistence",
    "Changes how later code runs",
    "sys.modules sys.path sys.meta_path sys.path_hooks sys.settrace sys.setprofile sys.excepthook sys.displayhook "
    "sys.stdout sys.stderr sys.stdin sys.setrecursionlimit atexit site sitecustomize setattr delattr "
    "xarray.register_dataset_accessor xarray.register_dataarray_accessor pandas.api.extensions numpy.seterrcall "
    "crontab builtins contextvars xarray.register_datatree_accessor get_ipython ip IPython gc weakref "
    "scipy.fft.set_global_backend dask.array.register_chunk_type",
)
_BROWSER = _all(
    "browser",
    "Shows content that the browser would run",
    "IPython.display.HTML IPython.display.Javascript IPython.display.IFrame IPython.display.SVG IPython.display.Audio "
    "IPython.display.Video IPython.display.YouTubeVideo IPython.display.FileLink IPython.display.FileLinks "
    "IPython.display.display_javascript IPython.display.display_html IPython.display.display_svg "
    "IPython.display.GeoJSON IPython.display.publish_display_data IPython.display.display_pretty "
    "IPython.core.display ipywidgets panel bokeh plotly holoviews hvplot folium altair ipyleaflet ipympl "
    "calendar.HTMLCalendar calendar.LocaleHTMLCalendar html",
)
_DYNAMIC = _all(
    "dynamic",
    "Runs or loads code that cannot be read here",
    "eval exec compile __import__ __builtins__ __loader__ __spec__ globals locals vars breakpoint importlib imp "
    "runpy code codeop pkgutil zipimport ctypes cffi _ctypes pickle cPickle _pickle cloudpickle dill marshal "
    "copyreg joblib shelve yaml inspect ast dis types operator.attrgetter operator.methodcaller string.Formatter "
    "numba torch jax tensorflow numpy.ctypeslib numpy.f2py numpy.distutils numpy.test scipy.LowLevelCallable "
    "scipy.weave pandas.eval pandas.read_pickle pandas.to_pickle pandas.read_hdf pandas.HDFStore pandas.read_xml "
    "super object property classmethod staticmethod memoryview sys._getframe sys._current_frames traceback unittest "
    "timeit cProfile profile pdb bdb trace numpy.testing numpy.lib numpy.fromregex numpy.safe_eval pydoc help "
    "functools.singledispatch numexpr numpy.from_dlpack pytest rpy2 julia",
)
_INSTALLS = _all(
    "installs", "Installs software", "pip ensurepip conda venv setuptools pkg_resources distutils mamba micropip"
)

DANGERS: dict[str, Danger] = {
    **_PROCESSES, **_CHANGES, **_DELETES, **_NETWORK, **_SECRETS, **_EXIT, **_PERSISTENCE, **_BROWSER, **_DYNAMIC,
    **_INSTALLS,
    "input": ("unknown", "Waits for typed input, which a run of the assistant cannot get"),
}  # fmt: skip


def danger(path: str) -> Danger:
    """What the name or any module above it is known for, else that it is not known."""
    head = path
    while head:
        if head in DANGERS:
            return DANGERS[head]
        head = head.rpartition(".")[0]
    return ("unknown", "Uses what is not known to be harmless")


_METHODS: dict[Kind, str] = {
    "files": "unlink rmdir rmtree touch chmod mkdir symlink_to hardlink_to write_text write_bytes lchmod "
    "remove_file write writelines tofile to_sql to_clipboard to_gbq to_hdf to_orc to_iceberg to_file to_npy_stack "
    "to_hdf5 to_tiledb store to_textfiles export savetxt truncate print_figure print_png print_pdf print_svg "
    "print_jpg print_raw print_rgba print_ps print_eps print_tif write_html write_image write_json extractall "
    "extract archive makedirs rmtree copyfile move_to setncattr_string sync createVLType set_fileo to_disk write_map "
    "add_file addfont visualize to_mp4 save_frames iterdir rglob walk expanduser home readlink",
    "processes": "system popen Popen run_cell run_cell_magic run_line_magic getoutput check_output check_call spawn "
    "fork forkpty submit execv execve execvp spawnv to_html5_video start_new_thread kill terminate killpg "
    "send_signal posix_spawn",
    "network": "urlopen urlretrieve connect connect_ex sendall sendto send_message sendmail bind listen recv request "
    "requests download retrieve fetch add_wms add_wmts add_google_tiles add_user_data add_raster userdata "
    "intake_catalogue",
    "dynamic": "exec_module load_module import_module find_spec eval_js execute exec_command runcode runsource "
    "to_pickle dump ctypes mro format_map get_field get_value vformat gi_frame gi_code gi_yieldfrom cr_frame cr_code "
    "cr_await ag_frame ag_code f_globals f_locals f_builtins f_back f_code tb_frame tb_next func_globals func_code "
    "with_traceback obj f_trace load_definitions from_custom_template __reduce__ add_traceback python_function "
    "to_delayed_objects methodcaller attrgetter set_usetex as_strided",
    "persistence": "register_magic_function input_transformers_post input_transformers_cleanup ast_transformers "
    "register register_magics set_custom_exc events push_variables define mpl_connect add_callback addHandler "
    "addFilter setLoggerClass set_backend register_dataset_accessor register_dataarray_accessor user_ns "
    "user_global_ns set_trait meta_path path_hooks new_timer settrace setprofile add_extension "
    "register_post_execute set_next_input enable_gui set_hook",
    "browser": "_repr_html_ to_jshtml display_javascript display_html explore hvplot",
}
_WORDS: dict[Kind, str] = {
    "files": "Reads, creates, changes or deletes files",
    "processes": "Starts or controls other processes",
    "network": "Opens the network",
    "dynamic": "Runs or loads code that cannot be read here",
    "persistence": "Changes how later code runs",
    "browser": "Shows content that the browser would run",
}
METHODS: dict[str, Danger] = {}
for _kind, _names in _METHODS.items():
    METHODS.update(_all(_kind, _WORDS[_kind], _names))
"""Attributes that ask on whatever object they are."""

_HARMLESS_CONVERSIONS = frozenset(
    "to_numpy to_dataframe to_dataset to_array to_dataarray to_series to_pandas to_dict to_list to_frame to_period "
    "to_timestamp to_index to_units to_base_units to_compact to_root_units to_reduced_units to_unstacked_dataset "
    "to_stacked_array to_masked_array to_pydatetime to_pytimedelta to_datetime64 to_timedelta64 to_julian_date "
    "to_xarray to_flat_index to_offset to_datetimeindex to_dask_array to_dask_dataframe to_sparse to_dense to_coo "
    "to_wkt to_proj4 to_records to_rgba to_datetime to_timedelta to_tuple to_array_index to_tree".split()
)
_CHECKED_CONVERSIONS = frozenset(
    "to_netcdf to_zarr to_csv to_json to_html to_latex to_markdown to_string to_excel to_feather to_parquet to_stata "
    "to_xml".split()
)
_BEGINNINGS: dict[str, Kind] = {
    **dict.fromkeys(("print_", "write_", "save_", "dump_", "export_", "to_", "open_", "load_"), "files"),
    **dict.fromkeys(("download_", "fetch_"), "network"),
    **dict.fromkeys(("run_", "exec_"), "dynamic"),
    "register_": "persistence",
}


WRITES_ONLY = re.compile(
    r"(to|print|write|save|dump|export)(_\w+)?|remove(dirs)?|unlink|rm(dir|tree)|mkdir|makedirs|ch(mod|own)|touch|savetxt|truncate"
)
"""What asks about files without reading any."""


def by_method(name: str) -> Danger | None:
    """What an attribute of this name asks for on whatever object it is, or None."""
    if name in METHODS:
        return METHODS[name]
    if name in _HARMLESS_CONVERSIONS or name in _CHECKED_CONVERSIONS:
        return None
    for beginning, kind in _BEGINNINGS.items():
        if name.startswith(beginning):
            return (kind, _WORDS[kind])
    return None


RISKY_LEAVES = frozenset(
    "os sys subprocess shutil socket importlib builtins pickle threading multiprocessing urllib requests tempfile "
    "webbrowser codecs marshal runpy pathlib inspect gc pty fsspec".split()
)
"""Modules that are not taken for a column or a variable of a data set of that name."""
