"""The modules whose functions are harmless to call, with what in them is not."""

from __future__ import annotations

import sys

import msgspec


class Rule(msgspec.Struct, frozen=True):
    """An allow-listed module: all its names but ``deny``, or, where given, ``only`` these.

    A name that is a module of its own counts only when it has its own rule, or is listed in ``fine`` because here it is
    a function of the same name.
    """

    only: frozenset[str] | None = None
    deny: frozenset[str] = frozenset()
    fine: frozenset[str] = frozenset()


def _rule(only: str | None = None, deny: str = "", fine: str = "") -> Rule:
    names = None if only is None else frozenset(only.split())
    return Rule(only=names, deny=frozenset(deny.split()), fine=frozenset(fine.split()))


_ALL = _rule()
_NONE = _rule(only="")

MODULES: dict[str, Rule] = {
    "numpy": _rule(
        deny="DataSource lib core f2py distutils ctypeslib test rec char compat exceptions matlib source show_config "
        "show_runtime seterrcall setbufsize lookfor deprecate nested_iters safe_eval byte_bounds loads info fromregex "
        "strings emath dtypes add_docstring add_newdoc set_string_function set_numeric_ops getbuffer mafromtxt "
        "ndfromtxt recfromtxt recfromcsv who from_dlpack",
        fine="array select copy trace",
    ),
    "numpy.linalg": _rule(deny="linalg lapack_lite umath_linalg test"),
    "numpy.fft": _rule(deny="helper pocketfft test"),
    "numpy.ma": _rule(deny="core extras testutils timer_comparison mrecords bench test", fine="array copy trace"),
    "numpy.random": _rule(deny="mtrand bit_generator get_bit_generator set_bit_generator test", fine="random"),
    "numpy.polynomial": _rule(only="Polynomial Chebyshev Legendre Laguerre Hermite HermiteE"),
    "numpy.testing": _rule(
        only="assert_allclose assert_array_equal assert_equal assert_almost_equal assert_array_less"
    ),
    "numpy.lib": _NONE,
    "numpy.lib.stride_tricks": _rule(only="sliding_window_view broadcast_to broadcast_arrays"),
    "numpy.typing": _rule(only="NDArray ArrayLike DTypeLike"),
    "pandas": _rule(
        deny="io core compat util tests show_versions eval read_pickle read_sql read_sql_query read_sql_table "
        "read_gbq read_clipboard read_html read_xml read_hdf read_iceberg HDFStore to_pickle test",
    ),
    "pandas.api": _NONE,
    "pandas.api.types": _ALL,
    "pandas.errors": _rule(deny="cow"),
    "pandas.arrays": _ALL,
    "pandas.offsets": _ALL,
    "pandas.options": _NONE,
    "pandas.options.display": _ALL,
    "pandas.plotting": _ALL,
    "pandas.tseries": _NONE,
    "pandas.tseries.offsets": _ALL,
    "pandas.tseries.frequencies": _rule(only="to_offset infer_freq"),
    "pandas.testing": _rule(only="assert_frame_equal assert_series_equal assert_index_equal"),
    "xarray": _rule(
        deny="backends core tutorial util show_versions register_dataset_accessor register_dataarray_accessor "
        "register_datatree_accessor conventions namedarray structure computation indexes coders coding compat tests "
        "static",
    ),
    "xarray.testing": _rule(only="assert_equal assert_identical assert_allclose"),
    "xarray.ufuncs": _rule(deny="ABC abstractmethod"),
    "xarray.plot": _rule(only="line plot contour contourf pcolormesh imshow hist scatter step"),
    "xarray.groupers": _rule(only="UniqueGrouper BinGrouper TimeResampler SeasonGrouper SeasonResampler"),
    "dask": _rule(only="compute persist delayed is_dask_collection optimize"),
    "dask.array": _rule(
        deny="to_zarr to_hdf5 store to_npy_stack from_npy_stack from_zarr from_tiledb to_tiledb register_chunk_type "
        "core chunk utils backends numpy_compat dispatch wrap chunk_types creation routines slicing ufunc reductions "
        "einsumfuncs lib tiledb_io assert_eq optimization overlap",
        fine="array select copy",
    ),
    "dask.array.linalg": _rule(deny="toolz partial"),
    "dask.array.fft": _ALL,
    "dask.array.random": _rule(deny="Lock getitem", fine="random"),
    "dask.array.ma": _rule(deny="wraps"),
    "dask.array.stats": _rule(deny="da distributions special namedtuple"),
    "dask.dataframe": _rule(
        only="read_csv read_parquet from_pandas from_dask_array from_array concat merge to_numeric to_datetime "
        "DataFrame Series"
    ),
    "dask.diagnostics": _rule(only="ProgressBar"),
    "dask.config": _rule(only="set get"),
    "matplotlib": _rule(
        only="use get_backend rc rcParams rcParamsDefault rc_context rcdefaults colormaps color_sequences __version__"
    ),
    "matplotlib.pyplot": _rule(
        deny="switch_backend install_repl_displayhook uninstall_repl_displayhook rcParamsOrig rc_file cbook rcsetup "
        "register_cmap connect disconnect ginput waitforbuttonpress subplot_tool get_plot_commands docstring mlab "
        "cast overload pylab_helpers plotting FigureManagerBase new_figure_manager get_current_fig_manager dviread "
        "ExitStack FigureCanvasBase Widget Button Slider BackendFilter AbstractContextManager IO Enum findobj",
    ),
    "matplotlib.style": _rule(only="use context available"),
    "matplotlib.colors": _rule(deny="Image PngInfo cbook scale ABC abstractmethod"),
    "matplotlib.cm": _rule(deny="colors cbook"),
    "matplotlib.ticker": _rule(deny="cbook mtransforms"),
    "matplotlib.dates": _rule(deny="cbook ticker units"),
    "matplotlib.patches": _rule(deny="artist cbook colors mhatch mlines transforms SimpleNamespace namedtuple"),
    "matplotlib.lines": _rule(only="Line2D"),
    "matplotlib.gridspec": _rule(only="GridSpec GridSpecFromSubplotSpec SubplotSpec"),
    "matplotlib.transforms": _rule(only="Affine2D Bbox BboxTransform ScaledTranslation blended_transform_factory"),
    "matplotlib.path": _rule(only="Path"),
    "matplotlib.patheffects": _rule(only="withStroke Stroke Normal"),
    "matplotlib.figure": _rule(only="Figure figaspect"),
    "matplotlib.offsetbox": _rule(only="AnchoredText AnnotationBbox TextArea"),
    "matplotlib.collections": _rule(only="LineCollection PatchCollection PolyCollection QuadMesh PathCollection"),
    "mpl_toolkits": _NONE,
    "mpl_toolkits.axes_grid1": _rule(only="make_axes_locatable ImageGrid AxesGrid"),
    "mpl_toolkits.axes_grid1.inset_locator": _rule(only="inset_axes mark_inset zoomed_inset_axes"),
    "mpl_toolkits.mplot3d": _rule(only="Axes3D"),
    "cartopy": _rule(only="__version__"),
    "cartopy.crs": _rule(deny="sgeom prep urlopen epsg Transformer ABCMeta OrderedDict lru_cache"),
    "cartopy.feature": _rule(deny="WFSFeature shapereader ABCMeta abstractmethod"),
    "cartopy.util": _rule(only="add_cyclic_point add_cyclic has_cyclic"),
    "cartopy.mpl": _NONE,
    "cartopy.mpl.ticker": _rule(only="LongitudeFormatter LatitudeFormatter LongitudeLocator LatitudeLocator"),
    "cartopy.mpl.gridliner": _rule(only="LONGITUDE_FORMATTER LATITUDE_FORMATTER"),
    "cartopy.mpl.geoaxes": _rule(only="GeoAxes"),
    "scipy": _rule(only="__version__"),
    "scipy.stats": _rule(
        deny="biasedurn contingency distributions kde morestats mstats_basic mstats_extras mvn stats test"
    ),
    "scipy.stats.mstats": _ALL,
    "scipy.stats.qmc": _ALL,
    "scipy.signal": _rule(
        deny="bsplines filter_design fir_filter_design lti_conversion ltisys signaltools spectral spline waveforms "
        "wavelets test"
    ),
    "scipy.signal.windows": _rule(deny="windows"),
    "scipy.interpolate": _rule(deny="fitpack fitpack2 interpnd interpolate ndgriddata polyint rbf test"),
    "scipy.ndimage": _rule(deny="filters fourier interpolation measurements morphology test"),
    "scipy.optimize": _rule(
        deny="cobyla lbfgsb linesearch minpack minpack2 moduleTNC nonlin optimize slsqp tnc zeros test"
    ),
    "scipy.integrate": _rule(deny="dop lsoda odepack quadpack vode test"),
    "scipy.linalg": _rule(
        deny="basic blas cython_blas cython_lapack decomp decomp_cholesky decomp_lu decomp_qr decomp_schur decomp_svd "
        "interpolative lapack matfuncs misc special_matrices test"
    ),
    "scipy.special": _rule(deny="add_newdocs basic cython_special orthogonal sf_error specfun spfun_stats test"),
    "scipy.spatial": _rule(deny="ckdtree kdtree qhull transform test"),
    "scipy.spatial.distance": _rule(deny="xpx Callable partial"),
    "scipy.fft": _rule(deny="set_backend set_global_backend register_backend skip_backend test"),
    "scipy.constants": _rule(deny="codata constants test"),
    "scipy.cluster": _NONE,
    "scipy.cluster.vq": _rule(only="kmeans kmeans2 vq whiten"),
    "scipy.cluster.hierarchy": _rule(only="linkage dendrogram fcluster cophenet leaves_list"),
    "scipy.sparse": _rule(
        only="csr_matrix csc_matrix coo_matrix lil_matrix dok_matrix diags eye identity kron hstack vstack csr_array "
        "csc_array coo_array issparse block_diag spdiags random"
    ),
    "scipy.sparse.linalg": _rule(only="spsolve eigs eigsh svds cg gmres bicgstab inv norm lsqr factorized splu"),
    "scipy.io": _rule(only="loadmat netcdf_file savemat"),
    "metpy": _rule(only="__version__"),
    "metpy.calc": _rule(
        deny="exporter tools basic thermo kinematics indices turbulence cross_sections calctools exceptions set_module"
    ),
    "metpy.units": _rule(only="units concatenate check_units"),
    "metpy.constants": _rule(deny="default nounit"),
    "metpy.interpolate": _rule(deny="exporter grid points one_dimension slices tools geometry"),
    "regionmask": _rule(deny="core set_options"),
    "regionmask.defined_regions": _rule(only="srex giorgi prudence"),
    "regionmask.defined_regions.ar6": _rule(only="all land ocean"),
    "healpy": _rule(
        deny="cookbook utils pixelfunc sphtfunc fitsfunc zoomtool projaxes projector rotator newvisufunc version "
        "write_alm write_cl read_alm read_cl mwrfits mrdfits visufunc data lib sphtlib config deprecated"
    ),
    "netCDF4": _rule(
        only="Dataset MFDataset num2date date2num date2index chartostring stringtochar default_fillvals Variable "
        "Group Dimension"
    ),
    "cftime": _ALL,
    "freva_client": _rule(only="databrowser"),
    "IPython": _NONE,
    "IPython.display": _rule(only="display clear_output Markdown Math Latex Image Code Pretty"),
    "math": _ALL,
    "cmath": _ALL,
    "statistics": _rule(deny="namedtuple groupby repeat mul reduce"),
    "datetime": _rule(fine="datetime time"),
    "calendar": _rule(deny="HTMLCalendar LocaleHTMLCalendar main repeat error"),
    "time": _rule(only="sleep perf_counter time monotonic process_time strftime strptime gmtime localtime ctime"),
    "zoneinfo": _rule(only="ZoneInfo available_timezones"),
    "itertools": _ALL,
    "functools": _rule(only="partial reduce lru_cache cache wraps cmp_to_key"),
    "collections": _rule(only="Counter OrderedDict defaultdict deque namedtuple ChainMap"),
    "collections.abc": _rule(fine="abc"),
    "re": _rule(deny="enum functools copyreg Scanner template"),
    "json": _rule(only="loads dumps load dump JSONDecodeError"),
    "csv": _rule(only="reader DictReader writer DictWriter QUOTE_ALL QUOTE_MINIMAL QUOTE_NONE"),
    "textwrap": _rule(only="dedent indent wrap fill shorten"),
    "pprint": _rule(only="pprint pformat"),
    "decimal": _ALL,
    "fractions": _rule(only="Fraction"),
    "numbers": _rule(deny="ABCMeta abstractmethod"),
    "string": _rule(only="ascii_letters ascii_lowercase ascii_uppercase digits punctuation capwords Template"),
    "random": _rule(deny="_os _urandom"),
    "operator": _rule(only="itemgetter add sub mul truediv floordiv mod neg and_ or_ xor eq ne lt le gt ge", fine=""),
    "typing": _rule(only="Any Callable Iterable Iterator Literal Mapping NamedTuple Optional Sequence Union TypeAlias"),
    "__future__": _ALL,
    "warnings": _rule(only="filterwarnings simplefilter catch_warnings warn"),
    "logging": _rule(only="getLogger DEBUG INFO WARNING ERROR CRITICAL captureWarnings"),
    "io": _rule(only="StringIO BytesIO"),
    "copy": _rule(only="copy deepcopy", fine="copy"),
    "glob": _rule(only="glob iglob", fine="glob"),
    "pathlib": _rule(only="Path PurePath PurePosixPath"),
    "os": _rule(only="sep linesep getcwd cpu_count extsep"),
    "os.path": _rule(only="join basename dirname splitext exists isfile isdir getsize getmtime normpath sep"),
    "sys": _rule(only="version version_info maxsize float_info platform getsizeof byteorder"),
    "tqdm": _rule(only="tqdm trange"),
    "tqdm.auto": _rule(only="tqdm trange"),
    "tqdm.notebook": _rule(only="tqdm trange"),
}
"""The allow-list of modules; the packages that are not in it, and what is denied in these, ask."""

_FOREIGN = frozenset(
    "numpy np pandas pd xarray xr scipy matplotlib mpl plt pyplot dask distributed fsspec s3fs gcsfs requests urllib3 "
    "httpx aiohttp pooch torch tensorflow cffi numba joblib yaml cartopy shapely pyproj PIL pyparsing packaging "
    "dateutil six urlopen Popen check_output import_module getoutput system".split()
)


ALIASES = {
    "matplotlib.pyplot.style": "matplotlib.style",
    "matplotlib.pyplot.cm": "matplotlib.cm",
    "matplotlib.pyplot.rcParams": "matplotlib.rcParams",
    "matplotlib.pyplot.rc": "matplotlib.rc",
    "pandas.tseries.offsets": "pandas.offsets",
}
"""Second ways to the same thing."""


def leads_elsewhere(name: str) -> bool:
    """True for an attribute of a module that is, by its name, another module."""
    return name in sys.stdlib_module_names or name in _FOREIGN
