import { describe, expect, it } from 'vitest';

import {
  Chips,
  chipsOf,
  fitting,
  isSame,
  MOST_CHIPS,
  MOST_OUTPUT,
  MOST_PICTURES,
  MOST_TEXT,
  sendable,
  type IChip,
  type ISentChip
} from '../../model/chips';
import { Draft } from '../../model/draft';
import { Queue } from '../../model/queue';

const cell = (text: string, id = 'c1'): IChip => ({ kind: 'cell', name: 'a [1]', path: 'a.ipynb', cell: id, text });
const file = (name: string): IChip => ({ kind: 'file', name });
const image = (data: string): IChip => ({ kind: 'image', name: 'p', image: data });

describe('Chips', () => {
  it('keeps one of each thing, the newest', () => {
    const chips = new Chips();
    let told = 0;
    chips.changed.connect(() => told++);
    expect([chips.add(cell('old')), chips.add(file('a')), chips.add(cell('new'))]).toEqual([true, true, true]);
    expect(chips.items).toEqual([cell('new'), file('a')]);
    expect(told).toBe(3);
    chips.remove(chips.items[1]);
    expect(chips.take()).toEqual([cell('new')]);
    expect([chips.items, told]).toEqual([[], 5]);
    chips.take();
    expect(told).toBe(5);
  });

  it('has no more room than the server', () => {
    const chips = new Chips();
    for (let at = 0; at < MOST_PICTURES; at++) {
      expect(chips.add(image(`i${at}`))).toBe(true);
    }
    expect(chips.add(image('one more'))).toBe(false);
    for (let at = MOST_PICTURES; at < MOST_CHIPS; at++) {
      expect(chips.add(file(`f${at}`))).toBe(true);
    }
    expect(chips.add(file('one more'))).toBe(false);
    expect(chips.add(file('f7'))).toBe(true);
    expect(chips.items).toHaveLength(MOST_CHIPS);
  });

  it('sends what the server takes, without what the server found', () => {
    const found: ISentChip = { kind: 'file', name: 'a', text: 'found', note: 'cut' };
    expect(sendable(found)).toEqual({ kind: 'file', name: 'a' });
    const long = sendable({ ...cell('x'.repeat(MOST_TEXT + 5)), output: 'y'.repeat(MOST_OUTPUT + 5) } as ISentChip);
    expect(long.kind === 'cell' && [long.text.length, long.output?.length]).toEqual([MOST_TEXT, MOST_OUTPUT]);
    // the server leaves out what is empty
    expect(sendable({ kind: 'cell', name: 'a' } as ISentChip)).toEqual({
      kind: 'cell',
      name: 'a',
      path: '',
      cell: '',
      text: ''
    });
  });

  it('keeps the beginning and the end of a long text', () => {
    const cut = fitting(`${'a'.repeat(500)}${'b'.repeat(500)}`, 100);
    expect(cut).toHaveLength(100);
    expect(cut).toMatch(/^a+\n\[\.\.\.\]\nb+$/);
    expect(fitting('short', 100)).toBe('short');
  });

  it('knows what is the same', () => {
    expect(isSame(file('a'), { kind: 'variable', name: 'a' })).toBe(false);
    expect(isSame(cell('a', '1'), cell('a', '2'))).toBe(false);
    expect(isSame(image('a'), image('b'))).toBe(false);
  });

  it('reads stored ones of any age', () => {
    expect(chipsOf(undefined)).toEqual([]);
    expect(chipsOf('text')).toEqual([]);
    expect(chipsOf([null, 5, {}, { kind: 'url', name: 'a' }, { kind: 'file' }, file('a')])).toEqual([file('a')]);
  });
});

describe('a draft', () => {
  it('is taken with its chips and given back with them', () => {
    const draft = new Draft();
    draft.fill('a', [file('f')]);
    draft.say('no');
    const taken = draft.take();
    expect(taken).toEqual({ text: 'a', chips: [file('f')] });
    expect([draft.text, draft.chips.items, draft.notice]).toEqual(['', [], '']);
    draft.fill('typed since', [file('g')]);
    const queue = new Queue();
    queue.add({ text: 'b', chips: [cell('x')] });
    queue.giveBack(draft, taken);
    expect(draft.text).toBe('a\n\nb\n\ntyped since');
    expect(draft.chips.items).toEqual([file('g'), file('f'), cell('x')]);
    expect(queue.drafts).toEqual([]);
  });
});
