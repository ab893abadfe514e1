/** Writes a thread to a file of the user's: a notebook, Markdown, or a line that can be imported again. */

import type * as nbformat from '@jupyterlab/nbformat';

import type { IClient } from '../../api/client';
import type { IThread, Variant } from '../../api/variants';
import type { Entry } from '../entry';
import type { ThreadList } from '../threads';
import { Transcript } from '../transcript';
import type { IChat, ITools } from './chat';
import { toMarkdown } from './markdown';
import { freePath, nameOf } from './names';
import { toNotebook, type ISpec } from './notebook';

/** What a thread can be exported as. */
export type Format = 'notebook' | 'markdown' | 'lines';

/** The files under the server's root, as far as they are written to. */
export interface IStore {
  /** The folder that the user is in. */
  readonly folder: string;
  taken(path: string): Promise<boolean>;
  writeText(path: string, text: string): Promise<void>;
  writeNotebook(path: string, content: nbformat.INotebookContent): Promise<void>;
  /** The kernel that a notebook is to ask for: that of a kernel which runs, else the usual one for Python. */
  spec(kernelId: string | null): ISpec;
}

const ENDINGS: Record<Format, string> = { notebook: '.ipynb', markdown: '.md', lines: '.jsonl' };

/** Reads a thread whole and writes it beside what the user looks at, over nothing that is there. */
export class Exporter {
  constructor(
    private readonly _client: IClient,
    private readonly _threads: ThreadList,
    private readonly _store: IStore,
    private readonly _tools: ITools
  ) {}

  /** Export a thread; return the path of the file. Rejects with a reason for the user. */
  async export(threadId: string, format: Format): Promise<string> {
    const [items, known] = await Promise.all([this._client.thread(threadId), this._look(threadId)]);
    const transcript = Transcript.of(items);
    const topic = known?.topic || firstQuestion(transcript.entries) || this._tools.trans.__('Chat');
    const chat: IChat = { id: threadId, topic, date: known?.date ?? '', transcript };
    const { folder } = this._store;
    const path = await freePath(folder, nameOf(topic), ENDINGS[format], one => this._store.taken(one));
    switch (format) {
      case 'notebook':
        await this._store.writeNotebook(path, toNotebook(chat, this._spec(transcript), this._tools));
        break;
      case 'markdown':
        await this._store.writeText(path, toMarkdown(chat, this._tools));
        break;
      case 'lines':
        await this._store.writeText(path, lineOf(chat, items));
        break;
    }
    return path;
  }

  /** What the list tells of the thread, which the thread itself does not. */
  private async _look(threadId: string): Promise<IThread | null> {
    const listed = this._threads.find(threadId);
    if (listed) {
      return listed;
    }
    const { threads } = await this._client.threads(0, 100).catch(() => ({ threads: [] as IThread[] }));
    return threads.find(one => one.thread_id === threadId) ?? null;
  }

  private _spec(transcript: Transcript): ISpec {
    const kernels = transcript.entries.flatMap(entry => (entry.kind === 'run' ? [entry.kernelId] : []));
    return this._store.spec(kernels.filter(Boolean).pop() ?? null);
  }
}

function firstQuestion(entries: readonly Entry[]): string {
  const first = entries.find(entry => entry.kind === 'question');
  return first?.kind === 'question' ? first.text.replace(/\s+/g, ' ').trim().slice(0, 200) : '';
}

/** A thread as the terminal's export writes it. */
function lineOf(chat: IChat, content: readonly Variant[]): string {
  const { id, date, topic } = chat;
  return `${JSON.stringify({ thread_id: id, date, topic, content })}\n`;
}
