import type { Contents } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { MimeData } from '@lumino/coreutils';
import { beforeEach, describe, expect, it } from 'vitest';

import { Draft } from '../../model/draft';
import { acceptDrops } from '../../plugins/drop';
import { FakeAround } from '../around';

describe('what is dropped', () => {
  let node: HTMLElement;
  let draft: Draft;
  let around: FakeAround;

  const drag = (type: string, data: Record<string, unknown>): Event & { dropAction: string } => {
    const mimeData = new MimeData();
    Object.entries(data).forEach(([mime, value]) => mimeData.setData(mime, value));
    const event = new Event(type, { bubbles: true, cancelable: true });
    Object.assign(event, { mimeData, dropAction: 'none' });
    node.dispatchEvent(event);
    return event as Event & { dropAction: string };
  };

  beforeEach(() => {
    node = document.createElement('div');
    draft = new Draft();
    around = new FakeAround();
    const contents = { localPath: (path: string) => path.replace(/^RTC:/, '') } as Contents.IManager;
    acceptDrops({ node, draft, around, contents, trans: nullTranslator.load('jupyter_frevagpt') });
  });

  it('files go with the question, as moves, by their paths on the server', () => {
    const files = { 'application/x-jupyter-icontents': ['a.txt', 'RTC:data/b.nc', 5] };
    expect(drag('lm-dragenter', files).defaultPrevented).toBe(true);
    expect(node.className).toContain('dropTarget');
    expect(drag('lm-dragover', files).dropAction).toBe('move');
    expect(drag('lm-drop', files).dropAction).toBe('move');
    expect(node.className).toBe('');
    expect(draft.chips.items).toEqual([
      { kind: 'file', name: 'a.txt' },
      { kind: 'file', name: 'data/b.nc' }
    ]);
  });

  it('cells are copied, never moved out of their notebook', () => {
    around.chips = { c1: { kind: 'cell', name: 'a [1]', path: 'a', cell: 'c1', text: 'x' } };
    const cells = { 'internal:cells': [{ model: { id: 'c1' } }, { model: { id: 'other' } }, null] };
    expect(drag('lm-dragover', cells).dropAction).toBe('copy');
    expect(drag('lm-drop', cells).dropAction).toBe('copy');
    expect(draft.chips.items).toEqual([around.chips.c1]);
  });

  it('anything else is left to others', () => {
    const event = drag('lm-drop', { 'text/plain': 'a' });
    expect([event.defaultPrevented, event.dropAction]).toEqual([false, 'none']);
    expect(draft.chips.items).toEqual([]);
  });

  it('more than there is room for is said', () => {
    const paths = Array.from({ length: 21 }, (_, at) => `f${at}`);
    drag('lm-drop', { 'application/x-jupyter-icontents': paths });
    expect(draft.chips.items).toHaveLength(20);
    expect(draft.notice).toContain('No more');
  });
});
