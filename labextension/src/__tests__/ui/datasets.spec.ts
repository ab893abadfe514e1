import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FakeNotebook } from '../notebooks';
import { Shown } from '../panel';
import { FakeServer } from '../server';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const FOUND = {
  query: 'variable=tas',
  total: 1234,
  facets: [
    { name: 'experiment', values: [['historical', 1234]], more: 0 },
    { name: 'model', values: [...'abcdefghi'].map(name => [name, 1]), more: 3 }
  ],
  files: ['/data/<b>one</b>.nc', '/data/two.nc']
};

let shown: Shown;

async function show(data: object): Promise<void> {
  shown = new Shown(
    new FakeServer().will('streamresponse', {
      lines: [
        { variant: 'ServerHint', content: { thread_id: 't', running: true } },
        { variant: 'ToolCall', content: '{"facets":{"variable":"tas"}}', tool_name: 'find_datasets', id: 'c' },
        { variant: 'ToolOutput', content: '1,234 files', tool_name: 'find_datasets', id: 'c', data },
        { variant: 'StreamEnd', content: 'Finished.' }
      ] as never
    })
  );
  await shown.attach();
  await shown.parts.conversation.send('q');
  await shown.shows('find datasets');
}

function all(selector: string): HTMLElement[] {
  return [...shown.panel.node.querySelectorAll<HTMLElement>(selector)];
}

async function press(button: HTMLElement): Promise<void> {
  await vi.waitFor(() => expect(button.getAttribute('aria-disabled')).toBe('false'));
  button.click();
}

describe('the card of a search for data', () => {
  let book: FakeNotebook;

  beforeEach(() => {
    book = new FakeNotebook({ id: 'a', source: 'old' });
  });

  afterEach(() => shown.dispose());

  it('shows facets with numbers, and further values when asked', async () => {
    await show({ datasets: FOUND });
    await shown.shows('1234 files for variable=tas');
    expect(all('.jp-FrevaGPT-datasets th').map(cell => cell.textContent)).toEqual(['experiment', 'model']);
    expect(all('.jp-FrevaGPT-facet-value')).toHaveLength(1 + 6);
    shown.find('.jp-FrevaGPT-datasets-more').click();
    await shown.shows('and 3 more');
    expect(all('.jp-FrevaGPT-facet-value')).toHaveLength(1 + 9);
  });

  it('names files as text, and puts a cell that opens one into the notebook', async () => {
    await show({ datasets: FOUND });
    expect(all('.jp-FrevaGPT-datasets-file').map(file => file.textContent)).toEqual(['b>.nc', 'two.nc']);
    const [, second] = all('.jp-FrevaGPT-openFile');
    expect(second.title).toContain('open a notebook and select a cell first');
    second.click();
    shown.notebooks.current = book;
    await press(second);
    expect(book.sources).toEqual(['old', 'import xarray as xr\n\nds = xr.open_dataset("/data/two.nc")\nds']);
    expect(book.ran).toEqual([]);
  });

  it('opens all of them for themselves where they are of several models', async () => {
    await show({ datasets: FOUND });
    shown.notebooks.current = book;
    await press(shown.find('.jp-FrevaGPT-openAll'));
    expect(book.sources[1]).toContain('datasets = {file: xr.open_dataset(file) for file in files}');
  });

  it('opens them as one where they are of one', async () => {
    await show({ datasets: { ...FOUND, facets: FOUND.facets.slice(0, 1) } });
    shown.notebooks.current = book;
    await press(shown.find('.jp-FrevaGPT-openAll'));
    expect(book.sources[1]).toContain('xr.open_mfdataset(files, combine="by_coords")');
  });

  it('is a plain one where nothing came that can be shown', async () => {
    await show({ datasets: { total: 'many' } });
    expect(all('.jp-FrevaGPT-datasets')).toEqual([]);
    expect(shown.find('.jp-FrevaGPT-tool-output').textContent).toBe('1,234 files');
  });
});
