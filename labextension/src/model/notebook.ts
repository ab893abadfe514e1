/** Notebooks that are open beside the chat, as far as the chat works in them: cells by their ids, never by place. */

import type { ISignal } from '@lumino/signaling';

import type { Cells } from './cells';

/** How a run in a notebook ended. */
export type RunEnd = 'done' | 'failed';

/** A notebook that is open in this page. */
export interface IOpenNotebook {
  /** The file's name, and its path below the server's root. */
  readonly name: string;
  readonly path: string;
  readonly cells: Cells;
  readonly activeId: string | null;
  /** The text that is selected in the active cell or in its output. */
  readonly selection: string;
  /** Whether a kernel runs that could run a cell. */
  readonly hasKernel: boolean;
  /** Wait until the kernel runs nothing; false when it cannot come to that, or when the signal is aborted. */
  idle(signal: AbortSignal): Promise<boolean>;
  /** Send a cell's code off at once; with `trusted` what it shows may do what a page may. */
  run(id: string, trusted: boolean): Promise<RunEnd>;
  /** Interrupt the kernel, if it runs this cell now. */
  interrupt(id: string): Promise<void>;
  /** What the cell shows is not to be trusted with the page. */
  distrust(id: string): void;
  /** Make a cell the active one and give the notebook the focus. */
  show(id: string): void;
}

/** The notebooks of this page. */
export interface INotebooks {
  /** The one that the user was in last. */
  readonly current: IOpenNotebook | null;
  /** Another notebook or another cell is the active one, or something else that one may do has changed. */
  readonly changed: ISignal<unknown, void>;
  /** The one that runs in a kernel; the user's last one, where several do. */
  on(kernelId: string): IOpenNotebook | null;
}
