import { beforeEach, describe, expect, it } from 'vitest';

import { Refused } from '../../api/client';
import type { IPage } from '../../api/review';
import { MOST, Rest, restOf } from '../../model/rest';

const NOTE =
  '[12 more characters were printed: the whole is kept apart for the user for a while]\n';

function streams(...texts: string[]): Parameters<typeof restOf>[0] {
  return texts.map(text => ({ output_type: 'stream', name: 'stdout', text }));
}

/** A server that has this text, in pages. */
function pages(text: string, size: number, total = text.length): (from: number) => Promise<IPage> {
  return from => Promise.resolve({ text: text.slice(from, from + size), next: from + size, total });
}

describe('restOf', () => {
  it.each([
    [streams('abc\n'), false],
    [streams('print("12 more characters were printed")\n'), false],
    [streams('abc', NOTE), true],
    [streams('abc', NOTE, 'Stopped by the user.\n'), true],
    [streams(`abc\n${NOTE}`), true],
    [[{ output_type: 'stream', text: ['abc\n', NOTE] }], true],
    [streams('ab', NOTE, 'Stopped after 600 s: no run may take longer in this kernel.\n'), true],
    [[{ output_type: 'error', evalue: NOTE }], false]
  ])('finds out whether %j announce more', (outputs, more) => {
    expect(restOf(outputs) !== null).toBe(more);
  });
});

describe('Rest', () => {
  let rest: Rest;
  const text = (): string => rest.pages.join('');

  beforeEach(() => {
    rest = new Rest();
  });

  it('fetches page after page', async () => {
    await rest.load(pages('and the rest', 5));
    expect([text(), rest.whole, rest.wanted, rest.loading]).toEqual(['and the rest', true, false, false]);
  });

  it('fetches pages of the size that the server gives', async () => {
    const asked: number[] = [];
    const page = pages('a'.repeat(300_000) + 'b'.repeat(300_000) + 'c', 300_000);
    await rest.load(from => {
      asked.push(from);
      return page(from);
    });
    expect(asked).toEqual([0, 300_000, 600_000]);
    expect([text().length, text().endsWith('bc'), rest.whole]).toEqual([600_001, true, true]);
  });

  it('has nothing to show when the server has no text for it', async () => {
    await rest.load(() => Promise.resolve({ text: '', next: 0, total: 0 }));
    expect([rest.pages, rest.whole, rest.wanted]).toEqual([[], true, false]);
  });

  it('ends where the server says so', async () => {
    await rest.load(() => Promise.resolve({ text: 'a', next: null, total: 100 }));
    expect([text(), rest.whole]).toEqual(['a', true]);
  });

  it('shows no colour codes', async () => {
    await rest.load(() => Promise.resolve({ text: '\u001b[31mred\u001b[0m', next: 0 }));
    expect(text()).toBe('red');
  });

  it('stops at 2 MB and says so', async () => {
    let asked = 0;
    const page = pages('x'.repeat(3 * MOST), 300_000);
    await rest.load(from => {
      asked++;
      return page(from);
    });
    expect([text().length, rest.cut, rest.whole, rest.wanted]).toEqual([MOST, true, false, false]);
    expect(asked).toBe(Math.ceil(MOST / 300_000));
  });

  it('goes on where it was when a page fails', async () => {
    const page = pages('and the rest', 5);
    await rest.load(from => (from ? Promise.reject(new Error('Down.')) : page(from)));
    expect([text(), rest.error, rest.wanted]).toEqual(['and t', 'Down.', true]);
    await rest.load(page);
    expect([text(), rest.error]).toEqual(['and the rest', '']);
  });

  it('keeps what came before the server had no more, and asks no more', async () => {
    const page = pages('and the rest', 5);
    const gone = new Refused(404, 'Gone.');
    await rest.load(from => (from ? Promise.reject(gone) : page(from)));
    expect([text(), rest.gone, rest.error, rest.wanted]).toEqual(['and t', true, '', false]);
  });
});
