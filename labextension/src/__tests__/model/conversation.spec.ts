import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { CodeRun } from '../../model/run';
import { linesOf } from '../golden';
import { END, ERROR, opening, STOPPED, text, THREAD } from '../hints';
import { NOTEBOOK, OTHER, Talk } from '../talk';

describe('Conversation', () => {
  let here: Talk;

  beforeEach(() => {
    here = new Talk();
  });

  afterEach(() => {
    here.talk.newChat();
  });

  describe('asking', () => {
    it('asks for a thread first, then asks with model and kernel', async () => {
      here.server.will('streamresponse', { lines: linesOf('text') });
      await here.talk.send('What is climate?');
      expect(here.server.asked.map(one => one.route)).toEqual(['newthread', 'streamresponse']);
      expect(here.server.bodies('streamresponse')[0]).toEqual({
        input: 'What is climate?',
        thread_id: THREAD,
        chatbot: 'm',
        kernel_id: 'k-1',
        approval: true,
        client: here.server.client.page,
        rich: true
      });
      expect(here.talk.status).toBe('idle');
      expect(here.shown().slice(0, 2)).toEqual([
        'What is climate?',
        'Climate is the statistics of weather: 14 °C, σ = 2 K.'
      ]);
    });

    it('sends no kernel when no notebook is open', async () => {
      here.kernels.current = { id: null, notebook: null, name: null };
      here.server.will('streamresponse', { lines: linesOf('text') });
      await here.talk.send('q');
      expect(here.server.bodies('streamresponse')[0]).not.toHaveProperty('kernel_id');
    });

    it('keeps the kernel of the turn while it runs', async () => {
      let finish = (): void => undefined;
      const then = new Promise<void>(resolve => (finish = resolve));
      here.server.will('streamresponse', { lines: [opening()], then, rest: [END] });
      const sent = here.talk.send('q');
      await here.reaches('answering');
      here.kernels.current = OTHER;
      expect(here.talk.kernel).toBe(NOTEBOOK);
      finish();
      await sent;
      expect(here.talk.kernel).toBe(OTHER);
    });

    it('gives the question back when it is refused', async () => {
      here.server.will('streamresponse', Response.json({ detail: 'No such model.' }, { status: 422 }));
      here.draft.text = 'typed since';
      await here.talk.send('q');
      expect([here.talk.alert, here.draft.text, here.talk.status]).toEqual(['No such model.', 'q\n\ntyped since', 'idle']);
      expect(here.shown()).toEqual([]);
    });

    it('gives the question back when the server is down', async () => {
      here.server.will('newthread', 'down');
      await here.talk.send('q');
      expect([here.draft.text, here.talk.status]).toEqual(['q', 'idle']);
      expect(here.talk.alert).not.toBe('');
    });

    it('shows what runs when the thread is answering already', async () => {
      here.server.will('streamresponse', Response.json({ detail: 'Busy.' }, { status: 409 }));
      here.server.will('follow', { lines: [opening('theirs'), text('a'), END] });
      await here.talk.send('mine');
      expect(here.shown()).toEqual(['theirs', 'a']);
      expect([here.talk.alert, here.draft.text]).toEqual(['Busy.', 'mine']);
    });
  });

  describe('the queue', () => {
    it('sends what was asked meanwhile, in order', async () => {
      let finish = (): void => undefined;
      const then = new Promise<void>(resolve => (finish = resolve));
      here.server.will('streamresponse', { lines: [opening()], then, rest: [text('1'), END] });
      here.server.will('streamresponse', { lines: [opening(), text('2'), END] });
      here.server.will('streamresponse', { lines: [opening(), text('3'), END] });
      const sent = here.talk.send('a');
      await here.talk.send('b');
      await here.talk.send('c');
      await here.talk.send('d');
      here.talk.unqueue(1);
      expect(here.talk.queue.map(one => one.text)).toEqual(['b', 'd']);
      finish();
      await sent;
      expect(here.shown()).toEqual(['a', '1', 'b', '2', 'd', '3']);
      expect([here.talk.queue, here.talk.status]).toEqual([[], 'idle']);
    });

    it('goes back to the box when the turn is stopped', async () => {
      let finish = (): void => undefined;
      const then = new Promise<void>(resolve => (finish = resolve));
      here.server.will('streamresponse', { lines: [opening()], then, rest: [STOPPED] });
      const sent = here.talk.send('a');
      await here.reaches('answering');
      await here.talk.send('b');
      await here.talk.stop();
      expect(here.talk.status).toBe('stopping');
      finish();
      await sent;
      expect(here.server.bodies('stop')).toEqual([{ thread_id: THREAD }]);
      expect([here.draft.text, here.talk.queue, here.talk.status]).toEqual(['b', [], 'idle']);
    });

    it.each([
      ['an error', [{ variant: 'OpenAIError', content: 'Broke off.' }, ERROR], 'end'],
      ['a refusal', [], 'cut']
    ] as const)('goes back to the box after %s', async (_, lines, then) => {
      let finish = (): void => undefined;
      const wait = new Promise<void>(resolve => (finish = resolve));
      here.server.will('streamresponse', { lines: [opening()], then: wait, rest: [...lines] });
      if (then === 'cut') {
        here.server.will('follow', Response.json({ detail: 'Log in again.' }, { status: 403 }));
      }
      const sent = here.talk.send('a');
      await here.reaches('answering');
      await here.talk.send('b');
      finish();
      await sent;
      expect([here.draft.text, here.talk.queue, here.talk.status]).toEqual(['b', [], 'idle']);
      expect(here.server.bodies('streamresponse')).toHaveLength(1);
    });

    it('goes back to the box when another chat is opened', async () => {
      here.server.will('streamresponse', { lines: [opening()], then: new Promise(() => undefined) });
      void here.talk.send('a');
      await here.reaches('answering');
      await here.talk.send('b');
      here.talk.newChat();
      expect([here.draft.text, here.talk.queue, here.talk.status]).toEqual(['b', [], 'idle']);
    });
  });

  describe('stopping', () => {
    it('before the stream has begun is told with its first line', async () => {
      let begin = (): void => undefined;
      const then = new Promise<void>(resolve => (begin = resolve));
      here.server.will('streamresponse', { lines: [], then, rest: [opening(), STOPPED] });
      const sent = here.talk.send('a');
      await vi.waitFor(() => expect(here.server.bodies('streamresponse')).toHaveLength(1));
      await here.talk.stop();
      expect(here.server.bodies('stop')).toEqual([]);
      begin();
      await sent;
      expect(here.server.bodies('stop')).toHaveLength(1);
      expect(here.talk.status).toBe('idle');
    });

    it('that fails lets the turn go on and says why', async () => {
      let finish = (): void => undefined;
      const then = new Promise<void>(resolve => (finish = resolve));
      here.server.will('streamresponse', { lines: [opening()], then, rest: [END] });
      here.server.will('stop', Response.json({ detail: 'No.' }, { status: 503 }));
      const sent = here.talk.send('a');
      await here.reaches('answering');
      await here.talk.stop();
      expect([here.talk.status, here.talk.alert]).toEqual(['answering', 'No.']);
      finish();
      await sent;
    });

    it('while the server is gone gives the reading up', async () => {
      here.talk = here.make(
        (_, signal) => new Promise(resolve => signal.addEventListener('abort', () => resolve()))
      );
      here.server.will('streamresponse', { lines: [opening(), text('a')], then: 'cut' });
      here.server.will('stop', 'down');
      const sent = here.talk.send('a');
      await here.reaches('lost');
      await here.talk.stop();
      await sent;
      expect(here.talk.status).toBe('idle');
      expect(here.talk.alert).not.toBe('');
    });

    it('leaves the run stopped', async () => {
      here.server.will('streamresponse', { lines: linesOf('stopped') });
      await here.talk.send('wait a while');
      const run = here.talk.transcript.entries[1] as CodeRun;
      expect([run.state, run.outputs?.[0].text]).toEqual(['stopped', 'KeyboardInterrupt\n']);
    });
  });
});
