import { nullTranslator } from '@jupyterlab/translation';
import type * as nbformat from '@jupyterlab/nbformat';
import { describe, expect, it } from 'vitest';

import type { IDisplay, Variant } from '../../api/variants';
import { Exporter, type IStore } from '../../model/export/exporter';
import { freePath, nameOf } from '../../model/export/names';
import { outputsOf } from '../../model/export/outputs';
import { importLines } from '../../model/importing';
import { ThreadList } from '../../model/threads';
import { itemsOf, TURNS } from '../golden';
import { code, decided, END, output, state, THREAD } from '../hints';
import { FakeServer } from '../server';

const user = (content: string, more = {}): Variant => ({ variant: 'User', content, ...more });
const text = (content: string): Variant => ({ variant: 'Assistant', content });

class Store implements IStore {
  readonly folder = 'work';
  readonly files: Record<string, unknown> = { 'work/Rain.ipynb': 'the user’s own' };
  readonly asked: (string | null)[] = [];

  taken(path: string): Promise<boolean> {
    return Promise.resolve(path in this.files);
  }

  writeText(path: string, content: string): Promise<void> {
    return Promise.resolve(void (this.files[path] = content));
  }

  writeNotebook(path: string, content: nbformat.INotebookContent): Promise<void> {
    return Promise.resolve(void (this.files[path] = content));
  }

  spec(kernelId: string | null): { name: string; display_name: string; language: string } {
    this.asked.push(kernelId);
    return { name: 'climate', display_name: 'Climate', language: 'python' };
  }
}

function made(items: Variant[], topic = 'Rain'): { exporter: Exporter; store: Store; server: FakeServer } {
  const server = new FakeServer();
  server.thread = items;
  server.threads = [{ thread_id: THREAD, date: '2026-01-01T10:00:00.000Z', topic }];
  const store = new Store();
  const tools = {
    trans: nullTranslator.load('jupyter_frevagpt'),
    clean: (html: string) => `clean ${html}`,
    now: () => new Date('2026-02-01T12:00:00Z')
  };
  return { exporter: new Exporter(server.client, new ThreadList(server.client), store, tools), store, server };
}

async function notebook(...items: Variant[]): Promise<nbformat.INotebookContent> {
  const { exporter, store } = made(items);
  const path = await exporter.export(THREAD, 'notebook');
  return store.files[path] as nbformat.INotebookContent;
}

describe('Exporter', () => {
  it('writes beside what is there, and asks for the kernel that the code ran in', async () => {
    const { exporter, store } = made([user('q'), code('1'), output('1'), state('done'), END]);
    expect(await exporter.export(THREAD, 'notebook')).toBe('work/Rain 2.ipynb');
    expect(await exporter.export(THREAD, 'markdown')).toBe('work/Rain.md');
    expect(store.files['work/Rain.ipynb']).toBe('the user’s own');
    expect(store.asked).toEqual(['k']);
  });

  it('makes each run a code cell with what is known of it', async () => {
    const content = await notebook(
      user('q', { model: 'm' }),
      text('I *look*.'),
      code('print(1)'),
      output('1\n', [{ output_type: 'stream', name: 'stdout', text: '1\n' }]),
      state('done'),
      text('Done.'),
      END
    );
    expect([content.nbformat, content.nbformat_minor]).toEqual([4, 5]);
    expect(content.metadata.kernelspec).toEqual({ name: 'climate', display_name: 'Climate', language: 'python' });
    expect(content.cells.map(cell => cell.cell_type)).toEqual(['markdown', 'markdown', 'markdown', 'code', 'markdown']);
    const run = content.cells[3] as nbformat.ICodeCell;
    expect(run).toEqual({
      cell_type: 'code',
      id: 'frevagpt-3',
      execution_count: null,
      metadata: {
        frevagpt: { part: 'run', time: '2026-01-01T10:00:00.000Z', state: 'done', kernel_id: 'k', model: 'm' }
      },
      outputs: [{ output_type: 'stream', name: 'stdout', text: '1\n' }],
      source: 'print(1)'
    });
    expect(content.cells[1].source).toBe('> q');
    expect(new Set(content.cells.map(cell => cell.id)).size).toBe(5);
  });

  it('makes no code cell of what did not run, and none end a run of all', async () => {
    const denied = await notebook(user('q'), code('rm()'), decided('deny'), output('Not allowed.'), END);
    expect(denied.cells.filter(cell => cell.cell_type === 'code')).toEqual([]);
    expect(denied.cells[2].source).toBe('*Not run: denied.*\n\n```python\nrm()\n```');
    const failed = await notebook(user('q'), code('1/0'), output('', []), state('failed'), END);
    expect(failed.cells[2].metadata.tags).toEqual(['raises-exception']);
  });

  it('leaves out what was only run again', async () => {
    const again = user('Run the code of this chat again.', { model: 'rerun' });
    const content = await notebook(user('q'), code('1'), output('1'), END, again, code('1', 'd'), END);
    expect(content.cells.filter(cell => cell.cell_type === 'code').length).toBe(1);
  });

  it('keeps what another program ran, and says whose it was', async () => {
    const items = [user('x asks to run code.', { model: 'agent' }), code('1'), output('1'), END];
    const content = await notebook(...items);
    expect(content.cells.filter(cell => cell.cell_type === 'code').map(cell => cell.source)).toEqual(['1']);
    const { exporter, store } = made(items);
    const text = store.files[await exporter.export(THREAD, 'markdown')] as string;
    expect(text).toContain('**Another program**');
    expect(text).not.toContain('**You**');
  });

  it('writes Markdown in which figures are shown and nothing is fetched', async () => {
    const display: IDisplay[] = [
      { output_type: 'display_data', data: {}, metadata: { frevagpt: { image: 'c_0' } } },
      { output_type: 'error', ename: 'E', evalue: 'v', traceback: ['\u001b[31mE\u001b[0m: v'] }
    ];
    const { exporter, store } = made(
      [
        user('a\n# b'),
        text('See ![x](http://canary/x) and\n\n```mermaid\ngraph\n```'),
        code('a = "```"'),
        output('x', display),
        { variant: 'Image', content: 'iVBORw0KGgo=', id: 'c_0' },
        END
      ],
      '[Rain](http://canary) # *now*'
    );
    const written = store.files[await exporter.export(THREAD, 'markdown')] as string;
    expect(written).toContain('# \\[Rain\\](http://canary) \\# \\*now\\*');
    expect(written).toContain('> a\n> # b');
    expect(written).toContain('![Figure](data:image/png;base64,iVBORw0KGgo=)');
    expect(written).toContain('````python\na = "```"\n````');
    expect(written).toContain('```text\nE: v\n```');
    expect(written).not.toContain('](http://canary/x) and\n\n```mermaid');
    expect(written).not.toContain('![x]');
  });

  it.each(TURNS)('writes %s', async turn => {
    const items = [user('q'), ...(itemsOf(turn) as Variant[])];
    const { exporter, store } = made(items);
    for (const format of ['notebook', 'markdown', 'lines'] as const) {
      const path = await exporter.export(THREAD, format);
      expect(JSON.stringify(store.files[path]).length).toBeGreaterThan(50);
    }
  });

  it('writes a line that is taken again', async () => {
    const { exporter, store, server } = made([user('q'), text('a'), END]);
    const line = store.files[await exporter.export(THREAD, 'lines')] as string;
    expect(JSON.parse(line)).toMatchObject({ thread_id: THREAD, topic: 'Rain', date: '2026-01-01T10:00:00.000Z' });
    server.will('importthread', Response.json({ thread_id: 'new', topic: 'Rain' }));
    server.will('importthread', Response.json({ detail: 'There is no question.' }, { status: 422 }));
    const done = await importLines(server.client, `${line}\nno json\n[]\n{"content":[]}\n`, 'No chat.');
    expect(done.threads).toEqual(['new']);
    expect(done.refused).toEqual([
      { line: 3, why: 'No chat.' },
      { line: 4, why: 'No chat.' },
      { line: 5, why: 'There is no question.' }
    ]);
    expect(server.bodies('importthread')[0]).toEqual({ topic: 'Rain', content: [user('q'), text('a'), END] });
  });
});

describe('outputsOf', () => {
  it('keeps known kinds only, and cleans what is HTML', () => {
    const data = {
      'text/html': ['<b>', 'x'],
      'text/plain': 'x',
      'application/javascript': 'alert(1)',
      'image/svg+xml': '<svg>',
      'image/png': '"onload=x',
      'application/vnd.jupyter.widget-view+json': {}
    };
    const given: IDisplay[] = [
      { output_type: 'stream', name: 'stdout', text: 'a' },
      { output_type: 'stream', name: 'stdout', text: ['b', 'c'] },
      { output_type: 'stream', name: 'stderr', text: 'd' },
      { output_type: 'execute_result', data, metadata: { trusted: true }, execution_count: 3 },
      { output_type: 'display_data', data: { 'application/javascript': 'x' } }
    ];
    expect(outputsOf(given, html => html.toUpperCase())).toEqual([
      { output_type: 'stream', name: 'stdout', text: 'abc' },
      { output_type: 'stream', name: 'stderr', text: 'd' },
      { output_type: 'display_data', data: { 'text/html': '<B>X', 'text/plain': 'x' }, metadata: {} }
    ]);
  });
});

describe('names of files', () => {
  it.each([
    ['Plot the mean of tas', 'Plot the mean of tas'],
    ['../../etc/passwd', 'etc passwd'],
    ['.hidden', 'hidden'],
    ['a/b\\c:d\u0000e\u202ef', 'a b c d e f'],
    ['  ', 'chat'],
    ['Über °C 日本', 'Über °C 日本'],
    ['😀'.repeat(80), '😀'.repeat(60)]
  ])('of %j', (topic, name) => {
    expect(nameOf(topic)).toBe(name);
  });

  it('are looked for until one is free', async () => {
    const taken = (path: string): Promise<boolean> => Promise.resolve(!path.includes('3'));
    expect(await freePath('', 'a', '.md', taken)).toBe('a 3.md');
    expect(await freePath('RTC:', 'a', '.md', taken)).toBe('RTC:a 3.md');
  });
});
