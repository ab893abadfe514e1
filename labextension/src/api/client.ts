/** The chatbot routes: the only module that knows their addresses. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { readVariants } from './ndjson';
import type { Decision, IPage, IUndone } from './review';
import { toVariant, type ISettings, type IThread, type Variant } from './variants';

/** Heartbeats come every 10 s; three missed ones mean that the connection is dead. */
const PATIENCE = 35_000;

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
}

/** What the panel asks of the server. */
export interface IClient {
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
  thread(threadId: string): Promise<Variant[]>;
  threads(page: number, count: number): Promise<{ threads: IThread[]; total: number }>;
  /** Answer the approval of that id. */
  approve(threadId: string, id: string, decision: Decision, reason: string): Promise<void>;
  /** Undo what a call changed. */
  undo(threadId: string, callId: string): Promise<IUndone>;
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
    return this._stream('streamresponse', { ...question, approval: true }, signal);
  }

  follow(threadId: string, from: number, signal: AbortSignal): AsyncGenerator<Variant> {
    return this._stream('follow', { thread_id: threadId, from }, signal);
  }

  rerun(
    threadId: string,
    kernelId: string | undefined,
    signal: AbortSignal
  ): AsyncGenerator<Variant> {
    const body = { thread_id: threadId, kernel_id: kernelId, approval: true };
    return this._stream('rerun', body, signal);
  }

  async stop(threadId: string): Promise<void> {
    await this._json('stop', { thread_id: threadId });
  }

  async thread(threadId: string): Promise<Variant[]> {
    const items = await this._json<unknown[]>('getthread', {
      thread_id: threadId,
      finished: true,
      rich: true
    });
    return items.map(toVariant);
  }

  async threads(page: number, count: number): Promise<{ threads: IThread[]; total: number }> {
    const [threads, total] = await this._json<[IThread[], number]>('getuserthreads', {
      num_threads: count,
      page
    });
    return { threads, total };
  }

  async approve(threadId: string, id: string, decision: Decision, reason: string): Promise<void> {
    await this._json('approve', { thread_id: threadId, id, decision, reason });
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

  private async _json<T>(route: string, body: Record<string, unknown>): Promise<T> {
    const response = await this._post(route, body);
    return (await response.json()) as T;
  }

  private async _post(
    route: string,
    body: Record<string, unknown>,
    signal?: AbortSignal
  ): Promise<Response> {
    const url = URLExt.join(this._settings.baseUrl, 'api/chatbot', route);
    const response = await ServerConnection.makeRequest(
      url,
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
        signal
      },
      this._settings
    );
    if (!response.ok) {
      throw new Refused(response.status, await detailOf(response));
    }
    return response;
  }

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
