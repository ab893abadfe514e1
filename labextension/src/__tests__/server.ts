/** A server in miniature: answers the panel's requests and plays streams line by line, cut where a test wants. */

import { ServerConnection } from '@jupyterlab/services';

import { Client } from '../api/client';
import type { IResources } from '../api/documents';
import type { IThread, Variant } from '../api/variants';

/** How a stream is played: its lines, then the end, a cut, or waiting for the test. */
export interface IPlay {
  lines: (Variant | string)[];
  then?: 'end' | 'cut' | Promise<void>;
  /** Lines after the promise of `then` was kept. */
  rest?: Variant[];
}

type Answer = IPlay | Response | 'down';

/** Answers by route; every request is recorded. */
export class FakeServer {
  readonly asked: { route: string; body: Record<string, unknown> }[] = [];
  readonly answers: Record<string, Answer[]> = {};
  thread: Variant[] = [];
  threads: IThread[] = [];
  documents: IResources = { resources: [], means: { way: 'full text', model: '', host: '' }, own: false };

  readonly client = new Client(
    ServerConnection.makeSettings({
      baseUrl: 'http://localhost/',
      fetch: (input: RequestInfo | URL) => this._fetch(input as Request)
    })
  );

  /** Queue an answer to the next request of a route. */
  will(route: string, answer: Answer): this {
    (this.answers[route] ??= []).push(answer);
    return this;
  }

  bodies(route: string): Record<string, unknown>[] {
    return this.asked.filter(one => one.route === route).map(one => one.body);
  }

  private async _fetch(request: Request): Promise<Response> {
    const route = new URL(request.url).pathname.split('/').pop() ?? '';
    this.asked.push({ route, body: (await request.json()) as Record<string, unknown> });
    const answer = this.answers[route]?.shift();
    if (answer === 'down') {
      throw new TypeError('Failed to fetch');
    }
    if (answer instanceof Response) {
      return answer;
    }
    if (answer) {
      return new Response(play(answer, request.signal));
    }
    switch (route) {
      case 'newthread':
        return Response.json('t'.repeat(32));
      case 'getthread':
        return Response.json(this.thread);
      case 'getuserthreads':
        return Response.json([this.threads, this.threads.length]);
      case 'resources':
        return Response.json(this.documents);
      case 'stop':
        return Response.json({ detail: 'Conversation stopped.' });
      case 'follow':
        return new Response(
          play({
            lines: [
              { variant: 'ServerHint', content: { thread_id: 't', running: false } },
              { variant: 'StreamEnd', content: 'Nothing runs.' }
            ]
          })
        );
      default:
        return Response.json({ detail: `No answer to ${route}.` }, { status: 500 });
    }
  }
}

function play(what: IPlay, signal?: AbortSignal): ReadableStream<Uint8Array> {
  const encode = (line: Variant | string): Uint8Array =>
    new TextEncoder().encode(typeof line === 'string' ? line : `${JSON.stringify(line)}\n`);
  return new ReadableStream({
    async start(controller) {
      signal?.addEventListener('abort', () => {
        try {
          controller.error(new DOMException('left', 'AbortError'));
        } catch {
          // it has ended already
        }
      });
      what.lines.forEach(line => controller.enqueue(encode(line)));
      if (what.then instanceof Promise) {
        await what.then;
        what.rest?.forEach(line => controller.enqueue(encode(line)));
      }
      if (what.then === 'cut') {
        // an error would drop what is still to be read
        window.setTimeout(() => controller.error(new TypeError('network error')), 5);
      } else {
        controller.close();
      }
    }
  });
}
