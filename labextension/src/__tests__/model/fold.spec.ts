import { describe, expect, it } from 'vitest';

import { LineSplitter } from '../../api/ndjson';
import { toVariant, type Variant } from '../../api/variants';
import { fold, isHeartbeat, isOpening } from '../../model/fold';
import { bytesOf, itemsOf, linesOf, TURNS } from '../golden';
import { ask, changes, decided } from '../hints';

describe('fold', () => {
  it('has golden turns to read', () => {
    expect(TURNS.length).toBeGreaterThanOrEqual(6);
  });

  it.each(TURNS)('joins the lines of %s', turn => {
    expect(fold(linesOf(turn))).toEqual(itemsOf(turn));
  });

  it.each(TURNS)('joins %s the same, whatever byte it is cut at', turn => {
    const bytes = bytesOf(turn);
    const items = itemsOf(turn);
    for (let at = 0; at <= bytes.length; at++) {
      const splitter = new LineSplitter();
      const lines = [
        ...splitter.push(bytes.slice(0, at)),
        ...splitter.push(bytes.slice(at))
      ].map(line => toVariant(JSON.parse(line)));
      expect(fold(lines)).toEqual(items);
    }
  });

  it.each(TURNS)('leaves the joined items of %s as they are', turn => {
    const items = itemsOf(turn).map(toVariant);
    expect(fold(items)).toEqual(items);
  });

  it('keeps calls apart that follow each other', () => {
    const lines: Variant[] = [
      { variant: 'Code', content: '{"code":"', id: 'a' },
      { variant: 'Code', content: '1"}', id: 'a' },
      { variant: 'Code', content: '{"code":"', id: 'b' },
      { variant: 'Code', content: '2"}', id: 'b' }
    ];
    expect(fold(lines).map(item => item.content)).toEqual(['{"code":"1"}', '{"code":"2"}']);
  });

  it('keeps what was decided and what changed, not what was asked', () => {
    const lines = [ask(), decided('once'), changes(), changes({ undone: undefined, id: 'd' })];
    expect(fold(lines)).toEqual(lines.slice(1));
  });

  it('keeps questions apart that were never answered', () => {
    const lines: Variant[] = [
      { variant: 'User', content: 'a' },
      { variant: 'User', content: 'b' }
    ];
    expect(fold(lines)).toHaveLength(2);
  });
});

describe('kinds of line', () => {
  it('tells heartbeats and openings from lines that count', () => {
    const kinds = linesOf('code').map(line =>
      isOpening(line) ? 'o' : isHeartbeat(line) ? 'h' : '.'
    );
    expect(kinds[0]).toBe('o');
    expect(kinds.filter(kind => kind === 'h')).toHaveLength(2);
    expect(kinds.filter(kind => kind === 'o')).toHaveLength(1);
  });
});
