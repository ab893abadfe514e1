/** A page's notebooks without Lab around them: real documents, a kernel in miniature. */

import { NotebookModel } from '@jupyterlab/notebook/lib/model';
import { Signal } from '@lumino/signaling';

import { Cells } from '../model/cells';
import type { INotebooks, IOpenNotebook, RunEnd } from '../model/notebook';

/** A cell of a test's. */
export interface ICellOfTest {
  id: string;
  source: string;
  type?: 'code' | 'markdown';
  outputs?: object[];
  metadata?: Record<string, unknown>;
}

/** An open notebook; a run prints what the test says, or what it resolves to. */
export class FakeNotebook implements IOpenNotebook {
  readonly model = new NotebookModel();
  readonly cells: Cells;
  name = 'map.ipynb';
  path = 'work/map.ipynb';
  activeId: string | null;
  selection = '';
  hasKernel = true;
  readOnly = false;
  readonly shown: string[] = [];
  readonly ran: { id: string; source: string; trusted: boolean }[] = [];
  readonly interrupted: string[] = [];
  readonly distrusted: string[] = [];
  /** When the kernel is free. */
  free: Promise<boolean> = Promise.resolve(true);
  ends: Promise<RunEnd> = Promise.resolve('done');
  prints = '42\n';

  constructor(...cells: ICellOfTest[]) {
    this.model.fromJSON({
      nbformat: 4,
      nbformat_minor: 5,
      metadata: {},
      cells: cells.map(({ id, source, type = 'code', outputs = [], metadata = {} }) => ({
        id,
        cell_type: type,
        source,
        metadata: metadata as Record<string, never>,
        ...(type === 'code' && { outputs: outputs as never[], execution_count: null })
      }))
    });
    this.model.sharedModel.clearUndoHistory();
    this.cells = new Cells(this.model.sharedModel, () => this.readOnly);
    this.activeId = cells[0]?.id ?? null;
  }

  /** The sources, in order. */
  get sources(): string[] {
    return this.model.sharedModel.cells.map(cell => cell.getSource());
  }

  idle(signal: AbortSignal): Promise<boolean> {
    const aborted = new Promise<boolean>(resolve =>
      signal.addEventListener('abort', () => resolve(false))
    );
    return Promise.race([this.free, aborted]);
  }

  async run(id: string, trusted: boolean): Promise<RunEnd> {
    this.ran.push({ id, source: this.cells.source(id), trusted });
    const end = await this.ends;
    const cell = this.model.sharedModel.cells.find(one => one.getId() === id);
    (cell as unknown as { setOutputs(outputs: object[]): void }).setOutputs([
      { output_type: 'stream', name: 'stdout', text: this.prints }
    ]);
    return end;
  }

  interrupt(id: string): Promise<void> {
    this.interrupted.push(id);
    return Promise.resolve();
  }

  distrust(id: string): void {
    this.distrusted.push(id);
  }

  show(id: string): void {
    this.shown.push(id);
    this.activeId = id;
  }
}

/** The notebooks of a page. */
export class FakeNotebooks implements INotebooks {
  readonly kernels = new Map<string, FakeNotebook>();
  readonly changed = new Signal<this, void>(this);

  get current(): FakeNotebook | null {
    return this._current;
  }

  set current(notebook: FakeNotebook | null) {
    this._current = notebook;
    this.changed.emit();
  }

  on(kernelId: string): FakeNotebook | null {
    return this.kernels.get(kernelId) ?? null;
  }

  private _current: FakeNotebook | null = null;
}
