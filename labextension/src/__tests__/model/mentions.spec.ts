import { beforeEach, describe, expect, it, vi } from 'vitest';

import { Completion } from '../../model/completion';
import { Draft } from '../../model/draft';
import { described, Mentions } from '../../model/mentions';
import { Slashes } from '../../model/slash';
import { FakeAround } from '../around';

describe('Completion', () => {
  let around: FakeAround;
  let draft: Draft;
  let completion: Completion;
  let ran: string[];
  const labels = (): string[] => completion.offers.map(one => one.label);
  const type = (text: string, caret = text.length): Promise<void> => completion.follow(text, caret);

  beforeEach(() => {
    around = new FakeAround();
    around.folder = 'work';
    around.held = [
      { name: 'rain', type: 'xarray.DataArray', shape: [3, 4], dtype: 'float64' },
      { name: 'terrain', type: 'list', length: 2 },
      { name: 'other', type: 'int' }
    ];
    around.folders = {
      work: [
        { path: 'work/rain.csv', folder: false },
        { path: 'work/rain data', folder: true }
      ],
      'work/rain data': [{ path: 'work/rain data/b.nc', folder: false }],
      '': [{ path: 'top.txt', folder: false }]
    };
    around.cells = [
      { id: 'c2', mark: '7', text: 'active()' },
      { id: 'c1', mark: ' ', text: '\nfirst line\nsecond' }
    ];
    around.chips = { c2: { kind: 'cell', name: 'a [7]', path: 'a', cell: 'c2', text: 'active()' } };
    draft = new Draft();
    ran = [];
    const slash = (name: string, enabled = true): ConstructorParameters<typeof Slashes>[0][number] => ({
      name,
      help: `${name}s`,
      enabled: () => enabled,
      run: () => ran.push(name)
    });
    const slashes = new Slashes([slash('new'), slash('fix', false), slash('help')]);
    completion = new Completion(draft, new Mentions(around), slashes);
  });

  it('offers variables, then files and folders, best matches first', async () => {
    await type('plot @rain');
    expect(labels()).toEqual(['rain', 'terrain', 'rain.csv', 'rain data/']);
    expect(completion.offers[0].detail).toBe('DataArray (3 × 4) float64');
    expect(completion.active).toBe(0);
  });

  it('asks once while a mention is typed, and anew for the next', async () => {
    await type('@r');
    await type('@ra');
    expect(around.asked).toEqual(['variables', 'entries work']);
    await type('@ra ');
    expect(completion.open).toBe(false);
    await type('@ra @o');
    expect(around.asked.filter(one => one === 'variables')).toHaveLength(2);
  });

  it('shows the selection and the cells at once, while the kernel is silent', async () => {
    let answer = (): void => {};
    around.ready = new Promise(resolve => (answer = resolve));
    around.selection = { kind: 'selection', name: 'a', path: 'a', text: 'chosen' };
    const typed = type('@');
    expect(labels()).toEqual(['selection', '[7]', '[ ]']);
    expect(completion.offers.map(one => one.detail)).toEqual(['chosen', 'active()', 'first line']);
    completion.move(1);
    answer();
    await typed;
    expect(labels().slice(0, 5)).toEqual(['selection', 'rain', 'terrain', 'other', '[7]']);
    expect(labels()[completion.active]).toBe('[7]');
  });

  it('does not wait for a kernel that never answers', async () => {
    vi.useFakeTimers();
    around.ready = new Promise(() => {});
    void type('@rain');
    await vi.advanceTimersByTimeAsync(500);
    vi.useRealTimers();
    expect(labels()).toEqual(['rain.csv', 'rain data/']);
  });

  it('passes over what comes for a word that was left', async () => {
    let answer = (): void => {};
    around.ready = new Promise(resolve => (answer = resolve));
    const before = type('@rain');
    await type('no mention');
    answer();
    await before;
    expect(completion.open).toBe(false);
  });

  it('puts the name into the text and the chip to the question', async () => {
    await type('plot @rain, please', 10);
    expect(completion.accept('plot @rain, please')).toEqual({ text: 'plot rain, please', caret: 9 });
    expect(draft.chips.items).toEqual([{ kind: 'variable', name: 'rain' }]);
    await type('and @[7]');
    expect(completion.accept('and @[7]')).toEqual({ text: 'and ', caret: 4 });
    expect(draft.chips.items[1]).toEqual(around.chips.c2);
  });

  it('goes into folders, with blanks in their names, up and from the root', async () => {
    await type('@rain d');
    expect(completion.open).toBe(false);
    await type('@rain');
    expect(completion.accept('@rain', 3)).toEqual({ text: '@"rain data/', caret: 12 });
    await type('@"rain data/');
    expect(labels()).toEqual(['b.nc']);
    expect(completion.accept('@"rain data/')).toEqual({ text: 'b.nc ', caret: 5 });
    expect(draft.chips.items).toEqual([{ kind: 'file', name: 'work/rain data/b.nc' }]);
    await type('@../');
    expect(labels()).toEqual(['top.txt']);
    await type('@/t');
    expect(labels()).toEqual(['top.txt']);
    await type('@nothing/');
    expect(completion.open).toBe(false);
  });

  it('is no mention inside a word', async () => {
    for (const text of ['me@example.org', 'a@', 'x @ y']) {
      await type(text);
      expect(completion.open).toBe(false);
    }
    expect(around.asked).toEqual([]);
  });

  it('stays closed after Escape until another word begins', async () => {
    await type('@r');
    completion.close();
    await type('@ra');
    expect(completion.open).toBe(false);
    await type('@ra @t');
    expect(labels()).toContain('terrain');
  });

  it('moves around the ends', async () => {
    await type('@rain');
    completion.move(-1);
    expect(completion.active).toBe(3);
    completion.move(1);
    expect(completion.active).toBe(0);
  });

  it('tells when there is no room', async () => {
    for (let at = 0; at < 20; at++) {
      draft.chips.add({ kind: 'file', name: `f${at}` });
    }
    await type('@rain');
    expect(completion.accept('@rain')).toBeNull();
  });

  it('offers the commands that can be used, and runs them', async () => {
    await type('/');
    expect(labels()).toEqual(['/new', '/help']);
    await type('/HE');
    expect(labels()).toEqual(['/help']);
    expect(completion.accept('/HE')).toEqual({ text: '', caret: 0 });
    expect(ran).toEqual(['help']);
    for (const text of ['/etc/motd', 'a /he', '/fix']) {
      await type(text);
      expect(completion.open).toBe(false);
    }
  });

  it('shows what will be sent', async () => {
    const mentions = new Mentions(around);
    around.texts = { 'a.txt': 'x'.repeat(5000) };
    expect(await mentions.preview({ kind: 'file', name: 'a.txt' })).toHaveLength(2000);
    expect(await mentions.preview({ kind: 'variable', name: 'rain' })).toContain('"float64"');
    expect(await mentions.preview({ kind: 'variable', name: 'gone' })).toBe('');
    around.asked.length = 0;
    expect(await mentions.preview({ kind: 'file', name: 'a.txt', text: 'as sent' })).toBe('as sent');
    expect(await mentions.preview({ kind: 'variable', name: 'rain', text: '{"a":1}' })).toBe('{\n "a": 1\n}');
    expect(await mentions.preview({ kind: 'file', name: 'b', note: 'not text' })).toBe('');
    expect(around.asked).toEqual([]);
    const cell = { kind: 'cell', name: 'c', path: '', cell: '', text: 'code', output: 'shown' } as const;
    expect(await mentions.preview(cell)).toBe('code\n\nshown');
  });
});

describe('described', () => {
  it('says type and size in a few words', () => {
    expect(described({ name: 'a', type: 'builtins.list', length: 0 })).toBe('list (0)');
    expect(described({ name: 'a', type: 'int' })).toBe('int');
  });
});
