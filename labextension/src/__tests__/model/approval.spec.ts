import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Variant } from '../../api/variants';
import { Approval } from '../../model/approval';
import { Calls } from '../../model/calls';
import type { CodeRun } from '../../model/run';
import { Transcript } from '../../model/transcript';
import { ask, code, decided, END, output, state, STOPPED, THREAD } from '../hints';
import { FakeServer } from '../server';

const RMTREE = code("shutil.rmtree('out')");

function built(...lines: Variant[]): Transcript {
  const transcript = new Transcript(() => 0);
  lines.forEach(line => transcript.add(line));
  return transcript;
}

const runOf = (transcript: Transcript): CodeRun => transcript.entries[0] as CodeRun;

describe('a run that asks', () => {
  it('waits, with the reasons in words', () => {
    const transcript = built(RMTREE, ask({ source: 'the page x' }));
    const run = runOf(transcript);
    expect([run.state, run.approval?.standing, run.approval?.source]).toEqual(['approval', true, 'the page x']);
    expect(run.approval?.reasons).toEqual([
      { kind: 'files', text: "Deletes files: shutil.rmtree('out').", line: 1, asks: true }
    ]);
    expect(transcript.pending).toBe(run);
  });

  it.each([
    ['once', 'written'],
    ['thread', 'written'],
    ['deny', 'denied']
  ] as const)('keeps the decision %s', (decision, reached) => {
    const transcript = built(RMTREE, ask(), decided(decision, ' use a copy '));
    const run = runOf(transcript);
    expect([run.approval, run.decided, run.state, transcript.pending]).toEqual([
      null,
      { decision, reason: 'use a copy' },
      reached,
      null
    ]);
  });

  it('runs after it was allowed', () => {
    const lines = [RMTREE, ask(), decided('once'), state('running'), output('x'), state('done')];
    expect(runOf(built(...lines, END)).state).toBe('done');
  });

  it('stays denied, whatever the turn says of its end', () => {
    const lines = [RMTREE, ask(), decided('deny'), output('Not allowed.'), state('aborted'), END];
    expect(runOf(built(...lines)).state).toBe('denied');
    expect(runOf(Transcript.of([RMTREE, decided('deny'), output('Not allowed.'), END])).state).toBe('denied');
  });

  it('still waits while its kernel starts', () => {
    expect(runOf(built(RMTREE, ask(), state('starting'), state('held'))).state).toBe('approval');
  });

  it('does not wait when the turn was stopped', () => {
    const transcript = built(RMTREE, ask());
    const told = vi.fn();
    transcript.waits.connect(told);
    transcript.add(STOPPED);
    expect([runOf(transcript).state, runOf(transcript).approval, transcript.pending]).toEqual([
      'stopped',
      null,
      null
    ]);
    expect(told).toHaveBeenCalledTimes(1);
  });

  it('may ask a second time', () => {
    const run = runOf(built(RMTREE, ask(), decided('once'), ask({ id: 'other', code: 'x' })));
    expect([run.state, run.approval?.id, run.approval?.code]).toEqual(['approval', 'other', 'x']);
  });

  it('is found among several', () => {
    const transcript = built(code('1', 'a'), RMTREE, ask(), code('2', 'b'));
    expect(transcript.pending?.id).toBe('c');
  });
});

describe('Approval', () => {
  it('leaves out what is not as it should be', () => {
    const hint = { call: 'c', code: 'x', reasons: ['a', null, { kind: 1, text: 'b', line: '3' }, {}] };
    const approval = new Approval(JSON.parse(JSON.stringify(hint)) as ConstructorParameters<typeof Approval>[0]);
    expect(approval.reasons).toEqual([{ kind: '', text: 'b', line: null, asks: true }]);
    expect([approval.id, approval.standing, approval.source]).toEqual(['', false, '']);
  });

  it('tells what asks before what is told beside', () => {
    const reasons = [
      { kind: 'writes', text: 'a', asks: false },
      { kind: 'files', text: 'b' }
    ];
    const approval = new Approval({ call: 'c', code: 'x', reasons });
    expect(approval.reasons.map(reason => reason.text)).toEqual(['b', 'a']);
  });

  it.each([
    ['x = 1  # °C, σ, 温度', false],
    ['x = "\u202Etxt"', true],
    ['a\u200bb = 1', true],
    ['x = 1 # \u{E0041}', true]
  ])('tells whether %j has characters that nobody sees', (text, unseen) => {
    expect(new Approval({ call: 'c', code: text }).unseen).toBe(unseen);
  });
});

describe('deciding', () => {
  let server: FakeServer;
  let calls: Calls;
  let run: CodeRun;
  let transcript: Transcript;

  beforeEach(() => {
    server = new FakeServer();
    calls = new Calls(server.client, () => THREAD);
    transcript = built(RMTREE, ask());
    run = runOf(transcript);
  });

  it('is sent once, and counts with its hint', async () => {
    server.will('approve', Response.json({ detail: 'Noted.' }));
    const { approval } = run;
    const sent = calls.decide(run, 'deny', ' use a copy\n');
    expect([approval?.sent, approval?.open]).toEqual(['deny', false]);
    await calls.decide(run, 'once');
    await sent;
    expect(server.bodies('approve')).toEqual([
      { thread_id: THREAD, id: 'secret', decision: 'deny', reason: 'use a copy' }
    ]);
    expect([run.state, approval?.sent]).toEqual(['approval', 'deny']);
    transcript.add(decided('deny', 'use a copy'));
    expect(run.state).toBe('denied');
  });

  it('can be tried again when it did not arrive', async () => {
    server.will('approve', 'down').will('approve', Response.json({ detail: 'Noted.' }));
    await calls.decide(run, 'once');
    expect([run.approval?.open, run.approval?.over]).toEqual([true, false]);
    expect(run.approval?.error).not.toBe('');
    await calls.decide(run, 'once');
    expect([run.approval?.error, server.bodies('approve').length]).toEqual(['', 2]);
  });

  it('is over when it was answered elsewhere', async () => {
    server.will('approve', Response.json({ detail: 'Nothing waits.' }, { status: 404 }));
    await calls.decide(run, 'once');
    expect([run.approval?.open, run.approval?.over, run.approval?.error]).toEqual([
      false,
      true,
      'Nothing waits.'
    ]);
  });
});
