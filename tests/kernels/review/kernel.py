"""The kernel that the corpora take for granted: what it has imported, which variables and files are there."""

from __future__ import annotations

import sys

from jupyter_frevagpt.kernels.review import KernelFacts

GB = 1_000_000_000

FACTS = KernelFacts(
    modules={
        "np": "numpy",
        "pd": "pandas",
        "xr": "xarray",
        "plt": "matplotlib.pyplot",
        "ccrs": "cartopy.crs",
        "cfeature": "cartopy.feature",
    },
    variables={
        "ds": "xarray.Dataset",
        "tas": "xarray.DataArray",
        "pr": "xarray.DataArray",
        "big": "xarray.Dataset",
        "df": "pandas.DataFrame",
        "arr": "numpy.ndarray",
        "years": "list",
        "title": "str",
        "fig": "matplotlib.Figure",
        "ax": "matplotlib.Axes",
        "station_name": "str",
        "datasets": "dict",
        "my_index": "function",
        "model": "__main__.Model",
        "n": "int",
    },
    lazy={"big": 120 * GB, "ds": 2 * GB},
    free_memory=16 * GB,
    cwd="/home/alice/work",
    files=frozenset(
        "tas.nc pr.nc ts.nc stations.csv mask.npy old.png results.csv data secret_link analysis.ipynb notes.txt".split()
    ),
    links=frozenset(("secret_link",)),
    hosts=frozenset(("www.freva.dkrz.de",)),
    freva_host="www.freva.dkrz.de",
    python=sys.version_info[:2],
)
