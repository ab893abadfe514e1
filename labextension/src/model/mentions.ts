/** What can be mentioned with @: the selection and the cells of the notebook, variables of its kernel, files. */

import type { IVariable } from '../api/chips';
import type { ICellChip, IChip, ISelectionChip, ISentChip } from './chips';

/** A file or folder, by its path below the server's root. */
export interface IEntry {
  path: string;
  folder: boolean;
}

/** A cell of the active notebook: its number, or a blank where it has not run. */
export interface ICellLine {
  id: string;
  mark: string;
  text: string;
}

/** What lies beside the chat in Lab. */
export interface IAround {
  /** The folder of the active notebook, "" for the root. */
  readonly folder: string;
  /** The cells of the active notebook, the active one first. */
  readonly cells: readonly ICellLine[];
  /** One of them as it is now, with its output. */
  cell(id: string): ICellChip | null;
  readonly selection: ISelectionChip | null;
  /** The variables of the kernel that a question would run in. */
  variables(): Promise<readonly IVariable[]>;
  entries(folder: string): Promise<readonly IEntry[]>;
  /** The beginning of a file's text, or what it is. */
  text(path: string): Promise<string>;
}

export type MentionKind = 'selection' | 'variable' | 'cell' | 'file' | 'folder';

/** Something that can be mentioned. */
export interface IMention {
  kind: MentionKind;
  label: string;
  detail: string;
  /** What takes the place of what was typed. */
  insert: string;
  /** What goes with the question; a folder is looked into first. */
  chip?: () => IChip | null;
}

const MOST: Record<MentionKind, number> = { selection: 1, variable: 8, cell: 6, file: 8, folder: 4 };
const PREVIEW = 2000;
/** Variables come first; files wait so many milliseconds for them, lest the list moves under the finger. */
const PATIENCE = 400;

/** Finds what begins with, or holds, what was typed; each kind tells when it has found something. */
export class Mentions {
  constructor(private readonly _around: IAround) {}

  /** Look at everything anew at the next question. */
  forget(): void {
    this._variables = null;
    this._entries.clear();
  }

  /** Find; `take` is called once or more, each time with all that is found so far. */
  async find(query: string, take: (found: readonly IMention[]) => void): Promise<void> {
    const ready = query.includes('/') ? [] : [...this._selection(query), ...this._cells(query)];
    take(ready);
    let variables: IMention[] = [];
    let files: IMention[] = [];
    const tell = (): void => {
      const [selection, cells] = [ready.filter(is('selection')), ready.filter(is('cell'))];
      take([...selection, ...variables, ...cells, ...files]);
    };
    const named = query.includes('/')
      ? Promise.resolve()
      : this._named(query).then(found => {
          variables = found;
          tell();
        });
    const listed = Promise.all([this._files(query), Promise.race([named, pause(PATIENCE)])]);
    await Promise.all([
      named,
      listed.then(([found]) => {
        files = found;
        tell();
      })
    ]);
  }

  /** What will be sent for a chip, or was. */
  async preview(chip: ISentChip): Promise<string> {
    if (chip.kind === 'cell') {
      return [chip.text, chip.output].filter(Boolean).join('\n\n').slice(0, PREVIEW);
    }
    if (chip.text) {
      return (chip.kind === 'variable' ? laidOut(chip.text) : chip.text).slice(0, PREVIEW);
    }
    if (chip.kind === 'file' && !chip.image && !chip.note) {
      return (await this._around.text(chip.name)).slice(0, PREVIEW);
    }
    if (chip.kind === 'variable' && !chip.note) {
      const found = (await this._held()).find(one => one.name === chip.name);
      return found ? JSON.stringify(found, null, 1).slice(0, PREVIEW) : '';
    }
    return '';
  }

  private _selection(query: string): IMention[] {
    const chip = this._around.selection;
    if (!chip || !matches('selection', query)) {
      return [];
    }
    return [{ kind: 'selection', label: 'selection', detail: firstLine(chip.text), insert: '', chip: () => chip }];
  }

  private _cells(query: string): IMention[] {
    return this._around.cells
      .filter(cell => matches('cell', query) || matches(`[${cell.mark}]`, query))
      .slice(0, MOST.cell)
      .map(cell => ({
        kind: 'cell',
        label: `[${cell.mark}]`,
        detail: firstLine(cell.text),
        insert: '',
        chip: () => this._around.cell(cell.id)
      }));
  }

  private async _named(query: string): Promise<IMention[]> {
    const found = best(await this._held(), query, one => one.name);
    return found.slice(0, MOST.variable).map(one => ({
      kind: 'variable',
      label: one.name,
      detail: described(one),
      insert: one.name,
      chip: () => ({ kind: 'variable', name: one.name })
    }));
  }

  private async _files(query: string): Promise<IMention[]> {
    const at = query.lastIndexOf('/');
    const typed = query.slice(0, at + 1);
    const folder = typed.startsWith('/') ? typed.slice(1, -1) : join(this._around.folder, typed.slice(0, -1));
    const entries = best(await this._listed(folder), query.slice(at + 1), nameOf);
    const folders = entries.filter(one => one.folder).slice(0, MOST.folder);
    const files = entries.filter(one => !one.folder).slice(0, MOST.file);
    return [
      ...files.map(({ path }): IMention => {
        const name = nameOf({ path });
        const chip = (): IChip => ({ kind: 'file', name: path });
        return { kind: 'file', label: name, detail: path, insert: name, chip };
      }),
      ...folders.map(({ path }): IMention => {
        const name = nameOf({ path });
        return { kind: 'folder', label: `${name}/`, detail: path, insert: `${typed}${name}/` };
      })
    ];
  }

  private _held(): Promise<readonly IVariable[]> {
    return (this._variables ??= this._around.variables().catch(() => []));
  }

  private _listed(folder: string): Promise<readonly IEntry[]> {
    let entries = this._entries.get(folder);
    if (!entries) {
      entries = this._around.entries(folder).catch(() => []);
      this._entries.set(folder, entries);
    }
    return entries;
  }

  private _variables: Promise<readonly IVariable[]> | null = null;
  private _entries = new Map<string, Promise<readonly IEntry[]>>();
}

function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => window.setTimeout(resolve, milliseconds));
}

function laidOut(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 1);
  } catch {
    return json;
  }
}

/** A variable's type and size, in a few words. */
export function described(variable: IVariable): string {
  const type = variable.type.split('.').pop() ?? '';
  const size = variable.shape?.join(' × ') ?? (variable.length !== undefined ? String(variable.length) : '');
  return [type, size && `(${size})`, variable.dtype].filter(Boolean).join(' ');
}

function is(kind: MentionKind): (mention: IMention) => boolean {
  return mention => mention.kind === kind;
}

function matches(text: string, query: string): boolean {
  return text.toLowerCase().includes(query.toLowerCase());
}

/** Those that begin with what was typed, then those that hold it. */
function best<T>(all: readonly T[], query: string, name: (one: T) => string): T[] {
  const wanted = query.toLowerCase();
  const begins = (one: T): boolean => name(one).toLowerCase().startsWith(wanted);
  const rest = wanted ? all.filter(one => !begins(one) && matches(name(one), wanted)) : [];
  return [...all.filter(begins), ...rest];
}

function nameOf(entry: { path: string }): string {
  return entry.path.split('/').pop() ?? '';
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0].slice(0, 80);
}

/** A folder below another, `..` resolved as far as the root. */
function join(folder: string, below: string): string {
  const parts: string[] = [];
  for (const part of [...folder.split('/'), ...below.split('/')]) {
    if (part === '..') {
      parts.pop();
    } else if (part && part !== '.') {
      parts.push(part);
    }
  }
  return parts.join('/');
}
