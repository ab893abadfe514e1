import { describe, expect, it } from 'vitest';

import type { Variant } from '../../api/variants';
import { Calls } from '../../model/calls';
import { fold } from '../../model/fold';
import { Rating } from '../../model/rating';
import { Transcript } from '../../model/transcript';
import { linesOf, TURNS } from '../golden';
import { END, output, state, THREAD } from '../hints';
import { FakeServer } from '../server';

const user = (content: string): Variant => ({ variant: 'User', content });
const text = (content: string, feedback?: string): Variant => ({ variant: 'Assistant', content, feedback });

/** The numbers that the entries carry, each with the beginning of what it is. */
function places(transcript: Transcript): [number, string][] {
  return transcript.entries.flatMap(entry =>
    (entry.kind === 'answer' || entry.kind === 'run') && entry.rating
      ? [[entry.rating.place, entry.kind === 'run' ? entry.id : entry.text] as [number, string]]
      : []
  );
}

describe('the numbers of answers and code', () => {
  it.each(TURNS)('are those of the stored items in %s, streamed or read', turn => {
    const lines = linesOf(turn);
    const items = fold(lines);
    const rated = items.filter(one => one.variant === 'Assistant' || one.variant === 'Code');
    const streamed = new Transcript();
    lines.forEach(line => streamed.add(line));
    expect(places(streamed).map(([place]) => place)).toEqual(rated.map((_, at) => at));
    expect(places(Transcript.of(items))).toEqual(places(streamed));
    for (const [place, what] of places(streamed)) {
      const item = rated[place];
      expect(item.variant === 'Code' ? item.id : item.content).toBe(what);
    }
  });

  it('go on over turns, whatever ended them', () => {
    const transcript = Transcript.of([user('q'), text('a'), text('b', 'up'), END, user('r'), text('c')]);
    transcript.ask('s', '');
    transcript.add(text('d'));
    transcript.add(text('e'));
    expect(places(transcript)).toEqual([
      [0, 'ab'],
      [2, 'c'],
      [3, 'de']
    ]);
  });

  it('are counted across hints that are not kept', () => {
    const transcript = new Transcript();
    const lines: Variant[] = [
      text('a'),
      { variant: 'Code', content: '{"code":"', id: 'c' },
      { variant: 'Code', content: '1"}', id: 'c' },
      state('running'),
      { variant: 'ServerHint', content: { output: { id: 'c', text: '1' } } },
      output('1'),
      state('done'),
      text('b')
    ];
    lines.forEach(line => transcript.add(line));
    expect(places(transcript)).toEqual([
      [0, 'a'],
      [1, 'c'],
      [2, 'b']
    ]);
  });
});

describe('Rating', () => {
  it('is shown at once, taken back by a second click, and as it was when the server refuses', async () => {
    const server = new FakeServer();
    const calls = new Calls(server.client, () => THREAD);
    const rating = new Rating(4, 'nonsense');
    expect(rating.opinion).toBeNull();
    server.will('userfeedback', Response.json({}));
    const given = calls.rate(rating, 'up');
    expect(rating.opinion).toBe('up');
    await given;
    server.will('userfeedback', Response.json({}));
    await calls.rate(rating, 'up');
    expect(rating.opinion).toBeNull();
    server.will('userfeedback', Response.json({ detail: 'Feedback not found.' }, { status: 404 }));
    await calls.rate(rating, 'down');
    expect([rating.opinion, rating.error]).toEqual([null, 'Feedback not found.']);
    expect(server.bodies('userfeedback')).toEqual(
      ['up', 'remove', 'down'].map(feedback => ({ thread_id: THREAD, feedback_index: 4, feedback }))
    );
  });
});
