/** The plugin that puts the chat panel into Lab's left area. */

import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IConsoleTracker } from '@jupyterlab/console';
import { PageConfig } from '@jupyterlab/coreutils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Client } from '../api/client';
import { Calls } from '../model/calls';
import { Catalogue } from '../model/catalogue';
import { Conversation } from '../model/conversation';
import { Draft } from '../model/draft';
import { ActiveKernels } from '../model/kernel';
import { Memory } from '../model/memory';
import { ThreadList } from '../model/threads';
import { IFrevaGPT } from '../tokens';
import { untrusted } from '../ui/rendermime';
import { Sidebar } from '../ui/sidebar';
import { addCommands } from './commands';
import { LabFiles } from './files';
import { Preferences } from './preferences';

const ID = 'jupyter-frevagpt:plugin';

export const sidebar: JupyterFrontEndPlugin<IFrevaGPT> = {
  id: ID,
  description: 'A chat panel whose answers run code in the kernel of the active notebook or console.',
  autoStart: true,
  provides: IFrevaGPT,
  requires: [IRenderMimeRegistry, INotebookTracker],
  optional: [ITranslator, ISettingRegistry, ILayoutRestorer, ICommandPalette, IConsoleTracker],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    notebooks: INotebookTracker,
    translator: ITranslator | null,
    settings: ISettingRegistry | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    consoles: IConsoleTracker | null
  ): IFrevaGPT => {
    const trans = (translator ?? nullTranslator).load('jupyter_frevagpt');
    const client = new Client(app.serviceManager.serverSettings);
    const memory = new Memory(PageConfig.getOption('workspace') || 'default');
    const kernels = new ActiveKernels(consoles ? [notebooks, consoles] : [notebooks], app.shell);
    const draft = new Draft();
    const catalogue = new Catalogue(client, memory);
    const conversation = new Conversation({
      client,
      kernels,
      draft,
      memory,
      model: () => catalogue.chosen?.name
    });
    const preferences = new Preferences();
    Promise.resolve(settings && preferences.load(settings, ID)).catch(reason =>
      console.warn('FrevaGPT: the settings cannot be read.', reason)
    );

    const panel = new Sidebar({
      conversation,
      calls: new Calls(client, () => conversation.threadId),
      files: new LabFiles(app),
      catalogue,
      kernels,
      threads: new ThreadList(client),
      draft,
      preferences,
      rendermime: untrusted(rendermime, translator ?? undefined),
      trans
    });
    const api: IFrevaGPT = {
      open: () => {
        if (!panel.isAttached) {
          app.shell.add(panel, 'left', { rank: 850 });
        }
        app.shell.activateById(panel.id);
        draft.focus();
      },
      ask: text => {
        api.open();
        return conversation.send(text);
      }
    };

    app.shell.add(panel, 'left', { rank: 850, type: 'FrevaGPT' });
    restorer?.add(panel, panel.id);
    addCommands({ app, palette, conversation, trans, api });
    void app.restored.then(() => Promise.all([catalogue.load(), conversation.restore()]));
    return api;
  }
};
