import { describe, expect, it } from 'vitest';

import { CellTrouble } from '../../model/cells';
import { errorOf, hashOf, outputText } from '../../model/celltext';
import { FakeNotebook } from '../notebooks';

const ERROR = {
  output_type: 'error',
  ename: 'ValueError',
  evalue: 'too cold',
  traceback: ['\u001b[31mValueError\u001b[0m: too cold']
};

function trouble(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof CellTrouble ? error.trouble : String(error);
  }
  return '';
}

describe('Cells', () => {
  it('tells cells as they are now, with what they showed', () => {
    const book = new FakeNotebook(
      { id: 'a', source: 'x = 1', outputs: [{ output_type: 'stream', name: 'stdout', text: 'one\n' }] },
      { id: 'b', source: '# Title', type: 'markdown' }
    );
    expect(book.cells.views()).toEqual([
      { id: 'a', type: 'code', source: 'x = 1', hash: hashOf('x = 1'), output: 'one' },
      { id: 'b', type: 'markdown', source: '# Title', hash: hashOf('# Title') }
    ]);
    book.model.sharedModel.cells[0].setSource('x = 2');
    const [view] = book.cells.views(['a', 'none']);
    expect(view.source).toBe('x = 2');
    expect(view.hash).not.toBe(hashOf('x = 1'));
  });

  it('inserts beside a cell, wherever that is by now, and the notebook undoes it', () => {
    const book = new FakeNotebook({ id: 'a', source: 'a' }, { id: 'b', source: 'b' });
    book.model.sharedModel.insertCell(0, { cell_type: 'code', source: 'first' });
    book.model.sharedModel.clearUndoHistory();
    const made = book.cells.insert({ type: 'code', source: 'new' }, { before: 'b' });
    expect(book.sources).toEqual(['first', 'a', 'new', 'b']);
    expect(book.cells.source(made)).toBe('new');
    book.model.sharedModel.undo();
    expect(book.sources).toEqual(['first', 'a', 'b']);
    book.cells.insert({ type: 'markdown', source: '# T' }, { after: 'a' });
    book.cells.insert({ type: 'code', source: 'last' }, {});
    expect(book.sources).toEqual(['first', 'a', '# T', 'b', 'last']);
    expect(trouble(() => book.cells.insert({ type: 'code', source: '' }, { after: 'none' }))).toBe('no-cell');
  });

  it('puts outputs into a cell without trusting them', () => {
    const book = new FakeNotebook({ id: 'a', source: 'a' });
    const outputs = [{ output_type: 'stream', name: 'stdout', text: '3\n' }];
    const made = book.cells.insert({ type: 'code', source: 'print(3)', outputs }, { after: 'a' });
    const cell = book.model.sharedModel.cells[1].toJSON();
    expect(cell.id).toBe(made);
    expect(cell.metadata).toEqual({});
    expect(book.cells.outputs(made)).toMatchObject(outputs);
  });

  it('replaces what is as expected, and the cell undoes it', () => {
    const book = new FakeNotebook({ id: 'a', source: 'old' }, { id: 'b', source: 'b' });
    expect(trouble(() => book.cells.replace('a', 'new', 'older'))).toBe('changed');
    expect(book.sources).toEqual(['old', 'b']);
    book.cells.replace('a', 'new', 'old');
    expect(book.sources).toEqual(['new', 'b']);
    book.model.sharedModel.cells[0].undo();
    expect(book.sources).toEqual(['old', 'b']);
    expect(trouble(() => book.cells.replace('none', 'new'))).toBe('no-cell');
  });

  it('leaves alone what the user does not let be edited', () => {
    const locked = { id: 'a', source: 'old', metadata: { editable: false } };
    const book = new FakeNotebook(locked, { id: 'b', source: 'b' });
    expect(trouble(() => book.cells.replace('a', 'new'))).toBe('read-only');
    book.readOnly = true;
    expect(trouble(() => book.cells.replace('b', 'new'))).toBe('read-only');
    expect(trouble(() => book.cells.insert({ type: 'code', source: '' }, {}))).toBe('read-only');
    expect(book.sources).toEqual(['old', 'b']);
  });
});

describe('the words for outputs', () => {
  it('are text without colours, with a word for pictures', () => {
    const figure = { output_type: 'display_data', data: { 'text/plain': '<Figure>', 'image/png': 'iVBO' } };
    const html = { output_type: 'execute_result', data: { 'text/plain': ['a\n', 'b'], 'text/html': '<b>a</b>' } };
    expect(outputText([figure, html, ERROR], 1000)).toBe(
      '<Figure>\n[a picture]\na\nb\nValueError: too cold'
    );
    expect(errorOf([figure, html])).toBeNull();
    expect(errorOf([html, ERROR])).toBe('ValueError: too cold');
  });

  it('keep to their length', () => {
    const output = { output_type: 'stream', name: 'stdout', text: 'x'.repeat(5000) };
    expect(outputText([output], 300).length).toBeLessThanOrEqual(300);
  });
});

describe('hashOf', () => {
  it('tells sources apart', () => {
    const texts = Array.from({ length: 2000 }, (_, at) => `x = ${at}`);
    texts.push('', ' ', 'ab', 'ba', 'a\nb', 'a\n b');
    expect(new Set(texts.map(hashOf)).size).toBe(texts.length);
    expect(hashOf('x = 1')).toMatch(/^[0-9a-f]{12}$/);
  });
});
