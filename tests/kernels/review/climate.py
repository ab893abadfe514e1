"""Snippets as an assistant writes them for climate scientists; none of them needs a question.

They were written before the review was tried on them; those that it asks about count as wrongly asked.
"""

from __future__ import annotations

SNIPPETS: tuple[str, ...] = (
    "ds",
    "print(ds)",
    "ds.tas",
    "ds['tas'].attrs",
    "list(ds.data_vars)",
    "df.head()",
    "df.describe()",
    "import numpy as np\nimport xarray as xr\nimport matplotlib.pyplot as plt",
    'ds = xr.open_dataset("tas.nc")\nds',
    'ds_pr = xr.open_dataset("pr.nc", chunks={"time": 120})\nprint(ds_pr.sizes)',
    "annual = tas.groupby('time.year').mean('time')\nannual.plot()",
    "clim = tas.groupby('time.month').mean('time')\nanom = tas.groupby('time.month') - clim\nanom",
    "weights = np.cos(np.deg2rad(ds.lat))\n"
    "weights.name = 'weights'\n"
    "gm = ds.tas.weighted(weights).mean(('lat', 'lon'))\n"
    "gm.plot()\n"
    "plt.title('Global mean temperature')\n"
    "plt.show()",
    "\n"
    "fig, ax = plt.subplots(figsize=(10, 5), subplot_kw={'projection': ccrs.Robinson()})\n"
    "tas.mean('time').plot(ax=ax, transform=ccrs.PlateCarree(), cmap='RdBu_r', cbar_kwargs={'label': "
    "'K'})\n"
    "ax.coastlines()\n"
    "ax.gridlines(draw_labels=True)\n"
    "ax.set_title('Mean near-surface temperature')\n"
    "plt.show()\n",
    "\n"
    "import cartopy.crs as ccrs\n"
    "import cartopy.feature as cfeature\n"
    "fig = plt.figure(figsize=(12, 6))\n"
    "ax = plt.axes(projection=ccrs.PlateCarree())\n"
    "ax.add_feature(cfeature.BORDERS, linewidth=0.5)\n"
    "ax.add_feature(cfeature.LAND.with_scale('50m'), facecolor='lightgray')\n"
    "ax.set_extent([-20, 40, 30, 70], crs=ccrs.PlateCarree())\n"
    "cf = ax.contourf(ds.lon, ds.lat, ds.tas.isel(time=0), levels=np.linspace(240, 310, 15), "
    "transform=ccrs.PlateCarree())\n"
    "plt.colorbar(cf, ax=ax, orientation='horizontal', pad=0.05, label='K')\n",
    "tas_c = tas - 273.15\ntas_c.attrs['units'] = 'degC'\ntas_c",
    "subset = ds.sel(lat=slice(30, 70), lon=slice(-20, 40), time=slice('1981', '2010'))\nsubset",
    "ham = ds.tas.sel(lat=53.5, lon=10.0, method='nearest')\nham.plot(figsize=(10, 4))\nplt.grid(True)",
    "seasonal = ds.tas.resample(time='QS-DEC').mean()\nseasonal.isel(time=slice(0, 4)).plot(col='time', col_wrap=2)",
    "\n"
    "from scipy import stats\n"
    "x = np.arange(len(arr))\n"
    "slope, intercept, r, p, se = stats.linregress(x, arr)\n"
    "print(f'trend: {slope * 10:.3f} K per decade (p = {p:.3g})')\n",
    "\n"
    "from scipy.stats import linregress\n"
    "def trend(y):\n"
    "    if np.isnan(y).any():\n"
    "        return np.nan\n"
    "    return linregress(np.arange(y.size), y).slope\n"
    "slopes = xr.apply_ufunc(trend, tas, input_core_dims=[['time']], vectorize=True, dask='parallelized',\n"
    "                        output_dtypes=[float])\n"
    "slopes.plot(robust=True)\n",
    "monthly = df.groupby(df.index.month).mean()\nmonthly",
    'stations = pd.read_csv("stations.csv", parse_dates=["date"], index_col="date")\nstations.info()',
    'stations = pd.read_csv("stations.csv")\n'
    'stations["month"] = pd.to_datetime(stations["date"]).dt.month\n'
    'stations.groupby("month")["temperature"].agg(["mean", "std"])',
    "df.loc['2010':'2020'].resample('ME').mean().plot(subplots=True)",
    "df.query('temperature > 20 and month == 7')",
    "threshold = 25\nhot = df.query('tmax >= @threshold')\nlen(hot)",
    "corr = df.corr(numeric_only=True)\nplt.imshow(corr, cmap='coolwarm', vmin=-1, vmax=1)\nplt.colorbar()",
    "\n"
    "fig, axes = plt.subplots(2, 2, figsize=(12, 8), sharex=True)\n"
    "for ax, season in zip(axes.flat, ['DJF', 'MAM', 'JJA', 'SON']):\n"
    "    tas.where(tas['time.season'] == season).mean(['lat', 'lon']).plot(ax=ax)\n"
    "    ax.set_title(season)\n"
    "fig.tight_layout()\n",
    "plt.rcParams['figure.figsize'] = (10, 6)\nplt.rcParams.update({'font.size': 14, 'axes.grid': True})",
    "plt.style.use('ggplot')\ntas.mean(['lat', 'lon']).plot(color='crimson')",
    "import warnings\nwarnings.filterwarnings('ignore')",
    "%matplotlib inline\nimport matplotlib.pyplot as plt",
    "%time m = tas.mean().compute()",
    "%%time\nglobal_mean = tas.mean(['lat', 'lon']).load()\nprint(float(global_mean.max()))",
    "%timeit np.mean(arr)",
    "%config InlineBackend.figure_format = 'retina'",
    "%whos",
    "xr.open_dataset?",
    "percentile_95 = pr.quantile(0.95, dim='time')\nwet = pr.where(pr > percentile_95).count('time')\nwet.plot()",
    "eofs = np.linalg.svd(arr - arr.mean(axis=0), full_matrices=False)\nprint(eofs[1][:5] ** 2 / np.sum(eofs[1] ** 2))",
    "monthly = pr.resample(time='MS').sum() * 86400\nmonthly.attrs.update(units='mm/month', long_name='precipitation')",
    'annual_mean = tas.groupby("time.year").mean()\nannual_mean.to_netcdf("annual_mean.nc")',
    'tas.mean(["lat", "lon"]).plot()\nplt.savefig("global_mean.png", dpi=150, bbox_inches="tight")',
    'out = df.groupby("station").mean(numeric_only=True)\nout.to_csv("station_means.csv", index=False)',
    'np.save("slopes.npy", arr)',
    "\n"
    "for year in range(1990, 1995):\n"
    "    fig, ax = plt.subplots()\n"
    "    tas.sel(time=str(year)).mean('time').plot(ax=ax)\n"
    "    fig.savefig(f'tas_{year}.png')\n"
    "    plt.close(fig)\n",
    "paths = ['tas.nc', 'pr.nc']\nboth = xr.merge([xr.open_dataset(p) for p in paths])\nboth",
    "variables = {'tas': 'tas.nc', 'pr': 'pr.nc'}\n"
    "for name, path in variables.items():\n"
    "    d = xr.open_dataset(path)\n"
    "    print(name, d[name].shape)",
    'many = xr.open_mfdataset("data/*.nc", combine="by_coords", parallel=False)\nmany',
    'import glob\nfiles = sorted(glob.glob("data/*.nc"))\nprint(len(files))\nmany = xr.open_mfdataset(files)',
    "from pathlib import Path\n"
    'data = Path("data")\n'
    'files = sorted(data.glob("tas_*.nc"))\n'
    "many = xr.open_mfdataset(files)",
    'import os\nif os.path.exists("tas.nc"):\n    d = xr.open_dataset(os.path.join("data", "tas.nc"))',
    "\n"
    "from freva_client import databrowser\n"
    "db = databrowser(project='cmip6', variable='tas', experiment='historical', time_frequency='mon')\n"
    "print(len(db))\n"
    "files = sorted(db)\n"
    "d = xr.open_mfdataset(files[:3])\n",
    "from freva_client import databrowser\ndatabrowser.metadata_search(project='cmip6', variable='pr')",
    "\n"
    "import cftime\n"
    "t = xr.cftime_range('2000-01-01', periods=24, freq='MS', calendar='noleap')\n"
    "fake = xr.DataArray(np.random.default_rng(0).normal(size=24), coords={'time': t}, dims='time')\n"
    "fake.groupby('time.month').mean()\n",
    "\n"
    "import metpy.calc as mpcalc\n"
    "from metpy.units import units\n"
    "theta = mpcalc.potential_temperature(850 * units.hPa, 278 * units.kelvin)\n"
    "print(theta.to('degC'))\n",
    "import regionmask\nregions = regionmask.defined_regions.srex\nmask = regions.mask(ds.lon, ds.lat)\nmask.plot()",
    "import regionmask\n"
    "mask = regionmask.defined_regions.ar6.land.mask(ds)\n"
    "names = regionmask.defined_regions.ar6.land.names",
    "import healpy as hp\nm = np.arange(hp.nside2npix(8))\nhp.mollview(m, title='RING')",
    'import netCDF4\nnc = netCDF4.Dataset("tas.nc")\nprint(nc.variables["tas"].units)\nnc.close()',
    "from netCDF4 import Dataset, num2date\n"
    'with Dataset("tas.nc", "r") as nc:\n'
    '    t = nc["time"]\n'
    "    dates = num2date(t[:], t.units)",
    "from scipy.signal import detrend, butter, filtfilt\nb, a = butter(4, 0.1)\nsmooth = filtfilt(b, a, detrend(arr))",
    "from scipy.interpolate import interp1d\nf = interp1d(np.arange(10), np.arange(10) ** 2)\nprint(f(2.5))",
    "from scipy.ndimage import gaussian_filter\nplt.contourf(gaussian_filter(arr, sigma=2))",
    "from scipy.optimize import curve_fit\n"
    "def model_fn(x, a, b):\n"
    "    return a * np.exp(b * x)\n"
    "popt, pcov = curve_fit(model_fn, np.arange(5.0), np.arange(5.0))\n"
    "print(popt)",
    "from datetime import datetime, timedelta\n"
    "start = datetime(2000, 1, 1)\n"
    "print([start + timedelta(days=i) for i in range(3)])",
    "import calendar\nprint([calendar.month_abbr[m] for m in range(1, 13)])",
    "from collections import defaultdict\n"
    "groups = defaultdict(list)\n"
    "for y in range(1980, 2000):\n"
    "    groups[y // 10].append(y)\n"
    "print(dict(groups))",
    "import json\nprint(json.dumps({k: str(v) for k, v in ds.attrs.items()}, indent=2))",
    "import math\nprint(math.degrees(math.asin(0.5)))",
    "nino34 = ds.tos.sel(lat=slice(-5, 5), lon=slice(190, 240)).mean(('lat', 'lon')) if 'tos' in ds "
    "else None\n"
    "print(nino34)",
    "oni = tas.rolling(time=3, center=True).mean().dropna('time')\noni.plot()\nplt.axhline(0.5, color='r', ls='--')",
    "ds['tas'].encoding\nds.tas.chunks\nprint(ds.nbytes / 1e9, 'GB')",
    "\n"
    "def area_mean(da):\n"
    '    """Area-weighted mean over latitude and longitude."""\n'
    "    w = np.cos(np.deg2rad(da['lat']))\n"
    "    return da.weighted(w).mean(['lat', 'lon'])\n"
    "\n"
    "gmst = area_mean(tas)\n"
    "gmst.plot(label='GMST')\n"
    "plt.legend()\n",
    "\ntry:\n    print(ds['tas'].isel(time=0).values)\nexcept KeyError as err:\n    print('no such variable:', err)\n",
    "import dask.array as da\nx = da.random.random((1000, 1000), chunks=(100, 100))\nprint(x.mean().compute())",
    "import dask\nmean, std = dask.compute(tas.mean(), tas.std())\nprint(mean, std)",
    "from dask.diagnostics import ProgressBar\nwith ProgressBar():\n    result = tas.mean('time').compute()",
    "with xr.set_options(keep_attrs=True):\n    diff = ds.tas - 273.15\nprint(diff.attrs)",
    "pd.set_option('display.max_columns', 50)\npd.options.display.float_format = '{:.2f}'.format\ndf",
    "import statistics\nprint(statistics.mean([1.2, 3.4]), statistics.stdev([1.2, 3.4]))",
    "\n"
    "fig, ax = plt.subplots()\n"
    "ax.bar(range(1, 13), tas.groupby('time.month').mean(...).values)\n"
    "ax.set_xticks(range(1, 13))\n"
    "ax.set_xlabel('month')\n"
    "ax.set_ylabel(f\"{tas.attrs.get('long_name', 'tas')} [{tas.units}]\")\n",
    "hist, edges = np.histogram(arr, bins=30, density=True)\nplt.stairs(hist, edges, fill=True)",
    "lat = ds.lat.values\nlon = ds.lon.values\nlon2d, lat2d = np.meshgrid(lon, lat)\nprint(lon2d.shape)",
    "ds_180 = ds.assign_coords(lon=(((ds.lon + 180) % 360) - 180)).sortby('lon')\nds_180.lon",
    "ds_10 = ds.interp(lat=np.arange(-90, 91, 10), lon=np.arange(0, 360, 10))\nds_10.tas.isel(time=0).plot()",
    "from scipy.stats import genextreme\n"
    "c, loc, scale = genextreme.fit(arr)\n"
    "print(genextreme.isf(0.01, c, loc, scale))",
    "tropical_nights = (tas - 273.15 > 20).groupby('time.year').sum('time')\n"
    "tropical_nights.mean(['lat', 'lon']).plot()",
    "x, y = np.polyfit(np.arange(10), np.arange(10) * 2.0, 1)\nprint(f'{x:.2f} {y:.2f}')",
    "pivot = df.pivot_table(index='year', columns='month', values='temperature', aggfunc='mean')\n"
    "plt.pcolormesh(pivot)",
    "df.agg({'temperature': ['mean', 'max'], 'precip': 'sum'})",
    "df.groupby('station').agg(mean_t=('temperature', 'mean'), total=('precip', 'sum')).sort_values('total')",
    "df.apply(lambda row: row['tmax'] - row['tmin'], axis=1)",
    "df['date'].dt.strftime('%Y-%m')\ndf['name'].str.replace('_', ' ').str.title()",
    "clean = df.replace({-999: np.nan}).dropna(how='all').fillna(0)\nclean.isna().sum()",
    "wide = df.rename(columns={'t': 'temperature'}).set_index('date').sort_index()\nwide.loc['2001-05']",
    "print('{:>10} {:8.2f}'.format('mean', float(tas.mean())))",
    "print(type(ds), type(arr).__name__, arr.dtype)",
    "assert tas.ndim == 3, 'expected time, lat, lon'",
    "from matplotlib.colors import BoundaryNorm\n"
    "from matplotlib import cm\n"
    "norm = BoundaryNorm(np.arange(0, 11), cm.viridis.N)\n"
    "plt.pcolormesh(arr, norm=norm, cmap='viridis')",
    "import matplotlib.dates as mdates\n"
    "fig, ax = plt.subplots()\n"
    "ax.plot(df.index, df['t'])\n"
    "ax.xaxis.set_major_locator(mdates.YearLocator(5))\n"
    "ax.xaxis.set_major_formatter(mdates.DateFormatter('%Y'))",
    "from mpl_toolkits.axes_grid1 import make_axes_locatable\n"
    "fig, ax = plt.subplots()\n"
    "im = ax.imshow(arr)\n"
    "cax = make_axes_locatable(ax).append_axes('right', size='5%', pad=0.05)\n"
    "fig.colorbar(im, cax=cax)",
    "ensemble = xr.concat([ds.tas + i for i in range(3)], dim='member')\nensemble.std('member').mean('time').plot()",
    "for name, d in datasets.items():\n    print(name, float(d['tas'].mean()))",
    "spectrum = np.abs(np.fft.rfft(arr - arr.mean())) ** 2\n"
    "freq = np.fft.rfftfreq(arr.size, d=1 / 12)\n"
    "plt.loglog(freq[1:], spectrum[1:])",
    "u, v = ds['ua'], ds['va']\nspeed = np.hypot(u, v)\nplt.quiver(u.lon, u.lat, u.isel(time=0), v.isel(time=0))",
    "ds.to_dataframe().reset_index().head()",
    "ax.set_ylim(0, 10)\nax.legend(loc='upper left')\nfig.suptitle(title)\nfig",
    "months = pd.date_range('2000-01', periods=12, freq='MS')\n"
    "s = pd.Series(np.random.rand(12), index=months)\n"
    "s.plot(kind='bar')",
    "merged = pd.merge(df, df.groupby('station')['t'].mean().rename('mean_t'), on='station')\n"
    "merged['anom'] = merged.t - merged.mean_t",
    "from IPython.display import display, Markdown\ndisplay(Markdown('**Trend** per decade'))\ndisplay(df.head())",
    "np.set_printoptions(precision=3, suppress=True)\nprint(arr[:3])",
    "lagged = [np.corrcoef(arr[: -k or None], arr[k:])[0, 1] for k in range(1, 13)]\nplt.stem(lagged)",
    "land = xr.where(ds.sftlf > 50, 1, 0) if 'sftlf' in ds.data_vars else None",
    "spi = (pr - pr.rolling(time=36).mean()) / pr.rolling(time=36).std()\n"
    "spi.name = 'SPI'\n"
    "spi.mean(['lat', 'lon']).plot.line()",
    "rng = np.random.default_rng(42)\n"
    "boot = [rng.choice(arr, arr.size).mean() for _ in range(1000)]\n"
    "np.percentile(boot, [2.5, 97.5])",
    "region = dict(lat=slice(35, 70), lon=slice(-10, 30))\neurope = ds.sel(**region)\neurope.tas.mean('time').plot()",
    "zonal = tas.mean(['time', 'lon'])\nzonal.plot(y='lat')\nplt.xlabel('K')\nplt.ylabel('latitude')",
    "with open('notes.txt') as f:\n    print(f.read())",
    "from functools import reduce, partial\n"
    "square = partial(np.power, 2)\n"
    "print(reduce(lambda a, b: a + b, [1, 2, 3]))",
    "import re\nm = re.search(r'r(\\d+)i(\\d+)', 'r1i1p1f1')\nprint(m.groups())",
    "levels = [1000, 850, 500, 200]\n"
    "profiles = {p: ds.ta.sel(plev=p * 100).mean() for p in levels} if 'ta' in ds else {}",
    "mk = sum(np.sign(arr[j] - arr[i]) for i in range(5) for j in range(i + 1, 5))\nprint(mk)",
    "fig.savefig('figure_final.pdf')",
)
