import { beforeEach, describe, expect, it } from 'vitest';

import type { IHint, Variant } from '../../api/variants';
import { Asked } from '../../model/asked';
import type { Conversation } from '../../model/conversation';
import { END, opening, text } from '../hints';
import type { FakeServer } from '../server';
import { Talk } from '../talk';

function code(content: string): Variant[] {
  return [
    { variant: 'Code', id: 'c', content: JSON.stringify({ code: content }) },
    { variant: 'CodeOutput', id: 'c', content: '' }
  ];
}

describe('Asked', () => {
  let server: FakeServer;
  let talk: Conversation;

  beforeEach(() => {
    ({ server, talk } = new Talk());
  });

  function over(asked: Asked): Promise<void> {
    return new Promise(resolve => {
      asked.changed.connect(() => (asked.progress === 'over' || asked.progress === 'gone') && resolve());
    });
  }

  it('follows an answer to its end', async () => {
    server.will('streamresponse', { lines: [opening(), text('It is '), text('warm ![x](y).'), ...code('a = 1'), text('Done.'), END] });
    const asked = new Asked(talk, 'how warm?');
    const seen: string[] = [];
    asked.changed.connect(() => seen.push(asked.progress));
    await over(asked);
    expect(seen.at(-1)).toBe('over');
    expect(asked.markdown).toBe('It is warm !\u200b[x](y).\n\nDone.');
    expect(asked.code).toBe('a = 1');
    expect(asked.isDisposed).toBe(true);
    expect(talk.transcript.questions).toBe(1);
  });

  it('takes the last block of code in the answer before what was run', async () => {
    const blocks = 'so:\n```python\nx = 1\n```\nor\n````py\ny = """\n```\n"""\n````\nand\n```bash\nls\n```';
    server.will('streamresponse', { lines: [opening(), ...code('a = 1'), text(blocks), END] });
    const asked = new Asked(talk, 'write it');
    await over(asked);
    expect(asked.code).toBe('y = """\n```\n"""');
  });

  it('waits in the queue, and is told from the same question before', async () => {
    let end = (): void => undefined;
    const gate = new Promise<void>(resolve => (end = resolve));
    server.will('streamresponse', { lines: [opening(), text('first')], then: gate, rest: [END] });
    server.will('streamresponse', { lines: [opening(), text('second'), END] });
    const before = talk.send('again?');
    await expect.poll(() => talk.status).toBe('answering');
    const asked = new Asked(talk, 'again?');
    expect(asked.progress).toBe('queued');
    expect(talk.queue.map(one => one.text)).toEqual(['again?']);
    const done = over(asked);
    end();
    await Promise.all([before, done]);
    expect(asked.markdown).toBe('second');
  });

  it('tells when it was taken back, and when code waits', async () => {
    let end = (): void => undefined;
    const gate = new Promise<void>(resolve => (end = resolve));
    const approval = { id: 'a', call: 'c', code: 'x', reasons: [], standing: false, risk: '' };
    const waits = { variant: 'ServerHint', content: { approval } as unknown as IHint } as Variant;
    server.will('streamresponse', { lines: [opening(), ...code('x').slice(0, 1), waits], then: gate, rest: [END] });
    const first = new Asked(talk, 'first');
    await expect.poll(() => first.progress).toBe('asking for leave');
    const second = new Asked(talk, 'second');
    talk.unqueue(0);
    await expect.poll(() => second.progress).toBe('gone');
    end();
    await expect.poll(() => first.progress).toBe('over');
  });

  it('is gone with the chat', async () => {
    server.will('streamresponse', { lines: [opening(), text('far')], then: new Promise(() => undefined) });
    const asked = new Asked(talk, 'how far?');
    await expect.poll(() => asked.markdown).toBe('far');
    talk.newChat();
    await expect.poll(() => asked.progress).toBe('gone');
    expect(asked.markdown).toBe('far');
  });
});
