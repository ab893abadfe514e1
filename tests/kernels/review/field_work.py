"""Harmless snippets of a second hand, each tried on the review as it was first written.

The last one is asked about: a link that leads out of the folder is there, and the pattern may match it.
"""

from __future__ import annotations

SNIPPETS: tuple[str, ...] = (
    "jja = tas.sel(time=tas.time.dt.month.isin([6, 7, 8]))\n"
    "jja.groupby('time.year').mean('time').mean(['lat', 'lon']).plot()",
    "daily = ds['pr'].resample(time='D').sum(skipna=True)\n"
    "wet_days = (daily > 1).resample(time='YS').sum()\n"
    "print(wet_days)",
    "smooth = tas.mean(['lat', 'lon']).rolling(time=12, center=True, min_periods=6).mean()\n"
    "smooth.plot(lw=2, label='12 months')\n"
    "plt.legend()",
    "w = np.cos(np.deg2rad(tas.lat))\n"
    "nh = tas.where(tas.lat > 0, drop=True).weighted(w).mean(('lat', 'lon'))\n"
    "sh = tas.where(tas.lat < 0, drop=True).weighted(w).mean(('lat', 'lon'))\n"
    "(nh - sh).plot()",
    "import cartopy.crs as ccrs\n"
    "import cartopy.feature as cfeature\n"
    "fig, axes = plt.subplots(1, 2, figsize=(14, 5), subplot_kw=dict(projection=ccrs.NorthPolarStereo()))\n"
    "for ax, month in zip(axes, (3, 9)):\n"
    "    ax.set_extent([-180, 180, 50, 90], ccrs.PlateCarree())\n"
    "    ax.add_feature(cfeature.COASTLINE, lw=0.4)\n"
    "    tas.sel(time=tas.time.dt.month == month).mean('time').plot.pcolormesh(ax=ax, "
    "transform=ccrs.PlateCarree(), cmap='Blues_r')\n"
    "    ax.set_title(f'month {month}')",
    "target_lat = np.arange(-89.5, 90, 1.0)\n"
    "target_lon = np.arange(0.5, 360, 1.0)\n"
    "regridded = tas.interp(lat=target_lat, lon=target_lon, method='linear')\n"
    "regridded.sizes",
    "coarse = ds.coarsen(lat=2, lon=2, boundary='trim').mean()\ncoarse.tas.isel(time=-1).plot.contourf(levels=15)",
    "small = tas.isel(time=slice(0, 12)).persist()\n"
    "field = small.mean('time').compute()\n"
    "field.min().item(), field.max().item()",
    "import dask\n"
    "with dask.config.set(scheduler='threads'):\n"
    "    result = ds.tas.mean().compute()\n"
    "print(float(result))",
    "ds = ds.rename({'latitude': 'lat', 'longitude': 'lon'}) if 'latitude' in ds.dims else ds\nprint(ds.dims)",
    "anom = tas.groupby('time.dayofyear') - tas.groupby('time.dayofyear').mean('time')\n"
    "std = anom.std('time')\n"
    "std.plot(vmin=0, vmax=10, cmap='magma')",
    "print(f\"{ds.attrs.get('title', 'no title')}: {ds.time.values[0]} to {ds.time.values[-1]}\")",
    "for var in ['tas', 'pr']:\n"
    "    if var in ds:\n"
    "        da = ds[var]\n"
    " "
    " "
    " "
    " "
    '    print(f\'{var:>5}: mean={float(da.mean()):8.3f} std={float(da.std()):8.3f} {da.attrs.get("units", "?")}\')',
    "coef = np.polyfit(np.arange(len(arr)), arr, deg=1)\n"
    "trend = np.polyval(coef, np.arange(len(arr)))\n"
    "plt.plot(arr, '.', alpha=0.5)\n"
    "plt.plot(trend, 'r-', label=f'{coef[0] * 10:.2f} per decade')\n"
    "plt.legend(frameon=False)",
    "df_m = df.set_index('date').resample('MS')['t'].agg(['mean', 'min', 'max', 'count'])\ndf_m.tail(12)",
    "def heat_index(t, rh):\n"
    '    """A rough index."""\n'
    "    return t + 0.33 * rh / 100 * 6.105 * np.exp(17.27 * t / (237.7 + t)) - 4.0\n"
    "\n"
    "hi = xr.apply_ufunc(heat_index, ds.tas - 273.15, ds.hurs, dask='parallelized', output_dtypes=[float])\n"
    "hi.max().values",
    "events = (pr > pr.quantile(0.99, 'time')).astype(int)\n"
    "events.sum('time').plot(cbar_kwargs={'label': 'days', 'shrink': 0.7})",
    "regions = {'Sahel': (10, 20, -20, 40), 'Med': (30, 46, -10, 40)}\n"
    "out = {}\n"
    "for name, (s, n_, w_, e) in regions.items():\n"
    "    out[name] = float(tas.sel(lat=slice(s, n_), lon=slice(w_, e)).mean())\n"
    "pd.DataFrame.from_dict(out, orient='index', columns=['mean'])",
    "fig, ax = plt.subplots(figsize=(8, 4), constrained_layout=True)\n"
    "ax.fill_between(df.index, df['low'], df['high'], color='0.8', label='range')\n"
    "ax.plot(df.index, df['mid'], color='k', lw=1)\n"
    "ax.axvspan(pd.Timestamp('1991-06-15'), pd.Timestamp('1993-01-01'), alpha=0.2)\n"
    "ax.annotate('Pinatubo', xy=(pd.Timestamp('1991-06-15'), 0.2), rotation=90)\n"
    "ax.spines[['top', 'right']].set_visible(False)",
    "hov = tas.sel(lat=slice(-5, 5)).mean('lat')\n"
    "hov.plot(x='lon', y='time', cmap='RdBu_r', figsize=(6, 9))\n"
    "plt.gca().invert_yaxis()",
    "q = tas.quantile([0.1, 0.5, 0.9], dim=['lat', 'lon'])\nq.plot.line(x='time', add_legend=True)",
    "ds_new = xr.Dataset({'anom': (('time',), np.random.randn(24))}, "
    "coords={'time': pd.date_range('2001', periods=24, freq='MS')})\n"
    "ds_new.anom.groupby('time.season').mean()",
    "both = xr.align(tas, pr, join='inner')\nxr.corr(both[0], both[1], dim='time').plot()",
    "mask = ((ds.lat > 35) & (ds.lat < 70) & (ds.lon > 0) & (ds.lon < 40))\n"
    "eu = ds.tas.where(mask).mean(['lat', 'lon'])\n"
    "eu.to_dataframe(name='tas').describe()",
    "fft = np.fft.rfft(arr - np.mean(arr))\n"
    "period = 1 / np.fft.rfftfreq(arr.size, d=1.0)[1:]\n"
    "plt.semilogx(period, np.abs(fft[1:]) ** 2)\n"
    "plt.gca().set(xlabel='years', ylabel='power')",
    "print(ds.tas.encoding.get('dtype'), ds.tas.chunksizes, ds.nbytes / 2**20)",
    "from scipy import stats\n"
    "tau, p = stats.kendalltau(np.arange(arr.size), arr)\n"
    "print('significant' if p < 0.05 else 'not significant', round(tau, 3))",
    "ensemble = [tas * (1 + 0.01 * k) for k in range(5)]\n"
    "spread = xr.concat(ensemble, dim=pd.Index(range(5), name='member')).std('member')\n"
    "spread.mean(('lat', 'lon')).plot()",
    "annual = tas.resample(time='YE').mean()\n"
    "base = annual.sel(time=slice('1961', '1990')).mean('time')\n"
    "(annual - base).mean(['lat', 'lon']).to_series().plot.bar(color=['b', 'r'])",
    "t850 = ds.ta.sel(plev=85000, method='nearest')\n"
    "fig, ax = plt.subplots()\n"
    "cs = t850.isel(time=0).plot.contour(ax=ax, levels=range(230, 310, 5), colors='k', linewidths=0.5)\n"
    "ax.clabel(cs, fmt='%d')",
    "cyc = tas.groupby('time.month').mean(...)\n"
    "ax = plt.subplot()\n"
    "ax.plot(cyc.month, cyc - 273.15, marker='o')\n"
    "ax.set_xticks(cyc.month.values, list('JFMAMJJASOND'))",
    "table = pd.crosstab(df['season'], df['class'], normalize='index').round(2)\nprint(table.to_string())",
    "g = tas.isel(time=slice(0, 4)).plot(col='time', col_wrap=2, robust=True, "
    "transform=ccrs.PlateCarree(), subplot_kws={'projection': ccrs.Mollweide()})\n"
    "for ax in g.axs.flat:\n"
    "    ax.coastlines()",
    "ds_era = xr.open_dataset('tas.nc', decode_times=True, chunks={'time': 100})\nds_era['tas'].attrs, ds_era.sizes",
    "years_wanted = [y for y in range(1980, 2021) if y % 10 == 0]\n"
    "sel = tas.sel(time=tas.time.dt.year.isin(years_wanted))\n"
    "sel.groupby('time.year').mean().mean(('lat', 'lon')).values.round(2)",
    "lead = 3\n"
    "x, y = arr[:-lead], arr[lead:]\n"
    "r = np.corrcoef(x, y)[0, 1]\n"
    "print(f'lag-{lead} autocorrelation: {r:+.2f}')",
    "from scipy.stats import gamma, norm\n"
    "a, loc, scale = gamma.fit(arr[arr > 0], floc=0)\n"
    "spi = norm.ppf(gamma.cdf(arr, a, loc, scale))\n"
    "plt.hist(spi, bins=30, density=True, histtype='step')",
    "isel = {'lat': 10, 'lon': 20}\n"
    "point = ds.isel(**isel)\n"
    "point.tas.plot(size=4, aspect=2)\n"
    "plt.suptitle(f'{point.lat.item():.1f}N {point.lon.item():.1f}E')",
    "tas_w = tas.assign_coords(month=tas.time.dt.strftime('%b'))\n"
    "tas_w.groupby('month').median('time').sel(lat=0, method='nearest').plot(hue='month')",
    "import matplotlib.pyplot as plt\n"
    "plt.close('all')\n"
    "fig = plt.figure(layout='constrained')\n"
    "axd = fig.subplot_mosaic([['map', 'map'], ['ts', 'hist']])\n"
    "axd['ts'].plot(arr)\n"
    "axd['hist'].hist(arr, 20)\n"
    "fig.savefig('overview.pdf')",
    "ds.tas.isel(time=0).to_dataframe().dropna().reset_index().sort_values('tas', ascending=False).head(10)",
    "stats_row = {'n': arr.size, 'mean': arr.mean(), 'p95': np.nanpercentile(arr, 95)}\n"
    "print(' '.join(f'{k}={v:.3g}' for k, v in stats_row.items()))",
    "rmse = np.sqrt(((tas - tas.shift(time=1)) ** 2).mean('time'))\n"
    "rmse.name = 'rmse'\n"
    "rmse.to_netcdf('rmse_persistence.nc', encoding={'rmse': {'zlib': True, 'complevel': 4}})",
    "bins = np.arange(-30, 45, 5)\n"
    "counts = df.groupby(pd.cut(df['t'], bins), observed=True).size()\n"
    "counts.plot.barh()",
    "df2 = df.copy()\ndf2['x'] = 1",
    "sub = df[df.a > 0]\nsub = sub.assign(x=1)",
    "sub = df.loc[df.a > 0, ['a', 'b']].copy()\nsub['x'] = 1",
    "da = ds.tas.copy()\nda.attrs['units'] = 'K'",
    "for v in ds.data_vars:\n    print(v, ds[v].attrs)",
    "x = arr * 1.0\nx[x < 0] = 0",
    "vals = tas.values.copy()\nvals[0] = 1",
    "out = np.zeros_like(arr)\nnp.add(arr, 1, out=out)",
    "with xr.open_dataset('tas.nc') as d:\n    print(d.tas.mean())",
    "def f(x):\n    x = x.copy()\n    x[0] = 1\n    return x\nf(arr)",
    "def f(d, k):\n    d[k] = 1\n    return d\nout = f({}, 'a')",
    "fig, axes = plt.subplots(2)\nfor a in axes.flat:\n    a.set_title('x')",
    "def deco(a, t):\n    a.set_title(t)\n    a.grid(True)\ndeco(ax, 'x')",
    "m = tas.mean('time')\nm.attrs = tas.attrs\nm.attrs['units'] = 'K'",
    "ys = list(years)\nys.append(2)",
    "ys = years[:]\nys.append(2)",
    "ys = years.copy()\nys.append(2)",
    "ys = sorted(years)\nys.reverse()",
    "acc = {}\nfor name, d in datasets.items():\n    acc[name] = float(d.tas.mean())",
    "res = []\nfor y in years:\n    res.append(y + 1)\nprint(res)",
    "clean = arr[~np.isnan(arr)]\nclean.sort()\nprint(clean[:3])",
    "r = np.random.default_rng(1)\nidx = np.arange(10)\nr.shuffle(idx)",
    "s = df['t']\ns = s.fillna(0)\ns.plot()",
    "lat = ds.lat.values\nlat = lat[::-1]",
    "d = dict(datasets)\nd['new'] = 1",
    "from pathlib import Path\n"
    "for p in sorted(Path('data').glob('*.nc')):\n"
    "    print(p.name, xr.open_dataset(p).sizes)",
    "from pathlib import Path\nprint(Path('notes.txt').read_text())",
    "ds_cf = xr.open_dataset('tas.nc', engine='h5netcdf', chunks='auto', decode_times=False, "
    "drop_variables=['lat_bnds'])",
    "xr.open_mfdataset('data/*.nc', combine='nested', concat_dim='time', data_vars='minimal', "
    "coords='minimal', compat='override', parallel=True)",
    "xr.open_dataset('tas.grib', engine='cfgrib', backend_kwargs={'filter_by_keys': {'typeOfLevel': 'surface'}})",
    "plt.savefig('map_new', format='pdf')",
    "np.load('mask.npy', mmap_mode='r')",
    "from pathlib import Path\nlist(Path('.').glob('**/*.csv'))",
)
