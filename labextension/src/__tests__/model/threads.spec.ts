import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { IThread } from '../../api/variants';
import { Chats } from '../../model/chats';
import type { Conversation } from '../../model/conversation';
import { PAUSE, ThreadList } from '../../model/threads';
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
    expect(server.bodies('getuserthreads').map(body => body.page)).toEqual([0, 1, 1]);
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

describe('searching', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  const searched = (server: FakeServer): unknown[] => server.bodies('searchthreads').map(body => body.query);

  it('asks once the user pauses, and shows all again when nothing is looked for', async () => {
    const server = new FakeServer();
    server.threads = threads(0, 3);
    const list = new ThreadList(server.client);
    await list.reload();
    server.will('searchthreads', Response.json([threads(7, 1), 1]));
    for (const query of ['r', 'ra', 'rain ']) {
      list.search(query);
      await vi.advanceTimersByTimeAsync(PAUSE - 1);
    }
    expect(searched(server)).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await vi.waitFor(() => expect(list.threads.length).toBe(1));
    expect([searched(server), list.found, list.total]).toEqual([['rain'], 'rain', 1]);
    list.search('', true);
    await vi.advanceTimersByTimeAsync(0);
    await vi.waitFor(() => expect(list.threads.length).toBe(3));
    expect(list.found).toBe('');
  });

  it('takes a prefix alone for nothing, and asks nothing twice', async () => {
    const server = new FakeServer();
    const list = new ThreadList(server.client);
    await list.reload();
    list.search('code: ');
    await vi.advanceTimersByTimeAsync(PAUSE);
    expect([searched(server), server.bodies('getuserthreads').length]).toEqual([[], 1]);
    server.will('searchthreads', Response.json([[], 0]));
    list.search('code: x');
    await vi.advanceTimersByTimeAsync(PAUSE);
    expect(searched(server)).toEqual(['code: x']);
  });

  it('shows the answer to the last search, whichever comes last', async () => {
    const server = new FakeServer();
    const list = new ThreadList(server.client);
    let first: (answer: Response) => void = () => undefined;
    const late = new Promise<Response>(resolve => (first = resolve));
    vi.spyOn(server.client, 'search').mockImplementationOnce(async () => {
      const [found, total] = (await (await late).json()) as [IThread[], number];
      return { threads: found, total };
    });
    list.search('a', true);
    await vi.advanceTimersByTimeAsync(0);
    server.will('searchthreads', Response.json([threads(5, 1), 1]));
    list.search('b', true);
    await vi.advanceTimersByTimeAsync(0);
    await vi.waitFor(() => expect(list.found).toBe('b'));
    first(Response.json([threads(0, 9), 9]));
    await vi.advanceTimersByTimeAsync(10);
    expect(list.threads.map(one => one.thread_id)).toEqual(['5']);
  });
});

describe('Chats', () => {
  async function shown(): Promise<{ server: FakeServer; list: ThreadList; chats: Chats; newChats: number[] }> {
    const server = new FakeServer();
    server.threads = threads(0, 3);
    const list = new ThreadList(server.client);
    await list.reload();
    const newChats: number[] = [];
    const conversation = { threadId: '1', newChat: () => newChats.push(1) } as unknown as Conversation;
    return { server, list, chats: new Chats(list, conversation), newChats };
  }

  it('gives a name, its spaces folded, and none when it is the old one or empty', async () => {
    const { server, list, chats } = await shown();
    for (const topic of ['t', '  ', ' t ']) {
      chats.begin('rename', '2');
      await chats.rename(topic);
      expect(chats.pending).toBeNull();
    }
    expect(server.bodies('setthreadtopic')).toEqual([]);
    server.will('setthreadtopic', Response.json({}));
    chats.begin('rename', '2');
    await chats.rename(' new   name ');
    expect(server.bodies('setthreadtopic')).toEqual([{ thread_id: '2', topic: 'new name' }]);
    expect([list.topicOf('2'), list.find('2')?.topic, chats.pending]).toEqual(['new name', 'new name', null]);
  });

  it('keeps asking when the server refuses', async () => {
    const { server, list, chats } = await shown();
    server.will('deletethread', Response.json({ detail: 'No store.' }, { status: 503 }));
    chats.begin('delete', '2');
    await chats.remove();
    expect([chats.asked('2'), chats.error, chats.busy, list.total]).toEqual(['delete', 'No store.', false, 3]);
    chats.cancel();
    expect([chats.asked('2'), chats.error]).toEqual([null, '']);
  });

  it('begins a new chat when the one that is shown is deleted', async () => {
    const { server, list, chats, newChats } = await shown();
    for (const thread of ['2', '1']) {
      server.will('deletethread', Response.json({}));
      server.threads = server.threads.filter(one => one.thread_id !== thread);
      chats.begin('delete', thread);
      await chats.remove();
    }
    expect([list.threads.map(one => one.thread_id), list.total, newChats.length]).toEqual([['0'], 1, 1]);
  });
});
