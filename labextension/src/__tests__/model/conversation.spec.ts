import { Signal, type ISignal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { toVariant, type IHint, type Variant } from '../../api/variants';
import { Conversation, type Status } from '../../model/conversation';
import { Draft } from '../../model/draft';
import type { CodeRun } from '../../model/run';
import { isHeartbeat } from '../../model/fold';
import type { IKernel, IKernels } from '../../model/kernel';
import { Memory } from '../../model/memory';
import { itemsOf, linesOf, TURNS } from '../golden';
import { FakeServer } from '../server';

const THREAD = 't'.repeat(32);
const NOTEBOOK: IKernel = { id: 'k-1', notebook: 'a.ipynb', name: 'Python 3' };
const OTHER: IKernel = { id: 'k-2', notebook: 'b.ipynb', name: 'Python 3' };

class FakeKernels implements IKernels {
  current = NOTEBOOK;
  readonly changed: ISignal<IKernels, void> = new Signal<IKernels, void>(this);
  find = (id: string): IKernel | null => [NOTEBOOK, OTHER].find(one => one.id === id) ?? null;
}

function opening(hint: IHint = {}): Variant {
  return { variant: 'ServerHint', content: { thread_id: THREAD, running: true, ...hint } };
}

function text(content: string): Variant {
  return { variant: 'Assistant', content };
}

const END: Variant = { variant: 'StreamEnd', content: 'Finished.' };
const ERROR: Variant = { variant: 'StreamEnd', content: 'Error.' };
const STOPPED: Variant = { variant: 'StreamEnd', content: 'Stopped.' };

describe('Conversation', () => {
  let server: FakeServer;
  let kernels: FakeKernels;
  let draft: Draft;
  let memory: Memory;
  let talk: Conversation;
  let waits: number[];

  function make(): Conversation {
    return new Conversation({
      client: server.client,
      kernels,
      draft,
      memory,
      model: () => 'm',
      wait: milliseconds => {
        waits.push(milliseconds);
        return Promise.resolve();
      }
    });
  }

  beforeEach(() => {
    window.sessionStorage.clear();
    server = new FakeServer();
    kernels = new FakeKernels();
    draft = new Draft();
    memory = new Memory();
    waits = [];
    talk = make();
  });

  afterEach(() => {
    talk.newChat();
  });

  const shown = (): string[] =>
    talk.transcript.entries.map(entry =>
      entry.kind === 'run'
        ? `${entry.state}: ${entry.code}`
        : entry.kind === 'tool' || entry.kind === 'usage'
          ? entry.kind
          : entry.text
    );
  const reaches = (status: Status): Promise<void> =>
    vi.waitFor(() => expect(talk.status).toBe(status));

  describe('asking', () => {
    it('asks for a thread first, then asks with model and kernel', async () => {
      server.will('streamresponse', { lines: linesOf('text') });
      await talk.send('What is climate?');
      expect(server.asked.map(one => one.route)).toEqual(['newthread', 'streamresponse']);
      expect(server.bodies('streamresponse')[0]).toEqual({
        input: 'What is climate?',
        thread_id: THREAD,
        chatbot: 'm',
        kernel_id: 'k-1',
        approval: true,
        client: server.client.page,
        rich: true
      });
      expect(talk.status).toBe('idle');
      expect(shown().slice(0, 2)).toEqual([
        'What is climate?',
        'Climate is the statistics of weather: 14 °C, σ = 2 K.'
      ]);
    });

    it('sends no kernel when no notebook is open', async () => {
      kernels.current = { id: null, notebook: null, name: null };
      server.will('streamresponse', { lines: linesOf('text') });
      await talk.send('q');
      expect(server.bodies('streamresponse')[0]).not.toHaveProperty('kernel_id');
    });

    it('keeps the kernel of the turn while it runs', async () => {
      let finish = (): void => undefined;
      const then = new Promise<void>(resolve => (finish = resolve));
      server.will('streamresponse', { lines: [opening()], then, rest: [END] });
      const sent = talk.send('q');
      await reaches('answering');
      kernels.current = OTHER;
      expect(talk.kernel).toBe(NOTEBOOK);
      finish();
      await sent;
      expect(talk.kernel).toBe(OTHER);
    });

    it('gives the question back when it is refused', async () => {
      server.will('streamresponse', Response.json({ detail: 'No such model.' }, { status: 422 }));
      draft.text = 'typed since';
      await talk.send('q');
      expect([talk.alert, draft.text, talk.status]).toEqual(['No such model.', 'q\n\ntyped since', 'idle']);
      expect(shown()).toEqual([]);
    });

    it('gives the question back when the server is down', async () => {
      server.will('newthread', 'down');
      await talk.send('q');
      expect([draft.text, talk.status]).toEqual(['q', 'idle']);
      expect(talk.alert).not.toBe('');
    });

    it('shows what runs when the thread is answering already', async () => {
      server.will('streamresponse', Response.json({ detail: 'Busy.' }, { status: 409 }));
      server.will('follow', { lines: [opening({ question: 'theirs' }), text('a'), END] });
      await talk.send('mine');
      expect(shown()).toEqual(['theirs', 'a']);
      expect([talk.alert, draft.text]).toEqual(['Busy.', 'mine']);
    });
  });

  describe('a lost connection', () => {
    it.each(TURNS)('is picked up in %s, wherever it broke', async turn => {
      const lines = linesOf(turn).slice(1);
      const counted = lines.filter(line => !isHeartbeat(line));
      for (let at = 0; at < lines.length; at++) {
        server = new FakeServer();
        talk = make();
        const read = lines.slice(0, at).filter(line => !isHeartbeat(line)).length;
        server.will('streamresponse', {
          lines: [opening(), ...lines.slice(0, at), '{"variant":"Assist'],
          then: 'cut'
        });
        server.will('follow', { lines: [opening(), ...counted.slice(read)] });
        await talk.send('q');
        const { page } = server.client;
        expect(server.bodies('follow')).toEqual([
          { thread_id: THREAD, from: read, client: page, rich: true }
        ]);
        const whole = new FakeServer().will('streamresponse', { lines: [opening(), ...lines] });
        const cut = shown();
        server = whole;
        talk = make();
        await talk.send('q');
        expect(cut).toEqual(shown());
      }
    });

    it('is tried again with growing delays, and says so', async () => {
      server.will('streamresponse', { lines: [opening(), text('a')], then: 'cut' });
      for (let count = 0; count < 6; count++) {
        server.will('follow', count % 2 ? 'down' : Response.json({}, { status: 503 }));
      }
      server.will('follow', { lines: [opening(), text('b'), END] });
      const seen: Status[] = [];
      talk.changed.connect(() => seen.push(talk.status));
      await talk.send('q');
      expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 10000, 10000]);
      expect(seen).toContain('lost');
      expect(shown()).toEqual(['q', 'ab']);
    });

    it('is over when the server refuses', async () => {
      server.will('streamresponse', { lines: [opening(), text('a')], then: 'cut' });
      server.will('follow', Response.json({ detail: 'Log in again.' }, { status: 403 }));
      server.thread = [{ variant: 'User', content: 'q' }, text('a')];
      await talk.send('q');
      expect([talk.status, talk.alert]).toEqual(['idle', 'Log in again.']);
      expect(shown()).toEqual(['q', 'a']);
    });

    it('shows the stored thread when the turn has ended meanwhile', async () => {
      server.will('streamresponse', { lines: [opening(), text('a')], then: 'cut' });
      server.thread = [{ variant: 'User', content: 'q' }, text('abc'), END];
      await talk.send('q');
      expect(shown()).toEqual(['q', 'abc']);
      expect(talk.status).toBe('idle');
    });

    it('keeps what is shown when the server could not save it', async () => {
      server.will('streamresponse', { lines: [opening(), text('a')], then: 'cut' });
      server.thread = [];
      await talk.send('q');
      expect(shown()).toEqual(['q', 'a']);
    });

    it('shows the stored thread when another turn runs meanwhile', async () => {
      server.will('streamresponse', { lines: [opening(), text('a')], then: 'cut' });
      server.will('follow', { lines: [opening({ question: 'another' }), text('x')] });
      server.thread = [{ variant: 'User', content: 'q' }, text('abc'), END];
      await talk.send('q');
      expect(shown()).toEqual(['q', 'abc']);
    });

    it('reads nothing after StreamEnd', async () => {
      server.will('streamresponse', { lines: [opening(), END], then: 'cut' });
      await talk.send('q');
      expect(server.bodies('follow')).toEqual([]);
    });
  });

  describe('the queue', () => {
    it('sends what was asked meanwhile, in order', async () => {
      let finish = (): void => undefined;
      const then = new Promise<void>(resolve => (finish = resolve));
      server.will('streamresponse', { lines: [opening()], then, rest: [text('1'), END] });
      server.will('streamresponse', { lines: [opening(), text('2'), END] });
      server.will('streamresponse', { lines: [opening(), text('3'), END] });
      const sent = talk.send('a');
      await talk.send('b');
      await talk.send('c');
      await talk.send('d');
      talk.unqueue(1);
      expect(talk.queue.map(one => one.text)).toEqual(['b', 'd']);
      finish();
      await sent;
      expect(shown()).toEqual(['a', '1', 'b', '2', 'd', '3']);
      expect([talk.queue, talk.status]).toEqual([[], 'idle']);
    });

    it('goes back to the box when the turn is stopped', async () => {
      let finish = (): void => undefined;
      const then = new Promise<void>(resolve => (finish = resolve));
      server.will('streamresponse', { lines: [opening()], then, rest: [STOPPED] });
      const sent = talk.send('a');
      await reaches('answering');
      await talk.send('b');
      await talk.stop();
      expect(talk.status).toBe('stopping');
      finish();
      await sent;
      expect(server.bodies('stop')).toEqual([{ thread_id: THREAD }]);
      expect([draft.text, talk.queue, talk.status]).toEqual(['b', [], 'idle']);
    });

    it.each([
      ['an error', [{ variant: 'OpenAIError', content: 'Broke off.' }, ERROR], 'end'],
      ['a refusal', [], 'cut']
    ] as const)('goes back to the box after %s', async (_, lines, then) => {
      let finish = (): void => undefined;
      const wait = new Promise<void>(resolve => (finish = resolve));
      server.will('streamresponse', { lines: [opening()], then: wait, rest: [...lines] });
      if (then === 'cut') {
        server.will('follow', Response.json({ detail: 'Log in again.' }, { status: 403 }));
      }
      const sent = talk.send('a');
      await reaches('answering');
      await talk.send('b');
      finish();
      await sent;
      expect([draft.text, talk.queue, talk.status]).toEqual(['b', [], 'idle']);
      expect(server.bodies('streamresponse')).toHaveLength(1);
    });

    it('goes back to the box when another chat is opened', async () => {
      server.will('streamresponse', { lines: [opening()], then: new Promise(() => undefined) });
      void talk.send('a');
      await reaches('answering');
      await talk.send('b');
      talk.newChat();
      expect([draft.text, talk.queue, talk.status]).toEqual(['b', [], 'idle']);
    });
  });

  describe('stopping', () => {
    it('before the stream has begun is told with its first line', async () => {
      let begin = (): void => undefined;
      const then = new Promise<void>(resolve => (begin = resolve));
      server.will('streamresponse', { lines: [], then, rest: [opening(), STOPPED] });
      const sent = talk.send('a');
      await vi.waitFor(() => expect(server.bodies('streamresponse')).toHaveLength(1));
      await talk.stop();
      expect(server.bodies('stop')).toEqual([]);
      begin();
      await sent;
      expect(server.bodies('stop')).toHaveLength(1);
      expect(talk.status).toBe('idle');
    });

    it('that fails lets the turn go on and says why', async () => {
      let finish = (): void => undefined;
      const then = new Promise<void>(resolve => (finish = resolve));
      server.will('streamresponse', { lines: [opening()], then, rest: [END] });
      server.will('stop', Response.json({ detail: 'No.' }, { status: 503 }));
      const sent = talk.send('a');
      await reaches('answering');
      await talk.stop();
      expect([talk.status, talk.alert]).toEqual(['answering', 'No.']);
      finish();
      await sent;
    });

    it('while the server is gone gives the reading up', async () => {
      talk = new Conversation({
        client: server.client,
        kernels,
        draft,
        memory,
        model: () => 'm',
        wait: (_, signal) =>
          new Promise(resolve => signal.addEventListener('abort', () => resolve()))
      });
      server.will('streamresponse', { lines: [opening(), text('a')], then: 'cut' });
      server.will('stop', 'down');
      const sent = talk.send('a');
      await reaches('lost');
      await talk.stop();
      await sent;
      expect(talk.status).toBe('idle');
      expect(talk.alert).not.toBe('');
    });

    it('leaves the run stopped', async () => {
      server.will('streamresponse', { lines: linesOf('stopped') });
      await talk.send('wait a while');
      const run = talk.transcript.entries[1] as CodeRun;
      expect([run.state, run.outputs?.[0].text]).toEqual(['stopped', 'KeyboardInterrupt\n']);
    });
  });

  describe('opening', () => {
    it('shows a finished thread', async () => {
      server.thread = [{ variant: 'User', content: 'q' }, ...itemsOf('figures').map(toVariant)];
      await talk.open('x');
      expect(server.bodies('getthread')).toEqual([{ thread_id: 'x', finished: true, rich: true }]);
      const { page } = server.client;
      expect(server.bodies('follow')).toEqual([{ thread_id: 'x', from: 0, client: page, rich: true }]);
      expect(shown()).toEqual(['q', 'done: plot()', 'failed: 1/0', 'The second failed.']);
      expect(talk.status).toBe('idle');
    });

    it('picks the running turn up, also over a lost connection', async () => {
      server.thread = [{ variant: 'User', content: 'old' }, text('1'), END];
      const first = opening({ question: 'new' });
      server.will('follow', { lines: [first, text('a')], then: 'cut' });
      server.will('follow', { lines: [first, text('b'), END] });
      await talk.open('x');
      expect(server.bodies('follow').map(body => body.from)).toEqual([0, 1]);
      expect(shown()).toEqual(['old', '1', 'new', 'ab']);
    });

    it('names the kernel that the followed turn runs in', async () => {
      const run: Variant = {
        variant: 'ServerHint',
        content: { run: { id: 'c', state: 'running', kernel_id: 'k-2' } }
      };
      const then = new Promise<void>(() => undefined);
      server.will('follow', { lines: [opening({ question: 'q' }), run], then });
      void talk.open('x');
      await vi.waitFor(() => expect(talk.kernel).toEqual(OTHER));
    });

    it('names the model that answers the followed turn', async () => {
      server.will('follow', { lines: [opening({ question: 'q', model: 'tiny' }), text('a'), END] });
      await talk.open('x');
      expect(talk.transcript.entries.map(entry => 'model' in entry && entry.model)).toEqual(['tiny', 'tiny']);
    });

    it('says why a thread cannot be opened', async () => {
      server.will('getthread', Response.json({ detail: 'Thread not found.' }, { status: 404 }));
      await talk.open('x');
      expect([talk.alert, talk.threadId, talk.status]).toEqual(['Thread not found.', null, 'idle']);
    });

    it('sends a question that was typed meanwhile', async () => {
      server.thread = [{ variant: 'User', content: 'q' }];
      server.will('streamresponse', { lines: [opening(), text('b'), END] });
      const opened = talk.open('x');
      await talk.send('next');
      await opened;
      expect(shown()).toEqual(['q', 'next', 'b']);
    });

    it('leaves a running turn unstopped', async () => {
      server.will('streamresponse', { lines: [opening()], then: new Promise(() => undefined) });
      void talk.send('a');
      await reaches('answering');
      await talk.open('x');
      expect(server.bodies('stop')).toEqual([]);
      expect([talk.threadId, talk.status, shown()]).toEqual(['x', 'idle', []]);
    });
  });

  describe('after a reload', () => {
    it('shows the window its thread again and follows its turn', async () => {
      server.will('streamresponse', { lines: [opening()], then: new Promise(() => undefined) });
      void talk.send('q');
      await reaches('answering');
      const then = new Promise<void>(() => undefined);
      server.will('follow', { lines: [opening({ question: 'q' }), text('a')], then });
      kernels.current = OTHER;
      talk = make();
      void talk.restore();
      await vi.waitFor(() => expect(shown()).toEqual(['q', 'a']));
      expect([talk.threadId, talk.status]).toEqual([THREAD, 'answering']);
      expect(talk.kernel).toEqual(NOTEBOOK);
    });

    it('follows a first turn that is not stored yet', async () => {
      memory.place = { thread: 'x', running: true, kernel: null };
      server.will('getthread', Response.json({ detail: 'Thread not found.' }, { status: 404 }));
      server.will('follow', { lines: [opening({ question: 'q' }), text('a'), END] });
      await talk.restore();
      expect([talk.alert, shown()]).toEqual(['', ['q', 'a']]);
    });

    it('reads a turn from the store that was over when it was to be followed', async () => {
      memory.place = { thread: 'x', running: true, kernel: null };
      const stored: Variant[] = [{ variant: 'User', content: 'q' }, text('a'), END];
      server.will('getthread', Response.json([]));
      server.will('getthread', Response.json(stored));
      server.will('follow', {
        lines: [opening({ question: 'q', running: false }), text('a'), END]
      });
      await talk.restore();
      expect(server.bodies('getthread')).toHaveLength(2);
      expect(shown()).toEqual(['q', 'a']);
    });

    it('begins anew without a word when the thread is gone', async () => {
      memory.place = { thread: 'x', running: false, kernel: null };
      server.will('getthread', Response.json({ detail: 'Thread not found.' }, { status: 404 }));
      await talk.restore();
      expect([talk.alert, talk.threadId, memory.place]).toEqual(['', null, null]);
    });

    it('has nothing to show after a new chat', async () => {
      server.will('streamresponse', { lines: [opening(), END] });
      await talk.send('q');
      expect(memory.place?.thread).toBe(THREAD);
      talk.newChat();
      await make().restore();
      expect(server.bodies('getthread')).toEqual([]);
    });
  });
});
