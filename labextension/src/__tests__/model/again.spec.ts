import { Signal, type ISignal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Variant } from '../../api/variants';
import { Again } from '../../model/again';
import { Conversation } from '../../model/conversation';
import { Draft } from '../../model/draft';
import type { Question } from '../../model/entry';
import type { IKernel, IKernels } from '../../model/kernel';
import { Memory } from '../../model/memory';
import { code, END, opening, output, state, STOPPED, THREAD } from '../hints';
import { FakeServer } from '../server';

class NoKernels implements IKernels {
  current: IKernel = { id: null, notebook: null, name: null };
  readonly changed: ISignal<IKernels, void> = new Signal<IKernels, void>(this);
  find = (): null => null;
}

const user = (content: string, more = {}): Variant => ({ variant: 'User', content, ...more });
const text = (content: string): Variant => ({ variant: 'Assistant', content });
const BROKEN: Variant = { variant: 'StreamEnd', content: 'Error.' };
const FORK = 'f'.repeat(32);

describe('Again', () => {
  let server: FakeServer;
  let talk: Conversation;
  let again: Again;

  async function showing(...items: Variant[]): Promise<void> {
    server.thread = items;
    await talk.open(THREAD);
  }

  const questions = (): Question[] =>
    talk.transcript.entries.filter((entry): entry is Question => entry.kind === 'question');
  const asked = (): unknown[] => server.bodies('streamresponse').map(body => [body.thread_id, body.input]);

  beforeEach(() => {
    window.sessionStorage.clear();
    server = new FakeServer();
    const memory = new Memory();
    talk = new Conversation({
      client: server.client,
      kernels: new NoKernels(),
      draft: new Draft(),
      memory,
      model: () => undefined
    });
    again = new Again(server.client, talk);
  });

  afterEach(() => talk.newChat());

  it('asks the last question again, with what went along', async () => {
    const context = [{ kind: 'variable', name: 'ds', text: 'found by the server' }];
    await showing(user('one'), text('a'), user('two', { context }), text('b'), END);
    server.will('streamresponse', { lines: [opening(), text('c'), END] });
    await again.retry();
    const [body] = server.bodies('streamresponse');
    expect([body.thread_id, body.input]).toEqual([THREAD, 'two']);
    expect(body.context).toEqual([{ kind: 'variable', name: 'ds' }]);
  });

  it.each([
    ['finished', [text('a'), END], false],
    ['stopped', [text('a'), STOPPED], true],
    ['stopped', [STOPPED], false],
    ['broken', [text('a'), BROKEN], true],
    ['limit', [code('1'), output('1'), state('done'), END], true],
    ['limit', [text('a'), { variant: 'ServerHint', content: { notice: { text: 'The limit is reached.' } } }, END], true]
  ] as [string, Variant[], boolean][])('knows that a turn was %s: %#', async (ending, items, goesOn) => {
    await showing(user('q'), ...items);
    expect([talk.transcript.ending, again.canGoOn]).toEqual([ending, goesOn]);
    await again.goOn('go on');
    expect(asked()).toEqual(goesOn ? [[THREAD, 'go on']] : []);
  });

  it('asks an earlier question in other words in a copy', async () => {
    await showing(user('one'), text('a'), user('two'), text('b'), user('three'), text('c'), END);
    server.will('editthread', Response.json({ new_thread_id: FORK, history: [] }));
    server.will('streamresponse', { lines: [opening(), text('d'), END] });
    again.edit(questions()[1]);
    expect(again.editing?.text).toBe('two');
    server.thread = [user('one'), text('a')];
    await again.ask('rather this');
    expect(server.bodies('editthread')).toEqual([{ source_thread_id: THREAD, user_index: 1 }]);
    expect(asked()).toEqual([[FORK, 'rather this']]);
    expect(questions().map(one => one.text)).toEqual(['one', 'rather this']);
    expect(again.editing).toBeNull();
  });

  it('says why there is no copy, and keeps what was written', async () => {
    await showing(user('one'), text('a'), END);
    server.will('editthread', Response.json({ detail: 'No store.' }, { status: 503 }));
    again.edit(questions()[0]);
    await again.ask('rather this');
    expect([again.error, again.editing, again.forking]).toEqual(['No store.', questions()[0], false]);
    expect(asked()).toEqual([]);
  });

  it('edits nothing while a turn runs, nor what the user did not write', async () => {
    await showing(user('one'), text('a'), user('Run the code of this chat again.', { model: 'rerun' }), END);
    again.edit(questions()[1]);
    expect([again.editing, again.canRetry]).toEqual([null, false]);
    again.edit(questions()[0]);
    expect(again.editing).toBe(questions()[0]);
    await showing(user('one'), text('a'), END);
    let finish = (): void => undefined;
    const then = new Promise<void>(resolve => (finish = resolve));
    again.edit(questions()[0]);
    expect(again.editing).not.toBeNull();
    server.will('streamresponse', { lines: [opening()], then, rest: [END] });
    const sent = talk.send('q');
    expect([again.editing, again.possible]).toEqual([null, false]);
    finish();
    await sent;
    expect(again.possible).toBe(true);
  });
});
