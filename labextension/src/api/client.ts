/** The chatbot routes: the only module that knows their addresses. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { UUID } from '@lumino/coreutils';

import type { IChip, IVariable } from './chips';
import type { IProgress, IResources } from './documents';
import { readLines, readVariants } from './ndjson';
import type { IPageAnswer } from './requests';
import type { Decision, IPage, IUndone } from './review';
import type { IWishes } from './wishes';
import { toVariant, type ISettings, type IThread, type Variant } from './variants';

/** What the user thinks of an item; `remove` takes it back. */
export type Feedback = 'up' | 'down' | 'remove';

/** A page of threads, and how many there are in all. */
export interface IThreadPage {
  threads: IThread[];
  total: number;
}

/** Heartbeats come every 10 s; three missed ones mean that the connection is dead. */
const PATIENCE = 35_000;

/** How long a large document, or another process that writes, may take. */
const PATIENCE_WITH_WORK = 600_000;

/** The server answered, and the answer was no; the message is for the user. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    detail: string
  ) {
    super(detail);
  }
}

/** A question as it is sent. */
export interface IQuestion {
  input: string;
  thread_id: string;
  chatbot?: string;
  kernel_id?: string;
  context?: readonly IChip[];
}

/** What the panel asks of the server. */
export interface IClient {
  /** A name that this page gave itself. */
  readonly page: string;
  settings(): Promise<ISettings>;
  newThread(): Promise<string>;
  ask(question: IQuestion, signal: AbortSignal): AsyncGenerator<Variant>;
  follow(threadId: string, from: number, signal: AbortSignal): AsyncGenerator<Variant>;
  /** Run the thread's code again, in that kernel or one of its own. */
  rerun(
    threadId: string,
    kernelId: string | undefined,
    signal: AbortSignal
  ): AsyncGenerator<Variant>;
  stop(threadId: string): Promise<void>;
  /** The variables of a kernel, newest first. */
  variables(kernelId: string): Promise<IVariable[]>;
  thread(threadId: string): Promise<Variant[]>;
  threads(page: number, count: number): Promise<IThreadPage>;
  /** Find threads by their topic or, behind a prefix, by their content. */
  search(query: string, page: number, count: number): Promise<IThreadPage>;
  rename(threadId: string, topic: string): Promise<void>;
  remove(threadId: string): Promise<void>;
  /** Make a new thread of all before the question of that number; return its id. */
  fork(threadId: string, question: number): Promise<string>;
  /** Rate the item of that number among the answers and the code. */
  rate(threadId: string, place: number, feedback: Feedback): Promise<void>;
  /** Make a thread of an exported one; return its id. */
  take(chat: Record<string, unknown>): Promise<string>;
  /** Answer the approval of that id. */
  approve(threadId: string, id: string, decision: Decision, reason: string): Promise<void>;
  /** Take something that the server asks of this page. */
  claim(threadId: string, id: string): Promise<void>;
  /** Tell that it goes on. */
  keep(threadId: string, id: string): Promise<void>;
  /** Tell what came of it; `leaving` lets the request outlive the page. */
  finish(threadId: string, id: string, answer: IPageAnswer, leaving?: boolean): Promise<void>;
  /** Undo what a call changed. */
  undo(threadId: string, callId: string): Promise<IUndone>;
  /** Delete all that the user has; return what is said about it. */
  deleteAll(confirm: string): Promise<string>;
  /** The bundle for who helps. */
  diagnostics(): Promise<Record<string, unknown>>;
  /** What questions are looked up in. */
  resources(): Promise<IResources>;
  /** Index a folder of the user's as long as the signal lets it. */
  indexFolder(folder: string, signal: AbortSignal): AsyncGenerator<IProgress>;
  /** Forget a folder of the user's. */
  removeResource(name: string): Promise<void>;
  /** Read what a call printed beyond its output, from that character on. */
  output(threadId: string, callId: string, from: number): Promise<IPage>;
}

/** Talks to the Jupyter server that served the page. */
export class Client implements IClient {
  constructor(settings: ServerConnection.ISettings = ServerConnection.makeSettings()) {
    this._settings = settings;
  }

  settings(): Promise<ISettings> {
    return this._json<ISettings>('settings', {});
  }

  newThread(): Promise<string> {
    return this._json<string>('newthread', {});
  }

  ask(question: IQuestion, signal: AbortSignal): AsyncGenerator<Variant> {
    const body = { ...question, ...this.wishes(), approval: true, client: this.page };
    return this._stream('streamresponse', body, signal);
  }

  follow(threadId: string, from: number, signal: AbortSignal): AsyncGenerator<Variant> {
    return this._stream('follow', { thread_id: threadId, from, client: this.page }, signal);
  }

  rerun(
    threadId: string,
    kernelId: string | undefined,
    signal: AbortSignal
  ): AsyncGenerator<Variant> {
    const { policy } = this.wishes();
    const body = { thread_id: threadId, kernel_id: kernelId, approval: true, ...(policy ? { policy } : {}) };
    return this._stream('rerun', body, signal);
  }

  async stop(threadId: string): Promise<void> {
    await this._json('stop', { thread_id: threadId });
  }

  async variables(kernelId: string): Promise<IVariable[]> {
    const body = { kernel_id: kernelId };
    return (await this._json<{ variables: IVariable[] }>('variables', body)).variables;
  }

  async thread(threadId: string): Promise<Variant[]> {
    const items = await this._json<unknown[]>('getthread', {
      thread_id: threadId,
      finished: true,
      rich: true
    });
    return items.map(toVariant);
  }

  threads(page: number, count: number): Promise<IThreadPage> {
    return this._page('getuserthreads', { num_threads: count, page });
  }

  search(query: string, page: number, count: number): Promise<IThreadPage> {
    return this._page('searchthreads', { query, num_threads: count, page });
  }

  async rename(threadId: string, topic: string): Promise<void> {
    await this._json('setthreadtopic', { thread_id: threadId, topic });
  }

  async remove(threadId: string): Promise<void> {
    await this._json('deletethread', { thread_id: threadId });
  }

  async fork(threadId: string, question: number): Promise<string> {
    const body = { source_thread_id: threadId, user_index: question };
    return (await this._json<{ new_thread_id: string }>('editthread', body)).new_thread_id;
  }

  async rate(threadId: string, place: number, feedback: Feedback): Promise<void> {
    await this._json('userfeedback', { thread_id: threadId, feedback_index: place, feedback });
  }

  async take(chat: Record<string, unknown>): Promise<string> {
    return (await this._json<{ thread_id: string }>('importthread', chat)).thread_id;
  }

  async approve(threadId: string, id: string, decision: Decision, reason: string): Promise<void> {
    await this._json('approve', { thread_id: threadId, id, decision, reason });
  }

  async claim(threadId: string, id: string): Promise<void> {
    await this._json('toolresult', { thread_id: threadId, id, client: this.page, step: 'claim' });
  }

  async keep(threadId: string, id: string): Promise<void> {
    await this._json('toolresult', { thread_id: threadId, id, client: this.page, step: 'keep' });
  }

  async finish(threadId: string, id: string, answer: IPageAnswer, leaving = false): Promise<void> {
    const body = { thread_id: threadId, id, client: this.page, step: 'done', result: answer };
    await this._post('toolresult', body, undefined, leaving);
  }

  undo(threadId: string, callId: string): Promise<IUndone> {
    return this._json<IUndone>('undo', { thread_id: threadId, id: callId });
  }

  output(threadId: string, callId: string, from: number): Promise<IPage> {
    return this._json<IPage>('output', { thread_id: threadId, id: callId, from });
  }

  private async *_stream(
    route: string,
    body: Record<string, unknown>,
    signal: AbortSignal
  ): AsyncGenerator<Variant> {
    const response = await this._post(route, { ...body, rich: true }, signal);
    if (response.body) {
      yield* readVariants(response.body, PATIENCE);
    }
  }

  private async _page(route: string, body: Record<string, unknown>): Promise<IThreadPage> {
    const [threads, total] = await this._json<[IThread[], number]>(route, body);
    return { threads, total };
  }

  private async _json<T>(route: string, body: Record<string, unknown>): Promise<T> {
    const response = await this._post(route, body);
    return (await response.json()) as T;
  }

  private async _post(
    route: string,
    body: Record<string, unknown>,
    signal?: AbortSignal,
    keepalive = false
  ): Promise<Response> {
    const url = URLExt.join(this._settings.baseUrl, 'api/chatbot', route);
    const response = await ServerConnection.makeRequest(
      url,
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
        signal,
        keepalive
      },
      this._settings
    );
    if (!response.ok) {
      throw new Refused(response.status, await detailOf(response));
    }
    return response;
  }

  /** Delete all that the user has; return what is said about it. */
  async deleteAll(confirm: string): Promise<string> {
    return (await this._json<{ detail: string }>('deleteall', { confirm })).detail;
  }

  diagnostics(): Promise<Record<string, unknown>> {
    return this._json<Record<string, unknown>>('diagnostics', {});
  }

  resources(): Promise<IResources> {
    return this._json<IResources>('resources', {});
  }

  async *indexFolder(folder: string, signal: AbortSignal): AsyncGenerator<IProgress> {
    const response = await this._post('indexresources', { folder }, signal);
    if (response.body) {
      for await (const line of readLines(response.body, PATIENCE_WITH_WORK)) {
        yield JSON.parse(line) as IProgress;
      }
    }
  }

  async removeResource(name: string): Promise<void> {
    await this._json('removeresource', { name });
  }

  readonly page = UUID.uuid4();
  /** What the user wants of each question. */
  wishes: () => IWishes = () => ({});
  private readonly _settings: ServerConnection.ISettings;
}

async function detailOf(response: Response): Promise<string> {
  const text = await response.text().catch(() => '');
  try {
    const { detail, message } = JSON.parse(text) as { detail?: unknown; message?: unknown };
    if (typeof detail === 'string' && detail) {
      return detail;
    }
    if (typeof message === 'string' && message) {
      return message;
    }
  } catch {
    // not JSON: a proxy's error page is no text for the user
  }
  return `${response.status} ${response.statusText}`.trim();
}
