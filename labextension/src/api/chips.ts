/** What goes with a question, as the wire has it. */

/** A variable of the chat's kernel; the server describes it when the question is asked. */
export interface IVariableChip {
  kind: 'variable';
  name: string;
}

/** A file below the server's root, by its path there; the server reads it when the question is asked. */
export interface IFileChip {
  kind: 'file';
  name: string;
}

/** A cell as it is in the open notebook, saved or not. */
export interface ICellChip {
  kind: 'cell';
  /** How people call it: `analysis.ipynb [3]`. */
  name: string;
  /** The notebook's path and the cell's id. */
  path: string;
  cell: string;
  text: string;
  /** What it printed and raised, without colours. */
  output?: string;
}

/** Selected text. */
export interface ISelectionChip {
  kind: 'selection';
  name: string;
  path: string;
  text: string;
}

/** A PNG or JPEG, in base64. */
export interface IImageChip {
  kind: 'image';
  name: string;
  image: string;
}

/** Something that is sent along with a question, as the wire has it. */
export type IChip = IVariableChip | IFileChip | ICellChip | ISelectionChip | IImageChip;

/** A chip as the server keeps it: with what it found under the name, and why that is not all. */
export type ISentChip = IChip & { text?: string; image?: string; note?: string };

/** A variable as the server describes it; there is more in it than is named here. */
export interface IVariable {
  name: string;
  type: string;
  shape?: number[];
  dtype?: string;
  length?: number;
  value?: unknown;
  /** It looks like a secret, so its value is not told. */
  masked?: boolean;
}
