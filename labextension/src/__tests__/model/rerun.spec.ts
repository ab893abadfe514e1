import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Variant } from '../../api/variants';
import type { Question } from '../../model/entry';
import { RERUN } from '../../model/errand';
import type { CodeRun } from '../../model/run';
import { ask, code, decided, END, opening, output, state, THREAD } from '../hints';
import { Shown } from '../panel';
import { FakeServer } from '../server';

const AGAIN: Variant[] = [
  opening(RERUN.text, RERUN.model),
  code('x = 1', 'r'),
  { variant: 'CodeOutput', content: 'again\n', id: 'r' },
  { variant: 'ServerHint', content: { run: { id: 'r', state: 'done', kernel_id: 'k' } } },
  { variant: 'Assistant', content: 'It went through.' },
  END
];
const STORED: Variant[] = [{ variant: 'User', content: 'q' }, code('x = 1'), output(''), state('done'), END];

describe('running the code of a chat again', () => {
  let server: FakeServer;
  let shown: Shown;

  beforeEach(() => {
    window.sessionStorage.clear();
    server = new FakeServer();
    shown = new Shown(server);
  });

  const talk = (): Shown['parts']['conversation'] => shown.parts.conversation;

  it.each<[string, Variant[], boolean]>([
    ['no chat', [], false],
    ['no code', [{ variant: 'User', content: 'q' }, { variant: 'Assistant', content: 'a' }, END], false],
    ['code that failed', [code('1/0'), output('x'), state('failed'), END], false],
    ['code that was denied', [code('x'), ask(), decided('deny'), output('No.'), END], false],
    ['code that ran', STORED, true]
  ])('is offered when there is something to run: %s', async (_, stored, offered) => {
    server.thread = stored;
    if (stored.length) {
      await talk().open(THREAD);
    }
    expect(talk().canRerun).toBe(offered);
  });

  it('is a turn like any other, in the kernel of the notebook', async () => {
    server.thread = STORED;
    await talk().open(THREAD);
    server.will('rerun', { lines: AGAIN });
    await talk().rerun();
    expect(server.bodies('rerun')).toEqual([
      { thread_id: THREAD, kernel_id: 'k', approval: true, rich: true }
    ]);
    const { entries } = talk().transcript;
    expect(entries.map(entry => entry.kind)).toEqual(['question', 'run', 'question', 'run', 'answer']);
    expect((entries[2] as Question).text).toBe('Run the code of this chat again.');
    expect((entries[3] as CodeRun).state).toBe('done');
    expect(talk().canRerun).toBe(true);
  });

  it('waits for no turn: while one runs it is not offered', async () => {
    server.thread = STORED;
    await talk().open(THREAD);
    let go = (): void => undefined;
    const then = new Promise<void>(resolve => (go = resolve));
    server.will('rerun', { lines: AGAIN.slice(0, 2), then, rest: AGAIN.slice(2) });
    const running = talk().rerun();
    await vi.waitFor(() => expect(talk().status).toBe('answering'));
    expect(talk().canRerun).toBe(false);
    await talk().rerun();
    expect(server.bodies('rerun')).toHaveLength(1);
    go();
    await running;
  });

  it('is picked up when the connection is lost', async () => {
    server.thread = STORED;
    await talk().open(THREAD);
    server.will('rerun', { lines: AGAIN.slice(0, 2), then: 'cut' });
    server.will('follow', { lines: [AGAIN[0], ...AGAIN.slice(2)] });
    await talk().rerun();
    expect(server.bodies('follow').at(-1)).toMatchObject({ from: 1 });
    expect((talk().transcript.entries[3] as CodeRun).state).toBe('done');
  });

  it('puts nothing into the box when the server refuses', async () => {
    server.thread = STORED;
    await talk().open(THREAD);
    server.will('rerun', Response.json({ detail: 'Nothing to run.' }, { status: 422 }));
    await talk().rerun();
    expect([talk().alert, shown.parts.draft.text]).toEqual(['Nothing to run.', '']);
    expect(talk().transcript.questions).toBe(1);
  });
});
