/** What the model asks of the open notebook: claimed by one page, done once, answered. */

import { Refused } from '../api/client';
import type { IPageAnswer, IRequestHint } from '../api/requests';
import { CellTrouble } from './cells';
import type { INotebooks, IOpenNotebook } from './notebook';
import { textOf, textsOf } from './reader';

/** How long a request for another page is left to it, in milliseconds. */
const OTHERS = 3000;

/** How often the server is told that a request still goes on. */
const ALIVE = 15_000;

/** How often an answer is sent that does not arrive. */
const TRIES = 4;

/** What is asked of the server. */
export interface IErrands {
  /** The name of this page. */
  readonly page: string;
  claim(threadId: string, id: string): Promise<void>;
  keep(threadId: string, id: string): Promise<void>;
  /** `leaving` lets the request outlive the page. */
  finish(threadId: string, id: string, answer: IPageAnswer, leaving?: boolean): Promise<void>;
}

/** Does what is asked of this page, each thing at most once. */
export class Requests {
  constructor(
    private readonly _client: IErrands,
    private readonly _notebooks: INotebooks,
    private readonly _wait = (milliseconds: number): Promise<void> =>
      new Promise(resolve => window.setTimeout(resolve, milliseconds))
  ) {}

  /** Take a hint out of the stream of a thread. */
  take(threadId: string, hint: IRequestHint): void {
    const id = textOf(hint.id);
    if (textOf(hint.tool) === 'stop') {
      this._going.get(id)?.stop.abort();
    } else if (id && !this._seen.has(id)) {
      this._seen.add(id);
      this._do(threadId, { ...hint, id }).catch(console.warn);
    }
  }

  /** The page goes away: tell what does not come to its end here. */
  leave(): void {
    for (const [id, { threadId }] of this._going) {
      this._client.finish(threadId, id, { trouble: 'lost' }, true).catch(() => undefined);
    }
    this._going.clear();
  }

  private async _do(threadId: string, hint: IRequestHint): Promise<void> {
    if (hint.client !== this._client.page) {
      await this._wait(OTHERS);
      if (!this._notebook(hint)) {
        return; // the page that has it open may claim it
      }
    }
    try {
      await this._client.claim(threadId, hint.id);
    } catch {
      return; // another page was first, nobody waits any more, or whether it was claimed is not known
    }
    const stop = new AbortController();
    this._going.set(hint.id, { threadId, stop });
    const alive = window.setInterval(() => {
      this._client.keep(threadId, hint.id).catch(() => undefined);
    }, ALIVE);
    let answer: IPageAnswer;
    try {
      answer = await this._answer(hint, stop.signal);
    } catch (error) {
      if (!(error instanceof CellTrouble)) {
        console.warn('FrevaGPT: the notebook could not be worked on.', error);
      }
      answer = { trouble: error instanceof CellTrouble ? error.trouble : 'failed' };
    } finally {
      window.clearInterval(alive);
    }
    if (this._going.delete(hint.id)) {
      await this._finish(threadId, hint.id, answer);
    }
  }

  private async _finish(threadId: string, id: string, answer: IPageAnswer): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await this._client.finish(threadId, id, answer);
      } catch (error) {
        if (error instanceof Refused || tries === TRIES) {
          return;
        }
        await this._wait(1000 * tries);
      }
    }
  }

  private _notebook(hint: IRequestHint): IOpenNotebook | null {
    return hint.kernel_id ? this._notebooks.on(hint.kernel_id) : this._notebooks.current;
  }

  private async _answer(hint: IRequestHint, signal: AbortSignal): Promise<IPageAnswer> {
    const notebook = this._notebook(hint);
    if (!notebook) {
      return { trouble: 'no-notebook' };
    }
    const { cells, name } = notebook;
    const given = hint.arguments ?? {};
    const id = textOf(given.cell_id);
    const about = (ids: string[]): IPageAnswer => ({
      notebook: name,
      active: notebook.activeId ?? '',
      cells: cells.views(ids)
    });
    switch (hint.tool) {
      case 'read_notebook':
        return about(textsOf(given.cell_ids));
      case 'insert_cell': {
        const [after, before] = [textOf(given.after), textOf(given.before)];
        const beside = after || before ? { after, before } : { after: notebook.activeId ?? '' };
        const type = given.type === 'markdown' ? 'markdown' : 'code';
        return about([cells.insert({ type, source: textOf(given.source) }, beside)]);
      }
      case 'replace_cell':
        cells.replace(id, textOf(given.source), textOf(given.expected));
        notebook.distrust(id);
        return about([id]);
      case 'run_cell': {
        const state = await run(notebook, id, textOf(given.expected), signal);
        return { ...about([id]), state };
      }
      default:
        return { trouble: 'failed' };
    }
  }

  private readonly _seen = new Set<string>();
  private readonly _going = new Map<string, { threadId: string; stop: AbortController }>();
}

/** Run a cell once the kernel is free, if the cell is then still the one that was looked at. */
async function run(
  notebook: IOpenNotebook,
  id: string,
  expected: string,
  signal: AbortSignal
): Promise<'done' | 'failed' | 'stopped'> {
  if (!notebook.hasKernel || (!(await notebook.idle(signal)) && !signal.aborted)) {
    throw new CellTrouble('no-kernel');
  }
  if (signal.aborted) {
    return 'stopped';
  }
  if (notebook.cells.source(id) !== expected) {
    throw new CellTrouble('changed');
  }
  const interrupt = (): void => {
    notebook.interrupt(id).catch(console.warn);
  };
  signal.addEventListener('abort', interrupt);
  try {
    const end = await notebook.run(id, false);
    return signal.aborted ? 'stopped' : end;
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}
