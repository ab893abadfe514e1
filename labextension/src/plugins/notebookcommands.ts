/** The commands on cells: ask about one, explain or fix its error. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Conversation } from '../model/conversation';
import type { Draft } from '../model/draft';
import type { Workbench } from '../model/workbench';
import type { IFrevaGPT } from '../tokens';
import { frevaIcon } from '../ui/icons';

/** The ids of the commands; the schema puts them into context menus. */
export const NotebookCommandIDs = {
  ask: 'frevagpt:ask-about-cell',
  explain: 'frevagpt:explain-error',
  fix: 'frevagpt:fix-error'
} as const;

interface IOptions {
  app: JupyterFrontEnd;
  palette: ICommandPalette | null;
  conversation: Conversation;
  draft: Draft;
  workbench: Workbench;
  trans: TranslationBundle;
  api: IFrevaGPT;
}

const NO_ARGUMENTS = { args: { type: 'object', properties: {} } } as const;

export function addNotebookCommands(options: IOptions): void {
  const { app, palette, conversation, draft, workbench, trans, api } = options;
  const { commands } = app;
  const ask = async (question: string): Promise<void> => {
    const chip = workbench.cellChip;
    if (chip) {
      api.open();
      await conversation.send(question, [chip]);
    }
  };
  const failed = (): boolean => workbench.failedCell !== null;
  commands.addCommand(NotebookCommandIDs.ask, {
    label: trans.__('Ask FrevaGPT'),
    caption: trans.__('Ask about what is selected in the active cell, else about the cell and its output'),
    icon: frevaIcon,
    describedBy: NO_ARGUMENTS,
    isEnabled: () => workbench.cellChip !== null,
    execute: () => {
      const chip = workbench.selectionChip ?? workbench.cellChip;
      if (chip) {
        api.open();
        draft.attach(chip);
      }
    }
  });
  commands.addCommand(NotebookCommandIDs.explain, {
    label: trans.__('Explain This Error'),
    caption: trans.__('Have FrevaGPT explain the error of the active cell'),
    icon: frevaIcon,
    describedBy: NO_ARGUMENTS,
    isEnabled: failed,
    isVisible: failed,
    execute: () => ask(trans.__('Explain the error of this cell, and what causes it.'))
  });
  commands.addCommand(NotebookCommandIDs.fix, {
    label: trans.__('Fix This Error'),
    caption: trans.__('Have FrevaGPT correct the active cell, whose run failed'),
    icon: frevaIcon,
    describedBy: NO_ARGUMENTS,
    isEnabled: failed,
    isVisible: failed,
    execute: () => ask(trans.__('Fix the error of this cell: correct its code in the notebook.'))
  });
  workbench.changed.connect(() => {
    Object.values(NotebookCommandIDs).forEach(id => commands.notifyCommandChanged(id));
  });
  const category = trans.__('FrevaGPT');
  for (const command of Object.values(NotebookCommandIDs)) {
    palette?.addItem({ command, category });
  }
}
