import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { toVariant, type Variant } from '../../api/variants';
import type { Status } from '../../model/conversation';
import { isHeartbeat } from '../../model/fold';
import { itemsOf, linesOf, TURNS } from '../golden';
import { END, opening, text, THREAD } from '../hints';
import { FakeServer } from '../server';
import { NOTEBOOK, OTHER, Talk } from '../talk';

describe('Conversation', () => {
  let here: Talk;

  beforeEach(() => {
    here = new Talk();
  });

  afterEach(() => {
    here.talk.newChat();
  });

  describe('a lost connection', () => {
    it.each(TURNS)('is picked up in %s, wherever it broke', async turn => {
      const lines = linesOf(turn).slice(1);
      const counted = lines.filter(line => !isHeartbeat(line));
      for (let at = 0; at < lines.length; at++) {
        here.server = new FakeServer();
        here.talk = here.make();
        const read = lines.slice(0, at).filter(line => !isHeartbeat(line)).length;
        here.server.will('streamresponse', {
          lines: [opening(), ...lines.slice(0, at), '{"variant":"Assist'],
          then: 'cut'
        });
        here.server.will('follow', { lines: [opening(), ...counted.slice(read)] });
        await here.talk.send('q');
        const { page } = here.server.client;
        expect(here.server.bodies('follow')).toEqual([
          { thread_id: THREAD, from: read, client: page, rich: true }
        ]);
        const whole = new FakeServer().will('streamresponse', { lines: [opening(), ...lines] });
        const cut = here.shown();
        here.server = whole;
        here.talk = here.make();
        await here.talk.send('q');
        expect(cut).toEqual(here.shown());
      }
    });

    it('is tried again with growing delays, and says so', async () => {
      here.server.will('streamresponse', { lines: [opening(), text('a')], then: 'cut' });
      for (let count = 0; count < 6; count++) {
        here.server.will('follow', count % 2 ? 'down' : Response.json({}, { status: 503 }));
      }
      here.server.will('follow', { lines: [opening(), text('b'), END] });
      const seen: Status[] = [];
      here.talk.changed.connect(() => seen.push(here.talk.status));
      await here.talk.send('q');
      expect(here.waits).toEqual([500, 1000, 2000, 4000, 8000, 10000, 10000]);
      expect(seen).toContain('lost');
      expect(here.shown()).toEqual(['q', 'ab']);
    });

    it('is over when the server refuses', async () => {
      here.server.will('streamresponse', { lines: [opening(), text('a')], then: 'cut' });
      here.server.will('follow', Response.json({ detail: 'Log in again.' }, { status: 403 }));
      here.server.thread = [{ variant: 'User', content: 'q' }, text('a')];
      await here.talk.send('q');
      expect([here.talk.status, here.talk.alert]).toEqual(['idle', 'Log in again.']);
      expect(here.shown()).toEqual(['q', 'a']);
    });

    it('shows the stored thread when the turn has ended meanwhile', async () => {
      here.server.will('streamresponse', { lines: [opening(), text('a')], then: 'cut' });
      here.server.thread = [{ variant: 'User', content: 'q' }, text('abc'), END];
      await here.talk.send('q');
      expect(here.shown()).toEqual(['q', 'abc']);
      expect(here.talk.status).toBe('idle');
    });

    it('keeps what is shown when the server could not save it', async () => {
      here.server.will('streamresponse', { lines: [opening(), text('a')], then: 'cut' });
      here.server.thread = [];
      await here.talk.send('q');
      expect(here.shown()).toEqual(['q', 'a']);
    });

    it('shows the stored thread when another turn runs meanwhile', async () => {
      here.server.will('streamresponse', { lines: [opening(), text('a')], then: 'cut' });
      here.server.will('follow', { lines: [opening('another'), text('x')] });
      here.server.thread = [{ variant: 'User', content: 'q' }, text('abc'), END];
      await here.talk.send('q');
      expect(here.shown()).toEqual(['q', 'abc']);
    });

    it('reads nothing after StreamEnd', async () => {
      here.server.will('streamresponse', { lines: [opening(), END], then: 'cut' });
      await here.talk.send('q');
      expect(here.server.bodies('follow')).toEqual([]);
    });
  });

  describe('opening', () => {
    it('shows a finished thread', async () => {
      here.server.thread = [{ variant: 'User', content: 'q' }, ...itemsOf('figures').map(toVariant)];
      await here.talk.open('x');
      expect(here.server.bodies('getthread')).toEqual([{ thread_id: 'x', finished: true, rich: true }]);
      const { page } = here.server.client;
      expect(here.server.bodies('follow')).toEqual([{ thread_id: 'x', from: 0, client: page, rich: true }]);
      expect(here.shown()).toEqual(['q', 'done: plot()', 'failed: 1/0', 'The second failed.']);
      expect(here.talk.status).toBe('idle');
    });

    it('picks the running turn up, also over a lost connection', async () => {
      here.server.thread = [{ variant: 'User', content: 'old' }, text('1'), END];
      const first = opening('new');
      here.server.will('follow', { lines: [first, text('a')], then: 'cut' });
      here.server.will('follow', { lines: [first, text('b'), END] });
      await here.talk.open('x');
      expect(here.server.bodies('follow').map(body => body.from)).toEqual([0, 1]);
      expect(here.shown()).toEqual(['old', '1', 'new', 'ab']);
    });

    it('names the kernel that the followed turn runs in', async () => {
      const run: Variant = {
        variant: 'ServerHint',
        content: { run: { id: 'c', state: 'running', kernel_id: 'k-2' } }
      };
      const then = new Promise<void>(() => undefined);
      here.server.will('follow', { lines: [opening('q'), run], then });
      void here.talk.open('x');
      await vi.waitFor(() => expect(here.talk.kernel).toEqual(OTHER));
    });

    it('names the model that answers the followed turn', async () => {
      here.server.will('follow', { lines: [opening('q', 'tiny'), text('a'), END] });
      await here.talk.open('x');
      expect(here.talk.transcript.entries.map(entry => 'model' in entry && entry.model)).toEqual(['tiny', 'tiny']);
    });

    it('says why a thread cannot be opened', async () => {
      here.server.will('getthread', Response.json({ detail: 'Thread not found.' }, { status: 404 }));
      await here.talk.open('x');
      expect([here.talk.alert, here.talk.threadId, here.talk.status]).toEqual(['Thread not found.', null, 'idle']);
    });

    it('sends a question that was typed meanwhile', async () => {
      here.server.thread = [{ variant: 'User', content: 'q' }];
      here.server.will('streamresponse', { lines: [opening(), text('b'), END] });
      const opened = here.talk.open('x');
      await here.talk.send('next');
      await opened;
      expect(here.shown()).toEqual(['q', 'next', 'b']);
    });

    it('leaves a running turn unstopped', async () => {
      here.server.will('streamresponse', { lines: [opening()], then: new Promise(() => undefined) });
      void here.talk.send('a');
      await here.reaches('answering');
      await here.talk.open('x');
      expect(here.server.bodies('stop')).toEqual([]);
      expect([here.talk.threadId, here.talk.status, here.shown()]).toEqual(['x', 'idle', []]);
    });
  });

  describe('after a reload', () => {
    it('shows the window its thread again and follows its turn', async () => {
      here.server.will('streamresponse', { lines: [opening()], then: new Promise(() => undefined) });
      void here.talk.send('q');
      await here.reaches('answering');
      const then = new Promise<void>(() => undefined);
      here.server.will('follow', { lines: [opening('q'), text('a')], then });
      here.kernels.current = OTHER;
      here.talk = here.make();
      void here.talk.restore();
      await vi.waitFor(() => expect(here.shown()).toEqual(['q', 'a']));
      expect([here.talk.threadId, here.talk.status]).toEqual([THREAD, 'answering']);
      expect(here.talk.kernel).toEqual(NOTEBOOK);
    });

    it('tells the topic of its thread, and none of the next one', async () => {
      here.memory.place = { thread: 'x', running: false, kernel: null };
      const hint: Variant = { variant: 'ServerHint', content: { thread_id: 'x', running: false, topic: 'Snow' } };
      here.server.will('getthread', Response.json([{ variant: 'User', content: 'q' }, END]));
      here.server.will('follow', { lines: [hint, END] });
      await here.talk.restore();
      expect([here.talk.topic, here.shown()]).toEqual(['Snow', ['q']]);
      here.talk.newChat();
      expect(here.talk.topic).toBe('');
    });

    it('follows a first turn that is not stored yet', async () => {
      here.memory.place = { thread: 'x', running: true, kernel: null };
      here.server.will('getthread', Response.json({ detail: 'Thread not found.' }, { status: 404 }));
      here.server.will('follow', { lines: [opening('q'), text('a'), END] });
      await here.talk.restore();
      expect([here.talk.alert, here.shown()]).toEqual(['', ['q', 'a']]);
    });

    it('reads a turn from the store that was over when it was to be followed', async () => {
      here.memory.place = { thread: 'x', running: true, kernel: null };
      const stored: Variant[] = [{ variant: 'User', content: 'q' }, text('a'), END];
      here.server.will('getthread', Response.json([]));
      here.server.will('getthread', Response.json(stored));
      here.server.will('follow', {
        lines: [opening('q', undefined, false), text('a'), END]
      });
      await here.talk.restore();
      expect(here.server.bodies('getthread')).toHaveLength(2);
      expect(here.shown()).toEqual(['q', 'a']);
    });

    it('begins anew without a word when the thread is gone', async () => {
      here.memory.place = { thread: 'x', running: false, kernel: null };
      here.server.will('getthread', Response.json({ detail: 'Thread not found.' }, { status: 404 }));
      await here.talk.restore();
      expect([here.talk.alert, here.talk.threadId, here.memory.place]).toEqual(['', null, null]);
    });

    it('has nothing to show after a new chat', async () => {
      here.server.will('streamresponse', { lines: [opening(), END] });
      await here.talk.send('q');
      expect(here.memory.place?.thread).toBe(THREAD);
      here.talk.newChat();
      await here.make().restore();
      expect(here.server.bodies('getthread')).toEqual([]);
    });
  });
});
