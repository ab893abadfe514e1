import { describe, expect, it } from 'vitest';

import type { IThread } from '../../api/variants';
import { ThreadList } from '../../model/threads';
import { FakeServer } from '../server';

function threads(from: number, count: number): IThread[] {
  return Array.from({ length: count }, (_, at) => ({
    thread_id: `${from + at}`,
    date: '2026-01-01T00:00:00Z',
    topic: 't'
  }));
}

describe('ThreadList', () => {
  it('reads a page at a time, each thread once', async () => {
    const server = new FakeServer();
    server.will('getuserthreads', Response.json([threads(0, 20), 30]));
    server.will('getuserthreads', Response.json([threads(19, 11), 31]));
    const list = new ThreadList(server.client);
    await list.reload();
    await list.more();
    await list.more();
    expect(server.bodies('getuserthreads').map(body => body.page)).toEqual([0, 1, 2]);
    expect(new Set(list.threads.map(one => one.thread_id)).size).toBe(list.threads.length);
  });

  it('says why it cannot be read, and keeps what it has', async () => {
    const server = new FakeServer();
    server.will('getuserthreads', Response.json([threads(0, 2), 2]));
    server.will('getuserthreads', Response.json({ detail: 'No store.' }, { status: 503 }));
    const list = new ThreadList(server.client);
    await list.reload();
    await list.reload();
    expect([list.error, list.threads.length, list.loading]).toEqual(['No store.', 2, false]);
  });
});
