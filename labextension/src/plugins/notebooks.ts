/** The notebooks that are open in Lab. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { CodeCell } from '@jupyterlab/cells';
import { NotebookActions, type INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import { Signal, type ISignal } from '@lumino/signaling';

import { Cells, CellTrouble } from '../model/cells';
import type { INotebooks, IOpenNotebook, RunEnd } from '../model/notebook';

type Shell = JupyterFrontEnd['shell'];

/** Follows the notebook that was active last. */
export class LabNotebooks implements INotebooks {
  constructor(
    private readonly _tracker: INotebookTracker,
    private readonly _shell: Shell
  ) {
    const tell = (): void => this._changed.emit();
    _tracker.activeCellChanged.connect(tell);
    _tracker.currentChanged.connect(tell);
    _tracker.widgetAdded.connect((_, panel) => {
      panel.sessionContext.kernelChanged.connect(tell);
      panel.disposed.connect(tell);
    });
  }

  get current(): IOpenNotebook | null {
    const panel = this._tracker.currentWidget;
    return panel ? this._open(panel) : null;
  }

  get changed(): ISignal<unknown, void> {
    return this._changed;
  }

  on(kernelId: string): IOpenNotebook | null {
    const runs = (panel: NotebookPanel): boolean => kernelOf(panel)?.id === kernelId;
    const current = this._tracker.currentWidget;
    const panel = current && runs(current) ? current : this._tracker.find(runs);
    return panel ? this._open(panel) : null;
  }

  private _open(panel: NotebookPanel): IOpenNotebook | null {
    const { model } = panel;
    if (!model || panel.isDisposed) {
      return null;
    }
    let opened = this._opened.get(panel);
    if (!opened) {
      opened = new LabNotebook(panel, this._shell, new Cells(model.sharedModel, () => model.readOnly));
      this._opened.set(panel, opened);
    }
    return opened;
  }

  private readonly _opened = new WeakMap<NotebookPanel, LabNotebook>();
  private readonly _changed = new Signal<this, void>(this);
}

/** One of them. */
class LabNotebook implements IOpenNotebook {
  constructor(
    private readonly _panel: NotebookPanel,
    private readonly _shell: Shell,
    readonly cells: Cells
  ) {}

  get path(): string {
    return this._panel.context.path;
  }

  get name(): string {
    return this.path.split('/').pop() ?? this.path;
  }

  get activeId(): string | null {
    return this._panel.content.activeCell?.model.sharedModel.getId() ?? null;
  }

  get selection(): string {
    const cell = this._panel.content.activeCell;
    const editor = cell?.editor;
    if (cell && editor) {
      const { start, end } = editor.getSelection();
      const [one, other] = [editor.getOffsetAt(start), editor.getOffsetAt(end)];
      if (one !== other) {
        return cell.model.sharedModel.getSource().slice(Math.min(one, other), Math.max(one, other));
      }
    }
    const selected = window.getSelection();
    const inside = !!selected?.anchorNode && !!cell?.node.contains(selected.anchorNode);
    return inside ? selected.toString() : '';
  }

  get hasKernel(): boolean {
    const kernel = kernelOf(this._panel);
    return !!kernel && !isGone(kernel.status);
  }

  idle(signal: AbortSignal): Promise<boolean> {
    const context = this._panel.sessionContext;
    return new Promise(resolve => {
      const look = (): void => {
        const status = kernelOf(this._panel)?.status;
        if (signal.aborted || this._panel.isDisposed || !status || isGone(status)) {
          end(false);
        } else if (status === 'idle') {
          end(true);
        }
      };
      const end = (free: boolean): void => {
        context.statusChanged.disconnect(look);
        context.kernelChanged.disconnect(look);
        this._panel.disposed.disconnect(look);
        signal.removeEventListener('abort', look);
        resolve(free);
      };
      context.statusChanged.connect(look);
      context.kernelChanged.connect(look);
      this._panel.disposed.connect(look);
      signal.addEventListener('abort', look);
      look();
    });
  }

  async run(id: string, trusted: boolean): Promise<RunEnd> {
    const { content, sessionContext } = this._panel;
    const cell = this._widget(id);
    const { mode } = content;
    const before = cell.model.trusted;
    const ran = NotebookActions.runCells(content, [cell], sessionContext);
    // running a cell trusts what it shows and ends the typing in another one: neither was asked for here
    if (!trusted) {
      cell.model.trusted = before;
    }
    if (mode === 'edit' && content.activeCell !== cell) {
      content.mode = mode;
    }
    const went = await ran.finally(() => {
      if (!trusted) {
        cell.model.trusted = before;
      }
    });
    return went ? 'done' : 'failed';
  }

  async interrupt(id: string): Promise<void> {
    const cell = this._widget(id);
    if (cell.model.type === 'code' && (cell as CodeCell).model.executionState === 'running') {
      await kernelOf(this._panel)?.interrupt();
    }
  }

  distrust(id: string): void {
    this._widget(id).model.trusted = false;
  }

  show(id: string): void {
    const { content } = this._panel;
    const at = content.widgets.findIndex(cell => cell.model.sharedModel.getId() === id);
    if (at >= 0) {
      this._shell.activateById(this._panel.id);
      content.deselectAll();
      content.activeCellIndex = at;
      content.mode = 'command';
      content.activate();
      void content.scrollToItem(at, 'smart');
    }
  }

  private _widget(id: string): NotebookPanel['content']['widgets'][number] {
    const cell = this._panel.content.widgets.find(one => one.model.sharedModel.getId() === id);
    if (!cell) {
      throw new CellTrouble('no-cell');
    }
    return cell;
  }
}

function kernelOf(panel: NotebookPanel): Kernel.IKernelConnection | null {
  return panel.sessionContext.session?.kernel ?? null;
}

function isGone(status: Kernel.Status): boolean {
  return status === 'dead' || status === 'terminating' || status === 'unknown';
}
