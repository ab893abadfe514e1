/** The kernel that a question's code will run in: that of the notebook that was active last. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Signal, type ISignal } from '@lumino/signaling';

/** A kernel as the panel names it; without an id the server starts one for the thread. */
export interface IKernel {
  id: string | null;
  /** The notebook's file name. */
  notebook: string | null;
  /** The kernel's display name. */
  name: string | null;
}

const NONE: IKernel = { id: null, notebook: null, name: null };

/** What a conversation asks about kernels. */
export interface IKernels {
  readonly current: IKernel;
  readonly changed: ISignal<IKernels, void>;
  find(id: string): IKernel | null;
}

/** Follows the active notebook and its kernel. */
export class NotebookKernels implements IKernels {
  constructor(private readonly _tracker: INotebookTracker) {
    _tracker.currentChanged.connect(this._follow);
    this._follow();
  }

  get current(): IKernel {
    return this._current;
  }

  get changed(): ISignal<IKernels, void> {
    return this._changed;
  }

  /** The open notebook on that kernel, if there is one. */
  find(id: string): IKernel | null {
    const panel = this._tracker.find(one => kernelOf(one).id === id);
    return panel ? kernelOf(panel) : null;
  }

  private readonly _follow = (): void => {
    const panel = this._tracker.currentWidget;
    const context = panel?.sessionContext ?? null;
    if (context !== this._context) {
      signalsOf(this._context).forEach(signal => signal.disconnect(this._update));
      this._context = context;
      signalsOf(context).forEach(signal => signal.connect(this._update));
    }
    this._update();
  };

  private readonly _update = (): void => {
    const panel = this._tracker.currentWidget;
    const next = panel ? kernelOf(panel) : NONE;
    const now = this._current;
    if (next.id !== now.id || next.notebook !== now.notebook || next.name !== now.name) {
      this._current = next;
      this._changed.emit();
    }
  };

  private _context: ISessionContext | null = null;
  private _current: IKernel = NONE;
  private _changed = new Signal<IKernels, void>(this);
}

function kernelOf(panel: NotebookPanel): IKernel {
  const id = panel.sessionContext.session?.kernel?.id ?? null;
  const notebook = panel.context.path.split('/').pop() ?? null;
  const name = panel.sessionContext.kernelDisplayName.replace(/ \(ipykernel\)$/, '');
  return { id, notebook, name: id ? name : null };
}

function signalsOf(context: ISessionContext | null): ISignal<unknown, unknown>[] {
  return context ? [context.kernelChanged, context.sessionChanged, context.propertyChanged] : [];
}
