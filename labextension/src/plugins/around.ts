/** What lies beside the chat in Lab: the active notebook, the kernel's variables, the files. */

import type { Contents } from '@jupyterlab/services';

import type { IClient } from '../api/client';
import type { ICellChip, ISelectionChip, IVariable } from '../api/chips';
import type { IAround, ICellLine, IEntry } from '../model/mentions';
import type { INotebooks } from '../model/notebook';
import { chipOf, selectionOf } from '../model/workbench';

/** Longer files are not fetched whole for a look at their beginning. */
const MOST_BYTES = 256 * 1024;

/** Asks Lab's notebooks and contents manager, and the server. */
export class LabAround implements IAround {
  constructor(
    private readonly _notebooks: INotebooks,
    private readonly _contents: Contents.IManager,
    private readonly _client: Pick<IClient, 'variables'>,
    private readonly _kernel: () => string | null
  ) {}

  get folder(): string {
    return pathOf(this._contents, this._notebooks.current?.path ?? '').split('/').slice(0, -1).join('/');
  }

  get cells(): readonly ICellLine[] {
    const notebook = this._notebooks.current;
    if (!notebook) {
      return [];
    }
    const lines = notebook.cells.lines().map(({ id, count, source }) => ({
      id,
      mark: String(count ?? ' '),
      text: source
    }));
    const active = lines.filter(one => one.id === notebook.activeId);
    return [...active, ...lines.filter(one => one.id !== notebook.activeId && one.text.trim())];
  }

  cell(id: string): ICellChip | null {
    const notebook = this._notebooks.current;
    return notebook?.cells.has(id) ? chipOf(notebook, id) : null;
  }

  get selection(): ISelectionChip | null {
    return selectionOf(this._notebooks.current);
  }

  async variables(): Promise<readonly IVariable[]> {
    const kernel = this._kernel();
    return kernel ? this._client.variables(kernel) : [];
  }

  async entries(folder: string): Promise<readonly IEntry[]> {
    const found = await this._contents.get(folder, { content: true, type: 'directory' });
    return (found.content as Contents.IModel[]).map(one => ({
      path: pathOf(this._contents, one.path),
      folder: one.type === 'directory'
    }));
  }

  async text(path: string): Promise<string> {
    const about = await this._contents.get(path, { content: false });
    if (about.type === 'directory') {
      const entries = await this.entries(path);
      return entries.map(one => one.path.split('/').pop() + (one.folder ? '/' : '')).join('\n');
    }
    if (about.type === 'notebook' || (about.size ?? 0) > MOST_BYTES || about.mimetype?.startsWith('image/')) {
      return '';
    }
    const found = await this._contents.get(path, { content: true, type: 'file', format: 'text' });
    return typeof found.content === 'string' ? found.content : '';
  }
}

/** A path below the server's root, without the name of a drive. */
export function pathOf(contents: Contents.IManager, path: string): string {
  return contents.localPath(path);
}
