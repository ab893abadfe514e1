import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Outlook, type News } from '../../model/outlook';
import { linesOf } from '../golden';
import { Shown } from '../panel';
import { FakeServer } from '../server';

describe('Outlook', () => {
  let server: FakeServer;
  let shown: Shown;
  let now: number;
  let news: News[];

  beforeEach(() => {
    window.sessionStorage.clear();
    window.localStorage.clear();
    server = new FakeServer();
    shown = new Shown(server);
    now = 0;
    news = [];
    const outlook = new Outlook(shown.parts.conversation, 15_000, () => now);
    outlook.news.connect((_, one) => news.push(one));
  });

  afterEach(() => shown.dispose());

  it('tells of a long answer and not of a short one', async () => {
    const { conversation } = shown.parts;
    server.will('streamresponse', { lines: linesOf('text') });
    await conversation.send('short');
    expect(news).toEqual([]);
    let finish: () => void = () => undefined;
    const then = new Promise<void>(resolve => (finish = resolve));
    const lines = linesOf('text');
    server.will('streamresponse', { lines: lines.slice(0, 2), then, rest: lines.slice(2) });
    const sent = conversation.send('long');
    await vi.waitFor(() => expect(conversation.status).toBe('answering'));
    now = 20_000;
    finish();
    await sent;
    expect(conversation.busy).toBe(false);
    expect(news).toEqual(['answered']);
  });

  it('tells of code that waits, once', async () => {
    const lines = linesOf('approval');
    const asks = lines.findIndex(
      line => line.variant === 'ServerHint' && line.content.approval?.code !== undefined
    );
    const then = new Promise<void>(() => undefined);
    server.will('streamresponse', { lines: lines.slice(0, asks + 1), then });
    void shown.parts.conversation.send('delete');
    await vi.waitFor(() => expect(news).toEqual(['waits']));
  });
});
