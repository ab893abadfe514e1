/** The panel's commands, also in the palette. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import { addIcon, stopIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Conversation } from '../model/conversation';
import type { IFrevaGPT } from '../tokens';
import { againIcon, frevaIcon } from '../ui/icons';

/** The ids of the commands. */
export const CommandIDs = {
  open: 'frevagpt:open',
  newChat: 'frevagpt:new-chat',
  stop: 'frevagpt:stop',
  rerun: 'frevagpt:rerun'
} as const;

interface IOptions {
  app: JupyterFrontEnd;
  palette: ICommandPalette | null;
  conversation: Conversation;
  trans: TranslationBundle;
  api: IFrevaGPT;
}

const NO_ARGUMENTS = { args: { type: 'object', properties: {} } } as const;

export function addCommands(options: IOptions): void {
  const { app, palette, conversation, trans, api } = options;
  const { commands } = app;
  commands.addCommand(CommandIDs.open, {
    label: trans.__('Show FrevaGPT'),
    caption: trans.__('Show the FrevaGPT chat and put the cursor into its box'),
    icon: frevaIcon,
    describedBy: NO_ARGUMENTS,
    execute: () => api.open()
  });
  commands.addCommand(CommandIDs.newChat, {
    label: trans.__('New FrevaGPT Chat'),
    caption: trans.__('Begin a new chat; a running answer goes on and stays in the list of chats'),
    icon: addIcon,
    describedBy: NO_ARGUMENTS,
    execute: () => {
      conversation.newChat();
      api.open();
    }
  });
  commands.addCommand(CommandIDs.stop, {
    label: trans.__('Stop FrevaGPT'),
    caption: trans.__('Stop the running answer and its code'),
    icon: stopIcon,
    describedBy: NO_ARGUMENTS,
    isEnabled: () => conversation.busy,
    execute: () => conversation.stop()
  });
  commands.addCommand(CommandIDs.rerun, {
    label: trans.__('Run the Code of This FrevaGPT Chat Again'),
    caption: trans.__('Run the code of this chat again, in order, in the kernel of the active notebook'),
    icon: againIcon,
    describedBy: NO_ARGUMENTS,
    isEnabled: () => conversation.canRerun,
    execute: () => {
      api.open();
      return conversation.rerun();
    }
  });
  conversation.changed.connect(() => {
    commands.notifyCommandChanged(CommandIDs.stop);
    commands.notifyCommandChanged(CommandIDs.rerun);
  });
  const category = trans.__('FrevaGPT');
  for (const command of Object.values(CommandIDs)) {
    palette?.addItem({ command, category });
  }
}
