/** The kernel that a question's code will run in: that of the notebook or console that was active last. */

import type { ISessionContext } from '@jupyterlab/apputils';
import { Signal, type ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';

/** A kernel as the panel names it; without an id the server starts one for the thread. */
export interface IKernel {
  id: string | null;
  /** The notebook's file name, or the console's name. */
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

/** A notebook or a console, as far as it is looked at. */
export interface ISessionPanel extends Widget {
  readonly sessionContext: ISessionContext;
  /** The open document, if it is one. */
  readonly context?: { readonly path: string };
}

/** Knows the open notebooks, or the open consoles. */
export interface ITracked {
  readonly currentWidget: ISessionPanel | null;
  readonly currentChanged: ISignal<unknown, unknown>;
  has(widget: Widget): boolean;
  find(wanted: (panel: ISessionPanel) => boolean): ISessionPanel | undefined;
}

/** Knows which of all widgets in the main area the user is in. */
export interface IFocus {
  readonly currentWidget: Widget | null;
  readonly currentChanged?: ISignal<unknown, unknown>;
}

/** Follows the notebook or console that was active last, and its kernel. */
export class ActiveKernels implements IKernels {
  /** The first tracker's widget is taken while it is not known which was active last. */
  constructor(
    private readonly _trackers: readonly ITracked[],
    private readonly _focus?: IFocus
  ) {
    _trackers.forEach(tracker =>
      tracker.currentChanged.connect(() => this._follow(tracker.currentWidget))
    );
    _focus?.currentChanged?.connect(() => this._follow(null));
    this._follow(null);
  }

  get current(): IKernel {
    return this._current;
  }

  get changed(): ISignal<IKernels, void> {
    return this._changed;
  }

  /** The open notebook or console on that kernel, if there is one. */
  find(id: string): IKernel | null {
    for (const tracker of this._trackers) {
      const panel = tracker.find(one => kernelOf(one).id === id);
      if (panel) {
        return kernelOf(panel);
      }
    }
    return null;
  }

  /** Look again which panel is active; `hint` is the one that a tracker names. */
  private _follow(hint: ISessionPanel | null): void {
    const focused = this._focus?.currentWidget ?? null;
    const tracker = focused && this._trackers.find(one => one.has(focused));
    const first = this._trackers.find(one => one.currentWidget)?.currentWidget;
    const panel = tracker ? (focused as ISessionPanel) : (hint ?? this._open(this._panel) ?? first ?? null);
    if (panel !== this._panel) {
      signalsOf(this._panel).forEach(signal => signal.disconnect(this._update));
      this._panel = panel;
      signalsOf(panel).forEach(signal => signal.connect(this._update));
    }
    this._update();
  }

  private _open(panel: ISessionPanel | null): ISessionPanel | null {
    return panel && this._trackers.some(one => one.has(panel)) ? panel : null;
  }

  private readonly _update = (): void => {
    const next = this._panel ? kernelOf(this._panel) : NONE;
    const now = this._current;
    if (next.id !== now.id || next.notebook !== now.notebook || next.name !== now.name) {
      this._current = next;
      this._changed.emit();
    }
  };

  private _panel: ISessionPanel | null = null;
  private _current: IKernel = NONE;
  private _changed = new Signal<IKernels, void>(this);
}

function kernelOf(panel: ISessionPanel): IKernel {
  const { sessionContext, context } = panel;
  const id = sessionContext.session?.kernel?.id ?? null;
  const notebook = (context ? context.path.split('/').pop() : sessionContext.name) ?? null;
  const name = sessionContext.kernelDisplayName.replace(/ \(ipykernel\)$/, '');
  return { id, notebook, name: id ? name : null };
}

function signalsOf(panel: ISessionPanel | null): ISignal<unknown, unknown>[] {
  const context = panel?.sessionContext;
  return context ? [context.kernelChanged, context.sessionChanged, context.propertyChanged] : [];
}
