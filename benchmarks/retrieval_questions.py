"""Questions with the passages that answer them, written before anything was tuned; every third is kept for the end.

A passage is right where its heading ends in one of the names. Names of functions stand in the question only where
people would say them.
"""

from __future__ import annotations

XARRAY = """
pick the value at the grid point closest to a given latitude and longitude | sel interp
take elements by integer position along a dimension | isel
interpolate data onto new coordinates | interp
put one dataset on the same coordinates as another by interpolation | interp_like
average with weights along dimensions | weighted mean
make monthly means out of daily data | resample
split by month and average each group | groupby
moving average over twelve time steps | rolling rolling_exp construct
average blocks of neighbouring grid cells | coarsen
change the chunk sizes of dask arrays | chunk
compute a lazily loaded array and return a new object | compute
load the values into memory in place | load
keep the dask computation result in memory but as dask arrays | persist
open several files as a single dataset | open_mfdataset
open a file lazily from disk | open_dataset load_dataset
read a zarr store | open_zarr
write the data to a netcdf file | to_netcdf
write to a zarr store | to_zarr
join datasets along a new or existing dimension | concat
combine datasets with different variables into one | merge
combine many files automatically by their coordinates | combine_by_coords
combine a nested list of datasets | combine_nested
mask values where a condition does not hold | where
replace missing values by a constant | fillna
drop labels that have missing values | dropna
fill gaps by interpolation along a dimension | interpolate_na
carry the last valid value forward | ffill
carry the next valid value backward | bfill
convert a calendar to another one | convert_calendar
interpolate time onto another calendar | interp_calendar
fit a polynomial along a dimension | polyfit
evaluate a polynomial from its coefficients | polyval
difference between neighbouring elements | diff
derivative along a coordinate | differentiate
integrate along a coordinate with the trapezoidal rule | integrate cumulative_integrate
compute a percentile along a dimension | quantile
index of the largest value along a dimension | argmax idxmax
coordinate label where the maximum is | idxmax
put variables in another order of dimensions | transpose
turn a variable into a coordinate | set_coords
turn coordinates back into variables | reset_coords
use another coordinate as index of a dimension | swap_dims set_index
rename variables or dimensions | rename rename_vars rename_dims
remove dimensions of length one | squeeze
add a dimension of length one | expand_dims
pivot several dimensions into one multiindex | stack
undo a stacked multiindex | unstack
turn the data into a pandas table | to_dataframe to_series to_pandas
make a dataset from a pandas table | from_dataframe from_series
apply a function written for numpy arrays with named core dimensions | apply_ufunc
apply a function to each block of a dask array | map_blocks
pearson correlation of two arrays | corr
covariance between two arrays | cov
matrix product with named dimensions | dot
make a range of dates that may have a non-standard calendar | date_range cftime_range
arrays must have equal indexes before arithmetic: check or join them | align
shift the data by some steps and wrap around | roll
shift values along a dimension and fill with missing | shift
sort by a coordinate | sortby
assign new coordinates to an object | assign_coords
remove variables from a dataset | drop_vars
write attributes onto the object and return it | assign_attrs
decode times and scale factors by CF conventions | decode_cf
find the intersection or union of indexes by reindexing | reindex reindex_like align
bin values into intervals and group | groupby_bins
"""

PANDAS = """
join two tables on a column like in a database | merge
put tables one below the other | concat
read a comma separated file | read_csv
read an excel sheet | read_excel
write a table as csv | to_csv
write a parquet file | to_parquet
first few rows of a table | head
remove duplicate rows | drop_duplicates
mark which rows are duplicates | duplicated
count how often each value appears | value_counts
group rows by a column and aggregate | groupby agg aggregate
spreadsheet like pivot with aggregation | pivot_table
turn columns into rows, unpivot | melt
reshape from long to wide | pivot
change the frequency of a time series | resample asfreq
moving window mean | rolling
exponentially weighted average | ewm
cumulative sum | cumsum
difference to the previous row | diff
relative change between rows | pct_change
move values down by one row | shift
parse strings as dates | to_datetime
make a range of dates with fixed frequency | date_range
duration from strings | to_timedelta
convert strings to numbers and set bad ones missing | to_numeric
change the type of a column | astype
fill missing values | fillna
remove rows with missing values | dropna
interpolate missing values | interpolate
boolean mask of missing values | isna isnull
sort rows by a column | sort_values
sort by index labels | sort_index
select rows with a query string | query
compute a column from an expression in a string | eval
apply a function along an axis | apply
rename columns | rename
use a column as the index | set_index
turn the index back into a column | reset_index
bin continuous values into intervals | cut
bin values into quantiles | qcut
summary statistics such as mean, deviation and quartiles | describe
correlation of columns | corr
rank values | rank
the n rows with the largest values | nlargest
random sample of rows | sample
set values outside limits to the limits | clip
one-hot encode a categorical column | get_dummies
split lists in cells into several rows | explode
replace values by others | replace
join on the nearest key, such as the last time before | merge_asof
convert time zone of a time index | tz_convert
attach a time zone to naive times | tz_localize
round times to a frequency | round floor ceil
split strings at a delimiter into columns | split rsplit
does each string match or contain a pattern | contains match fullmatch
swap rows and columns | transpose
keep the index of the largest value | idxmax
test whether each value is among a list | isin
"""

OURS = """
Which years come from ERA5, which from the simulation? | Where the data come from: ERA5 until 2019, NextGEMS from 2020
How do I get one place out of a HEALPix field? | The value of a place out of the globe
Why do I get an area instead of a single value with decode? | Around a place: decode with lon and lat
mean over a month with decode | Averages over days, months, years
What arguments does decode take? | The call
draw the globe on a map with easygems | Maps
Is there precipitation in stableclimgen? | Variables and their units
How do I average temperature over the globe properly? | Area weights on a regular latitude-longitude grid
weights on a curvilinear ocean grid | Cell areas of other grids
mean over land only | Only land, only a region
convert precipitation flux to mm per day | Precipitation flux to millimetres per day
temperature is in kelvin but I want celsius | Kelvin and degrees Celsius
what does geopotential divided by gravity give | Pressure, geopotential, wind
winter means that keep December with the following January | Monthly, yearly and seasonal means: resample
remove the seasonal cycle to get anomalies | Climatology and anomalies
February counts as much as July in my annual mean | Yearly means from monthly data: weights by the length of the months
models with 360 days a year | Calendars without leap days: cftime
unable to decode time units months since | When times do not decode
warming per decade | Trends
opening hundreds of netcdf files is slow | One file, many files
region across Greenwich is empty | Longitudes from 0 to 360 or from -180 to 180
selecting latitudes gives nothing | Latitudes that run from north to south
time series of one city | A single point
open a grib file | Which engine
compress the output file | Encoding and writing
kernel died while computing | When the kernel dies or memory runs out
how big should dask chunks be | Chunks
show a progress bar for a dask computation | Seeing progress and using more cores
Will this dataset fit into memory? | How large is it
data appear as a tiny dot on the map | A map with cartopy
white stripe at zero longitude in contour plot | The white line at Greenwich
plot rotated pole CORDEX data | Rotated poles and curvilinear grids
which colormap for anomalies | Colours
coastlines missing without network | Region, grid lines, borders
number of summer days each year | Counting days
95th percentile over time | Percentiles and extremes
ensemble mean when models have different numbers of members | Ensembles
subtracting two grids gives an empty result | Joining data that do not match
conservative remapping of rainfall | Regridding
search CMIP6 files with python | First steps
list the experiments that exist for a model | Which values does a facet have
find datasets between 1981 and 2010 | Time range
only files that cover the complete period | How strictly the time range counts: time_select
search by bounding box | Region: bbox and bbox_select
older versions of a dataset | Versions of a dataset
open the search result with xarray | Files on this machine
read data from outside the computing centre | Files that are somewhere else: Zarr streams
let the server concatenate files | One dataset out of many files, made by the server
tell the databrowser which server to use | Which server is asked: host
search returns nothing and no error | Errors
use CMIP names such as source_id | Flavours: the same facets by other names
make my own files findable | Own data in the databrowser
search in the terminal | Command line
submit a batch job | A batch job with Slurm
out of memory state of a job | A job that was killed
too many threads | Threads that fight each other
start dask workers as jobs | dask on compute nodes
may I run this on the login node | Login nodes are for all
disk quota exceeded | When the disk is full
where to put files that can be deleted | Home, work, scratch
millions of small files are slow | Parallel file systems like few large files
file on tape cannot be opened | Files on tape
use my conda environment in the notebook | An own kernel for Jupyter
package installed but not found in notebook | Which Python does this notebook use
download fails on the compute node | No network on compute nodes
"""


def questions() -> list[tuple[str, str, frozenset[str], bool]]:
    """Return corpus, question, what a right heading ends in, and whether it is kept for the end."""
    found = []
    for corpus, text in (("xarray", XARRAY), ("pandas", PANDAS), ("ours", OURS)):
        for number, line in enumerate(text.strip().splitlines()):
            question, _, answers = line.partition(" | ")
            names = frozenset((answers,) if corpus == "ours" else answers.split())
            found.append((corpus, question, names, number % 3 == 2))
    return found
