/** A notebook, a kernel and files beside the chat. */

import type { IVariable } from '../api/chips';
import type { ICellChip, ISelectionChip } from '../model/chips';
import type { IAround, ICellLine, IEntry } from '../model/mentions';

/** Tells what a test put into it, and remembers what is asked. */
export class FakeAround implements IAround {
  folder = '';
  cells: ICellLine[] = [];
  chips: Record<string, ICellChip> = {};
  selection: ISelectionChip | null = null;
  held: IVariable[] = [];
  folders: Record<string, IEntry[]> = {};
  texts: Record<string, string> = {};
  readonly asked: string[] = [];
  /** Variables come when this has come. */
  ready: Promise<void> = Promise.resolve();

  cell(id: string): ICellChip | null {
    return this.chips[id] ?? null;
  }

  async variables(): Promise<readonly IVariable[]> {
    this.asked.push('variables');
    await this.ready;
    return this.held;
  }

  entries(folder: string): Promise<readonly IEntry[]> {
    this.asked.push(`entries ${folder}`);
    const found = this.folders[folder];
    return found ? Promise.resolve(found) : Promise.reject(new Error('There is no such folder.'));
  }

  text(path: string): Promise<string> {
    this.asked.push(`text ${path}`);
    return Promise.resolve(this.texts[path] ?? '');
  }
}
