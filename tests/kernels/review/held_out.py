"""Snippets written after the review was done.

The first run asked 3 of these 50 wrongly (seaborn, scikit-learn, labels of a cartopy grid); only the last was mended.
"""

from __future__ import annotations

SNIPPETS: tuple[str, ...] = (
    "import xarray as xr\n"
    "import matplotlib.pyplot as plt\n"
    "\n"
    "ds = xr.open_dataset('tas.nc')\n"
    "ds['tas'].isel(time=0).plot()",
    "da = ds['tas']\nda_djf = da.sel(time=da['time.season'] == 'DJF')\nda_djf.mean('time').plot(cmap='viridis')",
    "trend = tas.polyfit(dim='time', deg=1)\nslope = trend.polyfit_coefficients.sel(degree=1)\nslope.plot()",
    "from scipy.stats import pearsonr\nr, p = pearsonr(arr[:100], arr[100:200])\nprint(f'r={r:.2f}, p={p:.3f}')",
    "\n"
    "import numpy as np\n"
    "def haversine(lat1, lon1, lat2, lon2):\n"
    "    R = 6371.0\n"
    "    phi1, phi2 = np.radians(lat1), np.radians(lat2)\n"
    "    a = np.sin((phi2 - phi1) / 2) ** 2 + np.cos(phi1) * np.cos(phi2) * np.sin(np.radians(lon2 - "
    "lon1) / 2) ** 2\n"
    "    return 2 * R * np.arcsin(np.sqrt(a))\n"
    "print(haversine(53.55, 9.99, 52.52, 13.40))\n",
    "\n"
    "models = ['MPI-ESM1-2-LR', 'EC-Earth3']\n"
    "results = {}\n"
    "for model_name in models:\n"
    "    sub = ds.tas.sel(model=model_name) if 'model' in ds.dims else ds.tas\n"
    "    results[model_name] = float(sub.mean())\n"
    "pd.Series(results).plot.bar()\n",
    "gdd = (tas - 283.15).clip(min=0).resample(time='YS').sum()\n"
    "gdd.attrs['long_name'] = 'growing degree days'\n"
    "gdd.plot()",
    "frames = []\n"
    "for y in range(2000, 2003):\n"
    "    frames.append(df[df['year'] == y])\n"
    "out = pd.concat(frames, ignore_index=True)",
    "cmap = plt.get_cmap('RdBu_r', 11)\n"
    "norm = plt.Normalize(-5, 5)\n"
    "plt.scatter(df.lon, df.lat, c=df.anom, cmap=cmap, norm=norm)",
    "ax = plt.subplot(111, projection='polar')\nax.bar(np.deg2rad(df['wind_dir']), df['wind_speed'])\nplt.show()",
    "t = ds.time.dt\nprint(t.year.min().item(), t.year.max().item())",
    "print(ds.tas.isnull().sum().item(), 'missing values')",
    "import matplotlib.ticker as mticker\nax = plt.gca()\nax.xaxis.set_major_locator(mticker.MultipleLocator(5))",
    "\n"
    "fig = plt.figure(figsize=(14, 6))\n"
    "for i, season in enumerate(['DJF', 'JJA'], start=1):\n"
    "    ax = fig.add_subplot(1, 2, i, projection=ccrs.PlateCarree())\n"
    "    tas.sel(time=tas['time.season'] == season).mean('time').plot(ax=ax, add_colorbar=False)\n"
    "    ax.coastlines(resolution='110m')\n"
    "    gl = ax.gridlines(draw_labels=True, linestyle='--')\n"
    "    gl.top_labels = False\n"
    "    gl.right_labels = False\n",
    "heat = tas.rolling(time=3).min() > 303.15\n"
    "days = heat.groupby('time.year').sum()\n"
    "days.to_netcdf('heatwave_days.nc')",
    "from collections import Counter\nCounter(df['station']).most_common(3)",
    "dates = pd.to_datetime(df['date'], errors='coerce')\ndates.isna().sum()",
    "table = df.describe().T.round(2)\ntable.to_csv('summary.csv')\ntable",
    "from scipy import signal\nf, Pxx = signal.welch(arr, fs=12)\nplt.semilogy(f, Pxx)",
    "lon_name = [c for c in ds.coords if c in ('lon', 'longitude')][0]\nprint(lon_name)",
    "z = (arr - np.nanmean(arr)) / np.nanstd(arr)\nz[:10]",
    "x = np.linspace(0, 2 * np.pi, 100)\n"
    "plt.plot(x, np.sin(x), label='sin')\n"
    "plt.fill_between(x, 0, np.sin(x), alpha=0.3)\n"
    "plt.legend()",
    "import time\nstart = time.perf_counter()\nv = tas.mean().values\nprint(f'{time.perf_counter() - start:.1f} s')",
    "u10 = ds.uas if 'uas' in ds else 0\nv10 = ds.vas if 'vas' in ds else 0\nwind = np.sqrt(u10 ** 2 + v10 ** 2)",
    "sel = df[(df['lat'] > 50) & (df['lon'].between(5, 15))].copy()\n"
    "sel['anom'] = sel['t'] - sel['t'].mean()\n"
    "sel.head()",
    "ds_sub = ds[['tas', 'pr']].sel(time='2000')\nds_sub.to_zarr('subset_2000.zarr')",
    "ds_mon = ds.resample(time='MS').mean().chunk({'time': 12})\nds_mon.tas.data",
    "import textwrap\nprint(textwrap.fill(ds.attrs.get('history', ''), 80))",
    "quantiles = tas.quantile([0.05, 0.5, 0.95], dim='time')\n"
    "for q in quantiles['quantile'].values:\n"
    "    print(q, float(quantiles.sel(quantile=q).mean()))",
    "names = sorted(ds.data_vars, key=lambda v: ds[v].ndim)\nprint(', '.join(names))",
    "from metpy.units import units\n"
    "import metpy.calc as mpcalc\n"
    "ws = mpcalc.wind_speed(3 * units('m/s'), 4 * units('m/s'))\n"
    "print(ws)",
    "mask = xr.DataArray(np.load('mask.npy'), dims=('lat', 'lon'))\ntas.where(mask).mean('time').plot()",
    "X = np.column_stack([np.ones(10), np.arange(10)])\n"
    "beta, *_ = np.linalg.lstsq(X, np.arange(10.0), rcond=None)\n"
    "print(beta)",
    "from sklearn.decomposition import PCA\npca = PCA(n_components=3)\npcs = pca.fit_transform(arr)",
    "import seaborn as sns\nsns.heatmap(df.corr(numeric_only=True), annot=True)",
    'for v in ds.data_vars:\n    print(f\'{v:10s} {ds[v].dims} {ds[v].attrs.get("units", "")}\')',
    "from matplotlib import pyplot as plt, gridspec\n"
    "gs = gridspec.GridSpec(2, 1, height_ratios=[3, 1])\n"
    "ax = plt.subplot(gs[0])",
    "clim = ds.tas.sel(time=slice('1961', '1990')).groupby('time.dayofyear').mean()\n"
    "clim.to_dataset(name='clim').to_netcdf('clim_1961_1990.nc')",
    "os_path = 'data'\n"
    "import os\n"
    "files = [f'{os_path}/tas_{y}.nc' for y in range(1990, 1993)]\n"
    "xr.open_mfdataset(files, combine='nested', concat_dim='time')",
    "def standardise(x, dim='time'):\n"
    "    return (x - x.mean(dim)) / x.std(dim)\n"
    "\n"
    "index = standardise(ds.tas.mean(['lat', 'lon']))\n"
    "index.to_series().plot(kind='area', stacked=False)",
    "stacked = ds.tas.stack(space=('lat', 'lon')).dropna('space')\nC = np.cov(stacked.values.T[:50])\nplt.matshow(C)",
    "ds.tas.attrs.get('units'), ds.tas.dtype, ds.tas.shape",
    "df_long = df.melt(id_vars='date', var_name='station', value_name='t')\n"
    "df_long.groupby(['station', df_long.date.dt.year]).t.mean().unstack()",
    "anim_frames = [tas.isel(time=i).values for i in range(3)]\nlen(anim_frames)",
    "plt.figure()\nplt.hist(tas.values.ravel(), bins=50)\nplt.xlabel('K')\nplt.savefig('hist.png')\nplt.close()",
    "msg = 'mean: {:.1f} K, max: {:.1f} K'.format(tas.mean().item(), tas.max().item())\nprint(msg)",
    "rx1day = pr.resample(time='YS').max('time')\n"
    "rx1day = rx1day.rename('rx1day')\n"
    "rx1day.plot(x='lon', y='lat', col='time', col_wrap=3)",
    "def load_year(y):\n"
    "    return xr.open_dataset(f'data/tas_{y:04d}.nc')\n"
    "\n"
    "all_years = xr.concat([load_year(y) for y in range(2000, 2003)], 'time')",
    "ax = df.plot(x='lon', y='lat', kind='scatter', c='t', colormap='plasma')\n"
    "ax.set_aspect('equal')\n"
    "ax.figure.savefig('stations.png')",
    "import cartopy.crs as ccrs\n"
    "proj = ccrs.LambertConformal(central_longitude=10)\n"
    "print(proj.transform_point(10, 53, ccrs.PlateCarree()))",
)
