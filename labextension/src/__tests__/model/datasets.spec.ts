import { describe, expect, it } from 'vitest';

import { datasetsIn, isOne, nameOf, opening, type IDatasets } from '../../model/datasets';

const FOUND: IDatasets = {
  query: 'variable=tas',
  total: 3,
  facets: [
    { name: 'experiment', values: [['historical', 3]], more: 0 },
    { name: 'variable', values: [['tas', 2], ['pr', 1]], more: 0 }
  ],
  files: ['/d/a.nc', '/d/b.nc']
};

describe('what came with an output', () => {
  it('is read as it is', () => {
    expect(datasetsIn({ datasets: FOUND })).toEqual(FOUND);
  });

  it.each([
    [{}],
    [{ datasets: null }],
    [{ datasets: [] }],
    [{ datasets: { files: ['a'] } }],
    [{ passages: [] }]
  ])('is nothing to be shown: %j', data => {
    expect(datasetsIn(data as Record<string, unknown>)).toBeNull();
  });

  it('loses what is no facet, value or file', () => {
    const data = {
      total: 1,
      query: 7,
      facets: [null, 'x', { name: 'a' }, { name: 'b', values: [['x', 1], ['y'], 'z', [1, 2]], more: 'no' }],
      files: ['/a', 3, null]
    };
    expect(datasetsIn({ datasets: data })).toEqual({
      query: '',
      total: 1,
      facets: [{ name: 'b', values: [['x', 1]], more: 0 }],
      files: ['/a']
    });
  });
});

describe('the cell that opens files', () => {
  it('opens one by itself', () => {
    expect(opening(['/d/a.nc'], true)).toBe('import xarray as xr\n\nds = xr.open_dataset("/d/a.nc")\nds');
    expect(opening(['/d/a.zarr/'], true)).toContain('xr.open_dataset("/d/a.zarr/", engine="zarr")');
  });

  it('opens several as one dataset, or each for itself', () => {
    const files = 'files = [\n    "/d/a.nc",\n    "/d/b.nc",\n]\n';
    expect(opening(FOUND.files, true)).toBe(
      `import xarray as xr\n\n${files}ds = xr.open_mfdataset(files, combine="by_coords")\nds`
    );
    expect(opening(FOUND.files, false)).toBe(
      `import xarray as xr\n\n${files}datasets = {file: xr.open_dataset(file) for file in files}\ndatasets[files[0]]`
    );
  });

  it('holds no name that could end its quotes or hide', () => {
    const source = opening(['/d/a"),\nimport os\\\u202e\u200bé.nc'], true);
    expect(source.split('\n')).toHaveLength(4);
    expect(source).toContain('"/d/a\\"),\\nimport os\\\\\\u202e\\u200bé.nc"');
  });

  it('knows files of one dataset by what they have in common', () => {
    expect(isOne(FOUND)).toBe(true);
    const models = [['a', 1], ['b', 2]] as const;
    for (const name of ['model', 'source_id', 'experiment_id', 'ensemble', 'time_frequency']) {
      expect(isOne({ ...FOUND, facets: [{ name, values: models, more: 0 }] })).toBe(false);
    }
    expect(isOne({ ...FOUND, facets: [{ name: 'model', values: [['a', 1]], more: 4 }] })).toBe(false);
    expect(isOne({ ...FOUND, facets: [{ name: 'realm', values: models, more: 0 }] })).toBe(true);
  });

  it('is named by the end of the path', () => {
    expect([nameOf('/d/a.nc'), nameOf('/d/b.zarr/'), nameOf('c')]).toEqual(['a.nc', 'b.zarr', 'c']);
  });
});
