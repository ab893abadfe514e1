"""Which functions and methods leave their arguments as they are, for telling what code may change in place."""

from __future__ import annotations

PURE_BUILTINS = frozenset(
    "abs all any ascii bin bool bytes callable chr complex dict dir display divmod enumerate filter float format "
    "frozenset getattr hasattr hash hex id int isinstance issubclass len list map max min oct open ord pow print "
    "range repr reversed round set slice sorted str sum tuple type zip".split()
)
"""Builtins that change none of their arguments; ``next`` and ``iter`` move an iterator on and are not among them."""

NEW_RESULT = frozenset(
    "abs all any ascii bin bool bytes callable chr complex dir display divmod float format hash hex id int isinstance "
    "issubclass len oct open ord pow print range repr round str sum type".split()
)
"""Builtins whose result shares nothing with their arguments."""

PURE_METHODS = frozenset(
    "abs all any argmax argmin argsort assign assign_attrs assign_coords astype autocorr between bfill bitwise_and "
    "cat clip coarsen combine_first conj copy corr count cov cummax cummin cumprod cumsum cumulative date decode "
    "describe diff dot drop drop_duplicates drop_isel drop_sel drop_vars dropna dt encode endswith equals "
    "expand_dims explode ffill fillna first flatten format from_dict get get_group groupby groupby_bins head hist "
    "histogram idxmax idxmin identical iloc infer_objects integrate interp interp_like interpolate interpolate_na "
    "isel isin isna isnull isoformat items iterrows itertuples join keys kurt last line lower lstrip mask max mean "
    "median melt memory_usage merge min mode month ndim nlargest nsmallest notna notnull nunique pct_change pivot "
    "pivot_table plot pow prod quantile query rank ravel reindex reindex_like rename rename_axis repeat replace "
    "resample reset_coords reset_index reshape rolling round rsplit rstrip searchsorted sel select_dtypes sem "
    "set_axis set_index shift skew sort_index sort_values sortby split splitlines squeeze stack startswith std str "
    "strftime strip sum swap_dims swapaxes tail take title to_array to_csv to_dataarray to_dataframe to_dataset "
    "to_datetime to_dict to_frame to_list to_netcdf to_numpy to_pandas to_period to_series to_string to_timestamp "
    "tolist total_seconds transpose tz_convert tz_localize unify_chunks unique unstack upper value_counts values var "
    "view weighted where year zfill drop_attrs chunk compute persist polyfit nonzero trace diagonal pad ewm savefig "
    "info differentiate sample".split()
)
"""Methods of data that leave it as it is, unless they are told ``inplace``."""

SHARING = frozenset(
    "T astype assign assign_attrs assign_coords copy drop_vars dt expand_dims first get get_group groupby head iloc "
    "isel items iterrows itertuples keys last loc ravel reindex rename reshape reset_coords reset_index rolling sel "
    "set_index sortby squeeze str swap_dims swapaxes tail to_array to_dataarray to_dataset to_frame to_numpy "
    "to_pandas to_series transpose unstack stack values view where chunk compute persist set_axis rename_axis "
    "diagonal take".split()
)
"""Those of them whose result may be, or share its memory with, what they are called on."""

CALLS_BACK = frozenset("apply applymap agg aggregate transform map pipe reduce map_blocks map_overlap".split())
"""Methods that hand their data to a function."""

CHANGING_FUNCTIONS = frozenset(
    "copyto put place putmask fill_diagonal shuffle put_along_axis at setitem delitem heappush heappop heapify insort "
    "insort_left insort_right set_fill_value harden_mask soften_mask setp".split()
)
"""Functions of known modules that change their first argument."""

OUT_THIRD = frozenset(
    "add subtract multiply divide true_divide floor_divide power maximum minimum mod remainder arctan2 hypot "
    "logical_and logical_or dot matmul".split()
)
OUT_SECOND = frozenset("sqrt exp log log10 abs absolute negative sin cos tan square floor ceil rint sign isnan".split())
"""Functions of numpy that write into an argument at this position."""
