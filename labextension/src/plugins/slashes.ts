/** The commands of the box, each a command of Lab's where it has one. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Conversation } from '../model/conversation';
import type { Draft } from '../model/draft';
import { Slashes, type ISlash } from '../model/slash';
import { CommandIDs } from './commands';
import { NotebookCommandIDs } from './notebookcommands';
import { ThreadCommands } from './threads';

interface IOptions {
  commands: JupyterFrontEnd['commands'];
  draft: Draft;
  conversation: Conversation;
  trans: TranslationBundle;
}

/** Those whose command is there are offered. */
export function slashesOf({ commands, draft, conversation, trans }: IOptions): Slashes {
  const lab = (name: string, id: string, help: string): ISlash => ({
    name,
    help,
    enabled: () => commands.hasCommand(id) && commands.isEnabled(id),
    run: () => {
      commands.execute(id).catch(console.error);
    }
  });
  return new Slashes([
    lab('new', CommandIDs.newChat, trans.__('Begin a new chat; this one stays in the list')),
    {
      name: 'clear',
      help: trans.__('Empty the box: text, what goes with it, and queued questions'),
      enabled: () => true,
      run: () => {
        draft.take();
        conversation.queue.forEach(() => conversation.unqueue(0));
        draft.focus();
      }
    },
    lab('export', ThreadCommands.notebook, trans.__('Save this chat as a notebook')),
    lab('fix', NotebookCommandIDs.fix, trans.__('Have the error of the active cell fixed')),
    lab('explain', NotebookCommandIDs.explain, trans.__('Have the error of the active cell explained')),
    {
      name: 'help',
      help: trans.__('Show what can be typed here'),
      enabled: () => true,
      run: () => draft.help(true)
    }
  ]);
}
