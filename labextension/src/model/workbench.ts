/** What the user does with code of the chat in the notebook that they were in last. */

import type { ISignal } from '@lumino/signaling';

import { MOST_OUTPUT, type ICellChip, type IChip, type ISelectionChip } from './chips';
import { CellTrouble, type INewCell } from './cells';
import { errorOf, outputText } from './celltext';
import type { INotebooks, IOpenNotebook } from './notebook';

/** Why code cannot go into the notebook now. */
export type Obstacle = 'no-cell' | 'read-only' | 'no-kernel';

/** Works on the active cell of the active notebook; what it did is taken back by the notebook's own undo. */
export class Workbench {
  constructor(private readonly _notebooks: INotebooks) {}

  get changed(): ISignal<unknown, void> {
    return this._notebooks.changed;
  }

  /** What keeps a cell from being made. */
  get obstacle(): Obstacle | null {
    const notebook = this._notebooks.current;
    if (!notebook?.activeId || !notebook.cells.has(notebook.activeId)) {
      return 'no-cell';
    }
    return notebook.cells.readOnly ? 'read-only' : null;
  }

  /** What keeps the active cell from being replaced. */
  get replaceObstacle(): Obstacle | null {
    const notebook = this._notebooks.current;
    const obstacle = this.obstacle;
    if (obstacle || !notebook?.activeId) {
      return obstacle;
    }
    return notebook.cells.editable(notebook.activeId) ? null : 'read-only';
  }

  /** What keeps code from being run. */
  get runObstacle(): Obstacle | null {
    return this.obstacle ?? (this._notebooks.current?.hasKernel ? null : 'no-kernel');
  }

  /** Make a cell in front of or behind the active one, and go there. */
  insert(cell: INewCell, where: 'above' | 'below'): void {
    const { notebook, id } = this._active();
    const place = where === 'above' ? { before: id } : { after: id };
    notebook.show(notebook.cells.insert(cell, place));
  }

  /** Give the active cell this source. */
  replace(source: string): void {
    const { notebook, id } = this._active();
    notebook.cells.replace(id, source);
    notebook.show(id);
  }

  /** Make a cell behind the active one and run it there. */
  async run(source: string): Promise<void> {
    const { notebook, id } = this._active();
    const made = notebook.cells.insert({ type: 'code', source }, { after: id });
    notebook.show(made);
    await notebook.run(made, true);
  }

  /** The active cell as something to be sent along with a question. */
  get cellChip(): IChip | null {
    const found = this._found();
    return found && chipOf(found.notebook, found.id);
  }

  /** What is selected in the active cell. */
  get selectionChip(): IChip | null {
    return selectionOf(this._notebooks.current);
  }

  /** The id of the active cell, if it raised an error. */
  get failedCell(): string | null {
    const found = this._found();
    return found && errorOf(found.notebook.cells.outputs(found.id)) !== null ? found.id : null;
  }

  private _found(): { notebook: IOpenNotebook; id: string } | null {
    const notebook = this._notebooks.current;
    const id = notebook?.activeId;
    return notebook && id && notebook.cells.has(id) ? { notebook, id } : null;
  }

  private _active(): { notebook: IOpenNotebook; id: string } {
    const found = this._found();
    if (!found) {
      throw new CellTrouble('no-cell');
    }
    return found;
  }
}

/** A cell with its output, as something to be sent along with a question. */
export function chipOf(notebook: IOpenNotebook, id: string): ICellChip {
  const { count, source } = notebook.cells.view(id, 0);
  const output = outputText(notebook.cells.outputs(id), MOST_OUTPUT);
  return {
    kind: 'cell',
    name: `${notebook.name} [${count ?? ' '}]`,
    path: notebook.path,
    cell: id,
    text: source,
    ...(output && { output })
  };
}

/** What is selected in the active cell of a notebook. */
export function selectionOf(notebook: IOpenNotebook | null): ISelectionChip | null {
  const text = notebook?.selection ?? '';
  return notebook && text.trim() ? { kind: 'selection', name: notebook.name, path: notebook.path, text } : null;
}
