/** The files under the server's root, as exports are written to them. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import type * as nbformat from '@jupyterlab/nbformat';
import { ServerConnection, type ServiceManager } from '@jupyterlab/services';

import type { IStore } from '../model/export/exporter';
import type { ISpec } from '../model/export/notebook';

const PYTHON: ISpec = { name: 'python3', display_name: 'Python 3 (ipykernel)', language: 'python' };

/** Asks Lab's contents manager; the folder is the one that the file browser shows. */
export class LabStore implements IStore {
  static async of(app: JupyterFrontEnd): Promise<LabStore> {
    const browser = await app.resolveOptionalService(IDefaultFileBrowser);
    return new LabStore(app.serviceManager, browser?.model.path ?? '');
  }

  constructor(
    private readonly _services: ServiceManager.IManager,
    readonly folder: string
  ) {}

  async taken(path: string): Promise<boolean> {
    try {
      await this._services.contents.get(path, { content: false });
      return true;
    } catch (error) {
      if (error instanceof ServerConnection.ResponseError && error.response.status === 404) {
        return false;
      }
      throw error;
    }
  }

  async writeText(path: string, text: string): Promise<void> {
    await this._services.contents.save(path, { type: 'file', format: 'text', content: text });
  }

  async writeNotebook(path: string, content: nbformat.INotebookContent): Promise<void> {
    await this._services.contents.save(path, { type: 'notebook', format: 'json', content });
  }

  spec(kernelId: string | null): ISpec {
    const { kernels, kernelspecs } = this._services;
    const running = [...kernels.running()].find(kernel => kernel.id === kernelId);
    const known = kernelspecs.specs?.kernelspecs ?? {};
    for (const name of [running?.name, kernelspecs.specs?.default, PYTHON.name]) {
      const spec = name && known[name];
      if (spec && spec.language === 'python') {
        return { name: spec.name, display_name: spec.display_name, language: spec.language };
      }
    }
    return PYTHON;
  }
}
