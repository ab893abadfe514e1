/** The cells of an open notebook, in the document that its editors show: found by id, and looked at after each write. */

import type * as nbformat from '@jupyterlab/nbformat';
import type { INotebookModel } from '@jupyterlab/notebook';

import type { CellType, ICellView, Trouble } from '../api/requests';
import { hashOf, outputText } from './celltext';

type Shared = INotebookModel['sharedModel'];
type SharedCell = Shared['cells'][number];

/** The most characters of one cell's output, and of all cells', that are told. */
const MOST_OUTPUT = 20_000;
const MOST_OUTPUTS = 500_000;

/** A cell that is to be made. */
export interface INewCell {
  type: 'code' | 'markdown';
  source: string;
  outputs?: nbformat.IOutput[];
}

/** Where it is to be made: behind or in front of the cell of that id, else at the end. */
export interface IPlace {
  after?: string;
  before?: string;
}

/** Something cannot be done; nothing was done then, unless it `failed`. */
export class CellTrouble extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble);
  }
}

/** Writes in one step that the notebook's own undo takes back. */
export class Cells {
  constructor(
    private readonly _shared: Shared,
    private readonly _readOnly: () => boolean
  ) {}

  get readOnly(): boolean {
    return this._readOnly();
  }

  has(id: string): boolean {
    return this._at(id) >= 0;
  }

  source(id: string): string {
    return this._cell(id).getSource();
  }

  /** Whether the user lets this cell be edited. */
  editable(id: string): boolean {
    return !this.readOnly && this._cell(id).getMetadata().editable !== false;
  }

  outputs(id: string): nbformat.IOutput[] {
    const cell = this._cell(id);
    return cell.cell_type === 'code' ? (cell as unknown as { getOutputs(): nbformat.IOutput[] }).getOutputs() : [];
  }

  /** The cells of these ids, in the notebook's order; all of them without ids. */
  views(ids: readonly string[] = []): ICellView[] {
    let room = MOST_OUTPUTS;
    return this._shared.cells
      .map(cell => cell.getId())
      .filter(id => !ids.length || ids.includes(id))
      .map(id => {
        const view = this.view(id, Math.min(MOST_OUTPUT, Math.max(room, 200)));
        room -= view.output?.length ?? 0;
        return view;
      });
  }

  /** Each cell's id, number and source, without what it showed. */
  lines(): { id: string; count: number | null; source: string }[] {
    return this._shared.cells.map(cell => {
      const { execution_count: count } = cell as unknown as { execution_count?: number | null };
      return { id: cell.getId(), count: count ?? null, source: cell.getSource() };
    });
  }

  view(id: string, most = MOST_OUTPUT): ICellView {
    const cell = this._cell(id);
    const source = cell.getSource();
    const output = outputText(this.outputs(id), most);
    const { execution_count: count } = cell as unknown as { execution_count?: number | null };
    return {
      id,
      type: typeOf(cell),
      source,
      hash: hashOf(source),
      ...(output && { output }),
      ...(typeof count === 'number' && { count })
    };
  }

  /** Make a cell; return its id. */
  insert(cell: INewCell, place: IPlace): string {
    if (this.readOnly) {
      throw new CellTrouble('read-only');
    }
    const index = this._index(place);
    const { type, source, outputs } = cell;
    const made = this._shared.insertCell(index, {
      cell_type: type,
      source,
      metadata: {},
      ...(type === 'code' && { outputs: outputs ?? [], execution_count: null })
    });
    const id = made.getId();
    this._verify(id, source);
    return id;
  }

  /** Give a cell another source, unless it is no longer the `expected` one. */
  replace(id: string, source: string, expected?: string): void {
    const cell = this._cell(id);
    if (!this.editable(id)) {
      throw new CellTrouble('read-only');
    }
    if (expected !== undefined && cell.getSource() !== expected) {
      throw new CellTrouble('changed');
    }
    cell.setSource(source);
    this._verify(id, source);
  }

  private _index(place: IPlace): number {
    const anchor = place.before || place.after;
    if (!anchor) {
      return this._shared.cells.length;
    }
    const at = this._at(anchor);
    if (at < 0) {
      throw new CellTrouble('no-cell');
    }
    return place.before ? at : at + 1;
  }

  private _at(id: string): number {
    return this._shared.cells.findIndex(cell => cell.getId() === id);
  }

  private _cell(id: string): SharedCell {
    const at = this._at(id);
    if (at < 0) {
      throw new CellTrouble('no-cell');
    }
    return this._shared.cells[at];
  }

  private _verify(id: string, source: string): void {
    if (!this.has(id) || this.source(id) !== source) {
      throw new CellTrouble('failed');
    }
  }
}

function typeOf(cell: SharedCell): CellType {
  return cell.cell_type === 'code' || cell.cell_type === 'markdown' ? cell.cell_type : 'raw';
}
