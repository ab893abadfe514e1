/** What a search for data found, as it came with a tool's output, and the code that opens it. */

/** A facet with its values and their numbers of files; `more` counts the values that are left out. */
export interface IFacet {
  readonly name: string;
  readonly values: readonly (readonly [string, number])[];
  readonly more: number;
}

/** What was found. */
export interface IDatasets {
  readonly query: string;
  readonly total: number;
  readonly facets: readonly IFacet[];
  readonly files: readonly string[];
}

/** Facets of which a dataset has one value: files that differ in one of them are not parts of one dataset. */
const OWN = [
  /^project$|^mip_era$/,
  /^product$|^activity_id$/,
  /^institute$|^institution_id$/,
  /^model$|^source_id$/,
  /^experiment(_id)?$/,
  /^ensemble$|^member_id$/,
  /^time_frequency$|^frequency$|^table_id$/,
  /^grid_label$/
];

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function facetOf(value: unknown): IFacet[] {
  if (!isRecord(value) || typeof value.name !== 'string' || !Array.isArray(value.values)) {
    return [];
  }
  const values = value.values.filter(
    (pair): pair is [string, number] =>
      Array.isArray(pair) && typeof pair[0] === 'string' && typeof pair[1] === 'number'
  );
  return [{ name: value.name, values, more: typeof value.more === 'number' ? value.more : 0 }];
}

/** What came with a tool's output, null where it is not about data, or is none that can be shown. */
export function datasetsIn(data: Record<string, unknown>): IDatasets | null {
  const found = data.datasets;
  if (!isRecord(found) || typeof found.total !== 'number') {
    return null;
  }
  return {
    query: typeof found.query === 'string' ? found.query : '',
    total: found.total,
    facets: Array.isArray(found.facets) ? found.facets.flatMap(facetOf) : [],
    files: Array.isArray(found.files) ? found.files.filter(file => typeof file === 'string') : []
  };
}

/** Whether all files belong to one dataset: then they can be opened as one. */
export function isOne(found: IDatasets): boolean {
  return found.facets.every(
    facet => facet.values.length + facet.more <= 1 || !OWN.some(name => name.test(facet.name))
  );
}

/** The name of a file, without its folder. */
export function nameOf(path: string): string {
  return path.replace(/\/+$/, '').split('/').pop() || path;
}

/** Characters that are not seen, or turn around those that are. */
const UNSEEN = /[\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/g;

/** A text as Python writes it; JSON's strings are Python's too. */
function literal(text: string): string {
  return JSON.stringify(text).replace(UNSEEN, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function engine(path: string): string {
  return /\.zarr\/*$/i.test(path) ? ', engine="zarr"' : '';
}

/** The source of a cell that opens these files with xarray: one, several as one dataset, or each for itself. */
export function opening(files: readonly string[], one: boolean): string {
  const head = 'import xarray as xr\n\n';
  if (files.length === 1) {
    return `${head}ds = xr.open_dataset(${literal(files[0])}${engine(files[0])})\nds`;
  }
  const list = `files = [\n${files.map(file => `    ${literal(file)},\n`).join('')}]\n`;
  const zarr = files.every(file => engine(file)) ? ', engine="zarr"' : '';
  const open = one
    ? `ds = xr.open_mfdataset(files, combine="by_coords"${zarr})\nds`
    : `datasets = {file: xr.open_dataset(file${zarr}) for file in files}\ndatasets[files[0]]`;
  return `${head}${list}${open}`;
}
