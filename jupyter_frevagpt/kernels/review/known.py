"""The names and types that are known: what later code takes for granted, and objects that are data."""

from __future__ import annotations

CANONICAL = {
    "np": "numpy",
    "pd": "pandas",
    "xr": "xarray",
    "plt": "matplotlib.pyplot",
    "mpl": "matplotlib",
    "ccrs": "cartopy.crs",
    "cfeature": "cartopy.feature",
    "mpcalc": "metpy.calc",
    **{name: name for name in ("numpy", "pandas", "xarray", "dask", "matplotlib", "cartopy", "scipy", "math")},
}
"""The names that later code takes for these modules; binding them to anything else asks."""

_EXCEPTIONS = (
    "ArithmeticError AssertionError AttributeError BaseException DeprecationWarning EOFError Exception "
    "FileExistsError FileNotFoundError FloatingPointError FutureWarning IOError ImportError IndexError KeyError "
    "KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError NotImplementedError OSError "
    "OverflowError PermissionError RecursionError ReferenceError RuntimeError RuntimeWarning StopIteration "
    "SyntaxError TimeoutError TypeError UnicodeDecodeError UnicodeError UserWarning ValueError Warning "
    "ZeroDivisionError"
)
BUILTINS = frozenset(
    "abs all any ascii bin bool bytearray bytes callable chr complex dict dir display divmod enumerate filter "
    "float format frozenset getattr hasattr hash hex id int isinstance issubclass iter len list map max min next oct "
    "open ord pow print range repr reversed round set slice sorted str sum tuple type zip "
    "Ellipsis NotImplemented __name__".split()
    + _EXCEPTIONS.split()
)
"""Builtins whose use is harmless as such; ``open``, ``getattr`` and ``type`` have their arguments looked at."""

DATA_ROOTS = frozenset(
    "numpy pandas xarray dask matplotlib mpl_toolkits cartopy scipy metpy pint regionmask cftime netCDF4 datetime "
    "decimal fractions collections zoneinfo shapely geopandas pyproj re".split()
)
"""Root modules whose objects are data, figures or their parts."""

PLAIN_TYPES = frozenset("int float complex bool str bytes bytearray NoneType range slice ellipsis".split())
OPAQUE_TYPES = frozenset("list tuple dict set frozenset dict_keys dict_values dict_items".split())
"""Containers: what they hold is the user's, so it is not called."""
