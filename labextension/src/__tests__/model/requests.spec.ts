import { beforeEach, describe, expect, it, vi } from 'vitest';

import { Refused } from '../../api/client';
import type { IPageAnswer, IRequestHint } from '../../api/requests';
import { hashOf } from '../../model/celltext';
import type { RunEnd } from '../../model/notebook';
import { Requests, type IErrands } from '../../model/requests';
import { FakeNotebook, FakeNotebooks } from '../notebooks';

/** As much of a server as takes claims and answers. */
class FakeErrands implements IErrands {
  readonly page = 'me';
  readonly claimed: string[] = [];
  readonly kept: string[] = [];
  readonly answers = new Map<string, IPageAnswer>();
  readonly left: string[] = [];
  refuses: Error | null = null;
  losesAnswers = 0;

  claim(_: string, id: string): Promise<void> {
    this.claimed.push(id);
    return this.refuses ? Promise.reject(this.refuses) : Promise.resolve();
  }

  keep(_: string, id: string): Promise<void> {
    this.kept.push(id);
    return Promise.resolve();
  }

  finish(_: string, id: string, answer: IPageAnswer, leaving = false): Promise<void> {
    if (this.losesAnswers-- > 0) {
      return Promise.reject(new TypeError('Failed to fetch'));
    }
    this.answers.set(id, answer);
    if (leaving) {
      this.left.push(id);
    }
    return Promise.resolve();
  }
}

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let server: FakeErrands;
let notebooks: FakeNotebooks;
let book: FakeNotebook;
let requests: Requests;
let waited: number[];

beforeEach(() => {
  server = new FakeErrands();
  notebooks = new FakeNotebooks();
  book = new FakeNotebook({ id: 'a', source: 'old' }, { id: 'b', source: 'b' });
  notebooks.kernels.set('k', book);
  waited = [];
  requests = new Requests(server, notebooks, milliseconds => {
    waited.push(milliseconds);
    return Promise.resolve();
  });
});

function hint(tool: string, given: Record<string, unknown> = {}, more: Partial<IRequestHint> = {}): IRequestHint {
  return { id: 'r', tool, arguments: given, client: 'me', kernel_id: 'k', ...more };
}

async function answerTo(request: IRequestHint): Promise<IPageAnswer> {
  requests.take('t', request);
  return soon(() => {
    const answer = server.answers.get(request.id);
    if (!answer) {
      throw new Error('no answer yet');
    }
    return answer;
  });
}

describe('Requests', () => {
  it('reads the notebook that runs in the kernel, not the one the user is in', async () => {
    notebooks.current = new FakeNotebook({ id: 'z', source: 'other' });
    expect(await answerTo(hint('read_notebook', { cell_ids: ['b'] }))).toEqual({
      notebook: 'map.ipynb',
      active: 'a',
      cells: [{ id: 'b', type: 'code', source: 'b', hash: hashOf('b') }]
    });
    expect(server.claimed).toEqual(['r']);
  });

  it('says at once that no notebook is open', async () => {
    expect(await answerTo(hint('read_notebook', {}, { kernel_id: 'other' }))).toEqual({ trouble: 'no-notebook' });
    expect(waited).toEqual([]);
  });

  it('does nothing that it could not claim, and nothing twice', async () => {
    server.refuses = new Refused(409, 'taken');
    requests.take('t', hint('insert_cell', { source: 'new' }));
    await soon(() => expect(server.claimed).toEqual(['r']));
    server.refuses = null;
    requests.take('t', hint('insert_cell', { source: 'new' }));
    await answerTo(hint('read_notebook', {}, { id: 'later' }));
    expect(server.claimed).toEqual(['r', 'later']);
    expect(book.sources).toEqual(['old', 'b']);
  });

  it('leaves what is meant for another page to it for a while, and takes it with the notebook open only', async () => {
    await answerTo(hint('read_notebook', {}, { client: 'other' }));
    expect(waited).toEqual([3000]);
    requests.take('t', hint('read_notebook', {}, { id: 'none', client: 'other', kernel_id: 'nowhere' }));
    await answerTo(hint('read_notebook', {}, { id: 'mine' }));
    expect(server.claimed).toEqual(['r', 'mine']);
  });

  it('inserts without taking the focus', async () => {
    const answer = await answerTo(hint('insert_cell', { source: 'new', type: 'code', after: '', before: '' }));
    expect(book.sources).toEqual(['old', 'new', 'b']);
    expect(answer.cells).toMatchObject([{ source: 'new', type: 'code' }]);
    expect(book.shown).toEqual([]);
  });

  it('replaces what is as expected, and refuses what is not', async () => {
    const given = { cell_id: 'a', source: 'new', expected: 'old' };
    expect((await answerTo(hint('replace_cell', given))).cells).toMatchObject([{ id: 'a', source: 'new' }]);
    expect(book.distrusted).toEqual(['a']);
    expect(await answerTo(hint('replace_cell', given, { id: 'again' }))).toEqual({ trouble: 'changed' });
    const none = { ...given, cell_id: 'none' };
    expect(await answerTo(hint('replace_cell', none, { id: 'none' }))).toEqual({ trouble: 'no-cell' });
    expect(book.sources).toEqual(['new', 'b']);
  });

  it('runs a cell when the kernel is free, and tells what it printed', async () => {
    let free: (free: boolean) => void = () => undefined;
    book.free = new Promise(resolve => (free = resolve));
    requests.take('t', hint('run_cell', { cell_id: 'a', expected: 'old' }));
    await soon(() => expect(server.claimed).toEqual(['r']));
    expect(book.ran).toEqual([]);
    free(true);
    await soon(() => expect(server.answers.get('r')?.state).toBe('done'));
    expect(book.ran).toEqual([{ id: 'a', source: 'old', trusted: false }]);
    expect(server.answers.get('r')?.cells).toMatchObject([{ id: 'a', output: '42' }]);
  });

  it('looks once more at a cell that was edited while it waited', async () => {
    let free: (free: boolean) => void = () => undefined;
    book.free = new Promise(resolve => (free = resolve));
    requests.take('t', hint('run_cell', { cell_id: 'a', expected: 'old' }));
    await soon(() => expect(server.claimed).toEqual(['r']));
    book.model.sharedModel.cells[0].setSource('mine');
    free(true);
    await soon(() => expect(server.answers.get('r')).toEqual({ trouble: 'changed' }));
    expect(book.ran).toEqual([]);
  });

  it('tells that there is no kernel', async () => {
    book.free = Promise.resolve(false);
    expect(await answerTo(hint('run_cell', { cell_id: 'a', expected: 'old' }))).toEqual({ trouble: 'no-kernel' });
    book.hasKernel = false;
    const again = hint('run_cell', { cell_id: 'a', expected: 'old' }, { id: 'again' });
    expect(await answerTo(again)).toEqual({ trouble: 'no-kernel' });
    expect(book.ran).toEqual([]);
  });

  it('drops a run that waits, and interrupts one that runs, when the turn is stopped', async () => {
    book.free = new Promise(() => undefined);
    requests.take('t', hint('run_cell', { cell_id: 'a', expected: 'old' }));
    await soon(() => expect(server.claimed).toEqual(['r']));
    requests.take('t', hint('stop'));
    await soon(() => expect(server.answers.get('r')?.state).toBe('stopped'));
    expect(book.ran).toEqual([]);
    book.free = Promise.resolve(true);
    let end: (end: RunEnd) => void = () => undefined;
    book.ends = new Promise(resolve => (end = resolve));
    requests.take('t', hint('run_cell', { cell_id: 'a', expected: 'old' }, { id: 'second' }));
    await soon(() => expect(book.ran).toHaveLength(1));
    requests.take('t', hint('stop', {}, { id: 'second' }));
    expect(book.interrupted).toEqual(['a']);
    end('failed');
    await soon(() => expect(server.answers.get('second')?.state).toBe('stopped'));
  });

  it('sends an answer again that got lost', async () => {
    server.losesAnswers = 2;
    await answerTo(hint('read_notebook'));
    expect(waited).toEqual([1000, 2000]);
  });

  it('tells what it leaves undone when the page goes away', async () => {
    book.ends = new Promise(() => undefined);
    requests.take('t', hint('run_cell', { cell_id: 'a', expected: 'old' }));
    await soon(() => expect(book.ran).toHaveLength(1));
    requests.leave();
    expect(server.left).toEqual(['r']);
    expect(server.answers.get('r')).toEqual({ trouble: 'lost' });
  });
});

/** Wait until something holds, on a busy machine too. */
function soon<T>(holds: () => T): Promise<T> {
  return vi.waitFor(holds, { timeout: 15_000 });
}
