import { ServerConnection } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';

import { Client, Refused } from '../../api/client';
import type { Variant } from '../../api/variants';
import { bytesOf, linesOf } from '../golden';

/** A client whose requests are answered by a function. */
function clientOf(answer: (path: string, body: unknown) => Response): {
  client: Client;
  asked: [string, unknown][];
} {
  const asked: [string, unknown][] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost/user/ada/',
    fetch: async (input: RequestInfo | URL) => {
      const request = input as Request;
      expect(request.method).toBe('POST');
      expect(request.headers.get('Content-Type')).toBe('application/json');
      const path = new URL(request.url).pathname;
      const body: unknown = await request.json();
      asked.push([path, body]);
      return answer(path, body);
    }
  });
  return { client: new Client(settings), asked };
}

describe('Client', () => {
  it('asks by POST below the base URL and streams the answer', async () => {
    const { client, asked } = clientOf(() => new Response(bytesOf('code') as BodyInit));
    const lines: Variant[] = [];
    const question = { input: 'q', thread_id: 't', kernel_id: 'k' };
    for await (const line of client.ask(question, new AbortController().signal)) {
      lines.push(line);
    }
    expect(lines).toEqual(linesOf('code'));
    const body = { ...question, approval: true, client: client.page, rich: true };
    expect(asked).toEqual([['/user/ada/api/chatbot/streamresponse', body]]);
  });

  it('lets the code of a thread run again, with approvals', async () => {
    const { client, asked } = clientOf(() => new Response(bytesOf('code') as BodyInit));
    const lines: Variant[] = [];
    for await (const line of client.rerun('t', 'k', new AbortController().signal)) {
      lines.push(line);
    }
    expect(lines).toEqual(linesOf('code'));
    expect(asked).toEqual([
      ['/user/ada/api/chatbot/rerun', { thread_id: 't', kernel_id: 'k', approval: true, rich: true }]
    ]);
  });

  it('reads a page of threads', async () => {
    const thread = { thread_id: 't', date: 'd', topic: 'x' };
    const { client, asked } = clientOf(() => Response.json([[thread], 41]));
    expect(await client.threads(1, 20)).toEqual({ threads: [thread], total: 41 });
    expect(asked[0][1]).toEqual({ num_threads: 20, page: 1 });
  });

  it('reads the finished items of a thread', async () => {
    const items = [{ variant: 'User', content: 'q' }];
    const { client, asked } = clientOf(() => Response.json(items));
    expect(await client.thread('t')).toEqual(items);
    expect(asked[0][1]).toEqual({ thread_id: 't', finished: true, rich: true });
  });

  it('passes the reason of a refusal on', async () => {
    const { client } = clientOf(() => Response.json({ detail: 'Busy.' }, { status: 409 }));
    await expect(client.newThread()).rejects.toMatchObject({ status: 409, message: 'Busy.' });
  });

  it('shows the status of an error page, not the page', async () => {
    const { client } = clientOf(
      () => new Response('<html>', { status: 502, statusText: 'Bad Gateway' })
    );
    const refusal = await client.settings().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Refused);
    expect((refusal as Refused).message).toBe('502 Bad Gateway');
  });
});
