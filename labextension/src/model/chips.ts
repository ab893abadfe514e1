/** What is sent along with a question: variables, files, cells, a selection, pictures; each a chip in the box. */

import { Signal, type ISignal } from '@lumino/signaling';

import type { IChip, ISentChip } from '../api/chips';

export type {
  ICellChip,
  IChip,
  IFileChip,
  IImageChip,
  ISelectionChip,
  ISentChip,
  IVariableChip
} from '../api/chips';

/** What the server takes with one question. */
export const MOST_CHIPS = 20;
export const MOST_PICTURES = 4;
export const MOST_TEXT = 50_000;
export const MOST_OUTPUT = 20_000;
const MOST_NAME = 1000;

/** Cut a text to what is taken, its beginning and its end kept. */
export function fitting(text: string, most: number): string {
  const gap = '\n[...]\n';
  if (text.length <= most) {
    return text;
  }
  const tail = Math.floor((most - gap.length) / 3);
  return text.slice(0, most - gap.length - tail) + gap + text.slice(text.length - tail);
}

/** Return the chip as it may be sent: no longer than what the server takes, and without what the server added. */
export function sendable(chip: ISentChip): IChip {
  const name = chip.name.slice(0, MOST_NAME);
  switch (chip.kind) {
    case 'variable':
    case 'file':
      return { kind: chip.kind, name: chip.name };
    case 'image':
      return { kind: 'image', name, image: chip.image };
    case 'selection':
      return { kind: 'selection', name, path: chip.path ?? '', text: fitting(chip.text, MOST_TEXT) };
    case 'cell': {
      const output = fitting(chip.output ?? '', MOST_OUTPUT);
      const text = fitting(chip.text ?? '', MOST_TEXT);
      return { kind: 'cell', name, path: chip.path ?? '', cell: chip.cell ?? '', text, ...(output && { output }) };
    }
  }
}

/** Return the chips of a stored question; what is none of ours is left out. */
export function chipsOf(context: unknown): ISentChip[] {
  return Array.isArray(context) ? context.filter(isChip) : [];
}

const KINDS: readonly unknown[] = ['variable', 'file', 'cell', 'selection', 'image'];

function isChip(value: unknown): value is ISentChip {
  const chip = value as Partial<ISentChip> | null;
  return typeof chip === 'object' && KINDS.includes(chip?.kind) && typeof chip?.name === 'string';
}

/** Whether two chips are of the same thing. */
export function isSame(one: IChip, other: IChip): boolean {
  if (one.kind !== other.kind) {
    return false;
  }
  if (one.kind === 'cell' && other.kind === 'cell') {
    return one.path === other.path && one.cell === other.cell;
  }
  if (one.kind === 'selection' && other.kind === 'selection') {
    return one.path === other.path && one.text === other.text;
  }
  if (one.kind === 'image' && other.kind === 'image') {
    return one.image === other.image;
  }
  return one.name === other.name;
}

/** The chips of the question that is being written; one of the same thing takes the place of the one before. */
export class Chips {
  get items(): readonly IChip[] {
    return this._items;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Put one in; false where there is no room for more. */
  add(chip: ISentChip): boolean {
    const added = sendable(chip);
    const at = this._items.findIndex(one => isSame(one, added));
    const pictures = this._items.filter(one => one.kind === 'image').length;
    const full = this._items.length >= MOST_CHIPS || (added.kind === 'image' && pictures >= MOST_PICTURES);
    if (at < 0 && full) {
      return false;
    }
    this._set(at < 0 ? [...this._items, added] : this._items.map((one, place) => (place === at ? added : one)));
    return true;
  }

  remove(chip: IChip): void {
    this._set(this._items.filter(one => one !== chip));
  }

  /** Take them all out. */
  take(): readonly IChip[] {
    const items = this._items;
    if (items.length) {
      this._set([]);
    }
    return items;
  }

  private _set(items: readonly IChip[]): void {
    this._items = items;
    this._changed.emit();
  }

  private _items: readonly IChip[] = [];
  private _changed = new Signal<this, void>(this);
}
