/** The commands for chats: to find, name, delete, export and import them, and to ask once more. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard, Notification, type ICommandPalette } from '@jupyterlab/apputils';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { IClient } from '../api/client';
import { lastTurn } from '../model/ending';
import type { Answer } from '../model/entry';
import { Exporter, type Format } from '../model/export/exporter';
import { messageOf } from '../model/failure';
import { importLines } from '../model/importing';
import type { IPanelParts } from '../ui/parts';
import { goOnText } from '../ui/turnend';
import { ChatMenu } from './chatmenu';
import { chosenFiles } from './choice';
import { LabStore } from './store';

/** The ids of the commands. */
export const ThreadCommands = {
  list: 'frevagpt:list-chats',
  rename: 'frevagpt:rename-chat',
  remove: 'frevagpt:delete-chat',
  notebook: 'frevagpt:export-notebook',
  markdown: 'frevagpt:export-markdown',
  lines: 'frevagpt:export-lines',
  take: 'frevagpt:import-chats',
  retry: 'frevagpt:ask-again',
  goOn: 'frevagpt:continue',
  edit: 'frevagpt:edit-question',
  copy: 'frevagpt:copy-answer',
  up: 'frevagpt:rate-up',
  down: 'frevagpt:rate-down'
} as const;

const ONE_THREAD = {
  args: {
    type: 'object',
    properties: { thread_id: { type: 'string', description: 'The chat; without it the one that is shown' } }
  }
} as const;
const NO_ARGUMENTS = { args: { type: 'object', properties: {} } } as const;

/** Without this a notification is only in the list of the status bar. */
const STAYS = { autoClose: false } as const;
const PASSES = { autoClose: 5000 } as const;

interface IOptions {
  app: JupyterFrontEnd;
  client: IClient;
  palette: ICommandPalette | null;
  parts: Omit<IPanelParts, 'chatMenu'>;
  /** Show the panel. */
  show: () => void;
}

/** Add the commands; return the menu of those that are for one chat. */
export function addThreadCommands(options: IOptions): ChatMenu {
  const { commands } = options.app;
  const made = new ThreadActions(options);
  for (const [id, command] of Object.entries(made.commands())) {
    commands.addCommand(id, command);
  }
  const category = options.parts.trans.__('FrevaGPT');
  Object.values(ThreadCommands).forEach(command => options.palette?.addItem({ command, category }));
  const { conversation } = options.parts;
  conversation.changed.connect(() =>
    Object.values(ThreadCommands).forEach(id => commands.notifyCommandChanged(id))
  );
  const { rename, notebook, markdown, lines, take, remove } = ThreadCommands;
  return new ChatMenu(commands, [[rename], [notebook, markdown, lines, take], [remove]]);
}

class ThreadActions {
  constructor(private readonly _options: IOptions) {}

  commands(): Record<string, CommandRegistry.ICommandOptions> {
    const { again, conversation, trans, view } = this._options.parts;
    const ids = ThreadCommands;
    return {
      [ids.list]: {
        label: trans.__('Search the FrevaGPT Chats'),
        caption: trans.__('Show the list of chats and put the cursor into its search box'),
        describedBy: NO_ARGUMENTS,
        execute: () => {
          this._options.show();
          view.listing = true;
        }
      },
      [ids.rename]: this._ofThread(trans.__('Rename'), trans.__('Rename This FrevaGPT Chat'), thread =>
        this._begin('rename', thread)
      ),
      [ids.remove]: this._ofThread(trans.__('Delete'), trans.__('Delete This FrevaGPT Chat'), thread =>
        this._begin('delete', thread)
      ),
      [ids.notebook]: this._ofThread(
        trans.__('Export as Notebook'),
        trans.__('Export This FrevaGPT Chat as a Notebook'),
        thread => this._export(thread, 'notebook')
      ),
      [ids.markdown]: this._ofThread(
        trans.__('Export as Markdown'),
        trans.__('Export This FrevaGPT Chat as Markdown'),
        thread => this._export(thread, 'markdown')
      ),
      [ids.lines]: this._ofThread(
        trans.__('Export for Import Elsewhere'),
        trans.__('Export This FrevaGPT Chat for Import Elsewhere'),
        thread => this._export(thread, 'lines')
      ),
      [ids.take]: {
        label: args => (args.thread_id ? trans.__('Import Chats…') : trans.__('Import FrevaGPT Chats…')),
        caption: trans.__('Take chats from a file that was exported here or in a terminal'),
        describedBy: ONE_THREAD,
        execute: () => this._import()
      },
      [ids.retry]: {
        label: trans.__('Ask FrevaGPT the Last Question Again'),
        describedBy: NO_ARGUMENTS,
        isEnabled: () => again.canRetry,
        execute: () => {
          this._options.show();
          return again.retry();
        }
      },
      [ids.goOn]: {
        label: trans.__('Continue the FrevaGPT Answer'),
        caption: trans.__('Have an answer go on that was stopped or reached a limit'),
        describedBy: NO_ARGUMENTS,
        isEnabled: () => again.canGoOn,
        execute: () => {
          this._options.show();
          return again.goOn(goOnText(trans));
        }
      },
      [ids.edit]: {
        label: trans.__('Edit the Last FrevaGPT Question'),
        caption: trans.__('Ask the last question in other words, in a copy of the chat up to there'),
        describedBy: NO_ARGUMENTS,
        isEnabled: () => again.canRetry,
        execute: () => {
          this._options.show();
          view.listing = false;
          again.edit(again.last);
        }
      },
      [ids.copy]: {
        label: trans.__('Copy the Last FrevaGPT Answer'),
        describedBy: NO_ARGUMENTS,
        isEnabled: () => !conversation.busy && this._answer !== null,
        execute: () => Clipboard.copyToSystem(this._answer?.text ?? '')
      },
      [ids.up]: this._rating('up', trans.__('The Last FrevaGPT Answer Is Good')),
      [ids.down]: this._rating('down', trans.__('The Last FrevaGPT Answer Is Not Good'))
    };
  }

  /** A command for one chat: a short label in that chat's menu, a telling one elsewhere. */
  private _ofThread(
    short: string,
    long: string,
    execute: (thread: string) => Promise<void> | void
  ): CommandRegistry.ICommandOptions {
    return {
      label: args => (args.thread_id ? short : long),
      describedBy: ONE_THREAD,
      isEnabled: args => this._thread(args) !== null,
      execute: args => {
        const thread = this._thread(args);
        return thread ? execute(thread) : undefined;
      }
    };
  }

  private _rating(opinion: 'up' | 'down', label: string): CommandRegistry.ICommandOptions {
    const { calls, conversation } = this._options.parts;
    return {
      label,
      describedBy: NO_ARGUMENTS,
      isEnabled: () => !conversation.busy && !!this._answer?.rating,
      isToggleable: true,
      isToggled: () => this._answer?.rating?.opinion === opinion,
      execute: async () => {
        const rating = this._answer?.rating;
        if (rating) {
          await calls.rate(rating, opinion);
          this._options.app.commands.notifyCommandChanged();
        }
      }
    };
  }

  private get _answer(): Answer | null {
    const turn = lastTurn(this._options.parts.conversation.transcript.entries);
    const answers = turn.filter((entry): entry is Answer => entry.kind === 'answer');
    return answers[answers.length - 1] ?? null;
  }

  private _thread(args: ReadonlyPartialJSONObject): string | null {
    const { thread_id } = args;
    return typeof thread_id === 'string' ? thread_id : this._options.parts.conversation.threadId;
  }

  private _begin(what: 'rename' | 'delete', thread: string): void {
    const { chats, conversation, threads, view } = this._options.parts;
    this._options.show();
    if (!view.listing && thread !== conversation.threadId) {
      view.listing = true;
    } else if (view.listing && !threads.find(thread)) {
      view.listing = false;
    }
    chats.begin(what, thread);
  }

  private async _export(thread: string, format: Format): Promise<void> {
    const { app, client, parts } = this._options;
    const { files, rendermime, threads, trans } = parts;
    const tools = { trans, clean: (html: string) => rendermime.sanitizer.sanitize(html), now: () => new Date() };
    try {
      const path = await new Exporter(client, threads, await LabStore.of(app), tools).export(thread, format);
      Notification.success(trans.__('The chat was saved as %1.', path), PASSES);
      if (format !== 'lines' && files.opens(path)) {
        await files.open(path);
      }
    } catch (error) {
      Notification.error(trans.__('The chat could not be exported: %1', messageOf(error)), STAYS);
    }
  }

  private async _import(): Promise<void> {
    const { client, parts, show } = this._options;
    const { conversation, threads, trans, view } = parts;
    const taken: string[] = [];
    for (const file of await chosenFiles('.jsonl,.ndjson,.json')) {
      const { threads: made, refused } = await importLines(
        client,
        await file.text(),
        trans.__('It is no exported chat.')
      );
      taken.push(...made);
      for (const { line, why } of refused.slice(0, 3)) {
        Notification.error(trans.__('%1, line %2 was left out: %3', file.name, line, why), STAYS);
      }
      if (refused.length > 3) {
        Notification.error(trans.__('%1: %2 lines in all were left out.', file.name, refused.length), STAYS);
      }
    }
    if (taken.length) {
      Notification.success(
        trans._n('%1 chat was imported.', '%1 chats were imported.', taken.length),
        PASSES
      );
      await threads.reload();
      show();
      view.listing = taken.length > 1;
      if (taken.length === 1) {
        await conversation.open(taken[0]);
      }
    }
  }
}
