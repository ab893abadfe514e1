/** The files that a run touched, as Lab shows and opens them. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';
import { fileIcon, type LabIcon } from '@jupyterlab/ui-components';

import type { IFiles } from '../ui/parts';

const OPEN = 'docmanager:open';

/** Asks Lab's document registry and document manager. */
export class LabFiles implements IFiles {
  constructor(private readonly _app: JupyterFrontEnd) {}

  icon(path: string): LabIcon {
    return this._app.docRegistry.getFileTypesForPath(path)[0]?.icon ?? fileIcon;
  }

  opens(path: string): boolean {
    const hidden = path.split('/').some(part => part.startsWith('.'));
    const served = !hidden || PageConfig.getOption('allow_hidden_files') === 'true';
    return served && this._app.commands.hasCommand(OPEN);
  }

  async open(path: string): Promise<void> {
    await this._app.commands.execute(OPEN, { path });
  }
}
