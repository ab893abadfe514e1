/** Newline-delimited JSON out of a byte stream that may be cut anywhere. */

import { toVariant, type Variant } from './variants';

/** Joins bytes to whole lines; what has no newline yet is kept back. */
export class LineSplitter {
  /** Return the lines that these bytes complete. */
  push(bytes: Uint8Array): string[] {
    const text = this._decoder.decode(bytes, { stream: true });
    const end = text.lastIndexOf('\n');
    if (end < 0) {
      this._rest.push(text);
      return [];
    }
    const whole = this._rest.join('') + text.slice(0, end);
    this._rest = [text.slice(end + 1)];
    return whole.split('\n').filter(line => line.trim() !== '');
  }

  private _decoder = new TextDecoder();
  private _rest: string[] = [];
}

/** Thrown when nothing, not even a heartbeat, came for too long. */
export class Silence extends Error {}

/**
 * Yield the variants of a stream, one a line.
 *
 * A last line without its newline is dropped: whoever follows the turn gets it again, whole.
 */
export async function* readVariants(
  stream: ReadableStream<Uint8Array>,
  patience: number
): AsyncGenerator<Variant> {
  for await (const line of readLines(stream, patience)) {
    yield parse(line);
  }
}

/** Yield the whole lines of a stream; throws Silence when nothing comes for so many milliseconds. */
export async function* readLines(
  stream: ReadableStream<Uint8Array>,
  patience: number
): AsyncGenerator<string> {
  const reader = stream.getReader();
  const splitter = new LineSplitter();
  try {
    for (;;) {
      const { done, value } = await within(reader.read(), patience);
      if (done) {
        return;
      }
      yield* splitter.push(value);
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function parse(line: string): Variant {
  try {
    return toVariant(JSON.parse(line));
  } catch {
    return toVariant(null);
  }
}

function within<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = window.setTimeout(
      () => reject(new Silence('The server has gone silent.')),
      milliseconds
    );
    promise.then(resolve, reject).finally(() => window.clearTimeout(timer));
  });
}
