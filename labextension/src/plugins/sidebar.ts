/** The plugin that makes the chat panel and puts it beside the notebooks. */

import {
  ILabShell,
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
import { Again } from '../model/again';
import { Asked } from '../model/asked';
import { Calls } from '../model/calls';
import { Catalogue } from '../model/catalogue';
import { Chats } from '../model/chats';
import { Conversation } from '../model/conversation';
import { Documents } from '../model/documents';
import { Draft } from '../model/draft';
import { ActiveKernels } from '../model/kernel';
import { Memory } from '../model/memory';
import { Mentions } from '../model/mentions';
import { shrink } from '../model/picture';
import { Requests } from '../model/requests';
import { Notice } from '../model/notice';
import { Outlook } from '../model/outlook';
import { Bounds } from '../model/policy';
import { Privacy } from '../model/privacy';
import { ThreadList } from '../model/threads';
import { View } from '../model/view';
import { Workbench } from '../model/workbench';
import { IFrevaGPT } from '../tokens';
import { untrusted } from '../ui/rendermime';
import { Sidebar } from '../ui/sidebar';
import { LabAround } from './around';
import { addCommands } from './commands';
import { acceptDrops } from './drop';
import { LabFiles } from './files';
import { addNotebookCommands } from './notebookcommands';
import { LabNotebooks } from './notebooks';
import { announce } from './notifications';
import { addPlaceCommands, Place } from './place';
import { Preferences } from './preferences';
import { addPrivacyCommand, follow, switchedOff } from './privacy';
import { slashesOf } from './slashes';
import { addThreadCommands } from './threads';

const ID = 'jupyter-frevagpt:plugin';

export const sidebar: JupyterFrontEndPlugin<IFrevaGPT> = {
  id: ID,
  description: 'A chat panel whose answers run code in the kernel of the active notebook or console.',
  autoStart: true,
  provides: IFrevaGPT,
  requires: [IRenderMimeRegistry, INotebookTracker],
  optional: [ITranslator, ISettingRegistry, ILayoutRestorer, ICommandPalette, IConsoleTracker, ILabShell],
  activate: async (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    notebooks: INotebookTracker,
    translator: ITranslator | null,
    settings: ISettingRegistry | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    consoles: IConsoleTracker | null,
    labShell: ILabShell | null
  ): Promise<IFrevaGPT> => {
    const trans = (translator ?? nullTranslator).load('jupyter_frevagpt');
    const preferences = new Preferences();
    await Promise.resolve(settings && preferences.load(settings, ID)).catch(reason =>
      console.warn('FrevaGPT: the settings cannot be read.', reason)
    );
    if (!preferences.enabled) {
      return switchedOff(trans);
    }
    const client = new Client(app.serviceManager.serverSettings);
    const memory = new Memory(PageConfig.getOption('workspace') || 'default');
    const kernels = new ActiveKernels(consoles ? [notebooks, consoles] : [notebooks], app.shell);
    const draft = new Draft();
    const catalogue = new Catalogue(client, memory);
    const notice = new Notice(catalogue, preferences);
    const bounds = new Bounds(catalogue, preferences);
    client.wishes = () => bounds.wishes;
    const opened = new LabNotebooks(notebooks, app.shell);
    const workbench = new Workbench(opened);
    const requests = new Requests(client, opened);
    window.addEventListener('pagehide', () => requests.leave());
    const conversation = new Conversation({
      client,
      kernels,
      draft,
      memory,
      requests,
      lets: notice.lets,
      model: () => catalogue.chosen?.name
    });

    const { contents } = app.serviceManager;
    const around = new LabAround(opened, contents, client, () => conversation.kernel.id);
    const threads = new ThreadList(client);
    const view = new View();
    const parts = {
      conversation,
      calls: new Calls(client, () => conversation.threadId),
      files: new LabFiles(app),
      catalogue,
      kernels,
      threads,
      chats: new Chats(threads, conversation),
      again: new Again(client, conversation),
      view,
      privacy: new Privacy({
        client,
        bounds,
        notice,
        choices: preferences,
        conversation,
        view,
        emptied: () => {
          conversation.newChat();
          void threads.refresh();
        }
      }),
      documents: new Documents(client),
      draft,
      mentions: new Mentions(around),
      slashes: slashesOf({ commands: app.commands, draft, conversation, trans }),
      shrink,
      workbench,
      preferences,
      rendermime: untrusted(rendermime, translator ?? undefined),
      trans
    };
    const show = (): void => place.show();
    const chatMenu = addThreadCommands({ app, client, palette, parts, show });
    const panel = new Sidebar({ ...parts, chatMenu });
    const place = new Place(app.shell, panel);
    acceptDrops({ node: panel.node, draft, around, contents, trans });
    const api: IFrevaGPT = {
      open: () => {
        parts.view.listing = false;
        show();
        draft.focus();
      },
      ask: text => {
        api.open();
        return conversation.send(text);
      },
      follow: text => new Asked(conversation, text)
    };

    follow(preferences, panel, show);
    announce({ outlook: new Outlook(conversation), panel, preferences, show, trans });
    addPrivacyCommand({ app, palette, privacy: parts.privacy, show, trans });
    restorer?.add(panel, panel.id);
    addCommands({ app, palette, conversation, trans, api });
    if (labShell) {
      addPlaceCommands({ app, palette, panel, place, draft, trans });
    }
    addNotebookCommands({ app, palette, conversation, draft, workbench, trans, api });
    void app.restored.then(() => Promise.all([catalogue.load(), conversation.restore(), threads.refresh()]));
    return api;
  }
};
