import { describe, expect, it } from 'vitest';

import { toVariant, type Variant } from '../../api/variants';
import type { Entry } from '../../model/entry';
import type { CodeRun } from '../../model/run';
import { Transcript } from '../../model/transcript';
import { itemsOf, linesOf, TURNS } from '../golden';

function built(lines: Variant[], now = () => 0): Transcript {
  const transcript = new Transcript(now);
  lines.forEach(line => transcript.add(line));
  return transcript;
}

/** What is shown of an entry. */
function shown(entry: Entry): unknown {
  switch (entry.kind) {
    case 'run':
      return [entry.kind, entry.id, entry.state, entry.code, entry.live, entry.outputs];
    case 'tool':
      return [entry.kind, entry.id, entry.name, entry.input, entry.output];
    case 'usage':
      return [entry.kind, entry.usage];
    default:
      return [entry.kind, entry.text];
  }
}

describe('Transcript', () => {
  it.each(TURNS)('shows %s the same, streamed or stored', turn => {
    const streamed = built(linesOf(turn)).entries.map(shown);
    expect(streamed).toEqual(built(itemsOf(turn).map(toVariant)).entries.map(shown));
    expect(streamed).toMatchSnapshot();
  });

  it('shows live output until the run has its own', () => {
    const lines = linesOf('code');
    const transcript = new Transcript();
    const end = lines.findIndex(line => line.variant === 'CodeOutput');
    lines.slice(0, end).forEach(line => transcript.add(line));
    const run = transcript.entries.find(entry => entry.kind === 'run') as CodeRun;
    expect([run.state, run.live, run.outputs]).toEqual(['running', '1.0 \n\n2.0 \n\n', null]);
    transcript.add(lines[end]);
    expect([run.live, run.outputs?.length]).toEqual(['', 1]);
  });

  it.each([
    ['approval', 'done', { decision: 'once', reason: '' }, ['trend', 'ds', 'model']],
    ['denied', 'denied', { decision: 'deny', reason: 'use a copy' }, undefined]
  ])('shows of %s what was decided and what changed', (turn, state, decided, names) => {
    for (const lines of [linesOf(turn), itemsOf(turn).map(toVariant)]) {
      const runs = built(lines).entries.filter(entry => entry.kind === 'run');
      expect(runs.map(run => [run.state, run.approval, run.decided, run.changes?.names])).toEqual([
        [state, null, decided, names]
      ]);
    }
  });

  it('puts figures where the outputs point to them', () => {
    const run = built(linesOf('figures')).entries[0] as CodeRun;
    expect(run.outputs?.map(output => Object.keys(output.data ?? {}))).toEqual([
      [],
      ['text/plain', 'image/png'],
      ['text/plain', 'image/png']
    ]);
  });

  it('adds a figure of an older thread behind its text', () => {
    const run = built([
      { variant: 'Code', content: '{"code":"plot()"}', id: 'c' },
      { variant: 'CodeOutput', content: 'text', id: 'c' },
      { variant: 'Image', content: 'iVBOR', id: 'c_0' }
    ]).entries[0] as CodeRun;
    expect(run.outputs?.map(output => output.output_type)).toEqual(['stream', 'display_data']);
  });

  it('does not guess how long a run took that it did not see begin', () => {
    let now = 5000;
    const transcript = new Transcript(() => now);
    transcript.catchUp();
    linesOf('code').forEach(line => {
      now += 50;
      transcript.add(line);
    });
    const run = transcript.entries.find(entry => entry.kind === 'run') as CodeRun;
    expect([run.seconds, run.startedAt]).toEqual([null, null]);
  });

  it('measures how long a run took', () => {
    let now = 0;
    const transcript = new Transcript(() => (now += 1000));
    linesOf('code').forEach(line => transcript.add(line));
    const run = transcript.entries.find(entry => entry.kind === 'run') as CodeRun;
    expect(run.seconds).toBe(1);
    expect(run.startedAt).toBeNull();
  });

  it('shows a run that is held back as one that waits', () => {
    const lines = linesOf('code').slice(0, 9);
    const held: Variant = { variant: 'ServerHint', content: { run: { id: 'call_1', state: 'held' } } };
    const run = built([...lines, held]).entries.find(entry => entry.kind === 'run') as CodeRun;
    expect(run.state).toBe('waiting');
  });

  it('tells a run that was stopped from one that ended', () => {
    const open = linesOf('code').slice(0, 8);
    const stopped = built([...open, { variant: 'StreamEnd', content: 'Stopped.' }]);
    expect(stopped.entries.map(entry => entry.kind === 'run' && entry.state)).toContain('stopped');
  });

  it('gives each turn its own calls, even with the same id', () => {
    const turn: Variant[] = [
      { variant: 'User', content: 'q', model: 'm' },
      { variant: 'Code', content: '{"code":"1"}', id: 'call_1' },
      { variant: 'CodeOutput', content: '1', id: 'call_1' }
    ];
    const kinds = built([...turn, ...turn]).entries.map(entry => entry.kind);
    expect(kinds).toEqual(['question', 'run', 'question', 'run']);
  });
});
