import { describe, expect, it } from 'vitest';

import { LineSplitter, readVariants, Silence } from '../../api/ndjson';
import type { Variant } from '../../api/variants';
import { bytesOf, linesOf, TURNS } from '../golden';

function streamOf(...chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      chunks.forEach(chunk => controller.enqueue(chunk));
      controller.close();
    }
  });
}

async function all(stream: ReadableStream<Uint8Array>, patience = 1000): Promise<Variant[]> {
  const found: Variant[] = [];
  for await (const variant of readVariants(stream, patience)) {
    found.push(variant);
  }
  return found;
}

describe('readVariants', () => {
  it.each(TURNS)('reads %s whole, whatever byte it is cut at', async turn => {
    const bytes = bytesOf(turn);
    for (let at = 0; at <= bytes.length; at++) {
      const found = await all(streamOf(bytes.slice(0, at), bytes.slice(at)));
      expect(found).toEqual(linesOf(turn));
    }
  });

  it('reads a character of several bytes that comes byte by byte', async () => {
    const bytes = new TextEncoder().encode('{"variant":"Assistant","content":"14 °C 🌡"}\n');
    const found = await all(streamOf(...Array.from(bytes, byte => new Uint8Array([byte]))));
    expect(found).toEqual([{ variant: 'Assistant', content: '14 °C 🌡' }]);
  });

  it('drops a last line that has no newline', async () => {
    const text = '{"variant":"Assistant","content":"a"}\n{"variant":"Assistant","con';
    expect(await all(streamOf(new TextEncoder().encode(text)))).toHaveLength(1);
  });

  it('counts a line that it cannot read', async () => {
    const text = 'nonsense\n{"variant":"Unknown","content":1}\n{"variant":"Assistant","content":{}}\n';
    const nothing = { variant: 'ServerHint', content: {} };
    expect(await all(streamOf(new TextEncoder().encode(text)))).toEqual([nothing, nothing, nothing]);
  });

  it('gives up a connection that has gone silent', async () => {
    const never = new ReadableStream<Uint8Array>();
    await expect(all(never, 10)).rejects.toBeInstanceOf(Silence);
  });
});

describe('LineSplitter', () => {
  it('keeps a line back until its newline came', () => {
    const splitter = new LineSplitter();
    const push = (text: string): string[] => splitter.push(new TextEncoder().encode(text));
    expect(push('a')).toEqual([]);
    expect(push('b\nc')).toEqual(['ab']);
    expect(push('\n\n')).toEqual(['c']);
  });
});
