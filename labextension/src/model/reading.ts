/** One turn as this window reads it: the lines so far, and how to go on after a lost connection. */

import { Refused, type IClient } from '../api/client';
import type { IHint, Variant } from '../api/variants';
import { isHeartbeat, isOpening } from './fold';

const FIRST_DELAY = 500;
const LONGEST_DELAY = 10_000;

/** How the reading of a turn ended: with its StreamEnd, or with a turn that is no longer to be followed. */
export type Ending = { reason: string } | 'gone';

/** What a reading tells while it goes on. */
export interface IListener {
  opened(hint: IHint): void;
  line(line: Variant): void;
  lost(): void;
}

/** Reads one turn to its end, however often the connection breaks. */
export class Reading {
  constructor(
    private readonly _client: IClient,
    private readonly _listener: IListener,
    private readonly _signal: AbortSignal,
    private readonly _wait: (milliseconds: number, signal: AbortSignal) => Promise<void> = pause
  ) {}

  /** Whether the server has begun to answer. */
  get opened(): boolean {
    return this._opened;
  }

  /**
   * Read from a stream, then from `follow` until the turn has ended. Rejects when the server refuses.
   *
   * Without a question it picks up whatever runs.
   */
  async run(threadId: string, question: string, first: AsyncGenerator<Variant>): Promise<Ending> {
    this._question = question;
    let end = await this._attempt(first, true);
    let delay = FIRST_DELAY;
    while (!end) {
      this._listener.lost();
      await this._wait(delay, this._signal);
      this._signal.throwIfAborted();
      delay = Math.min(2 * delay, LONGEST_DELAY);
      const before = this._lines;
      end = await this._attempt(
        this._client.follow(threadId, this._lines, this._signal),
        false
      );
      if (this._lines > before) {
        delay = FIRST_DELAY;
      }
    }
    return end;
  }

  /** Read one connection to its end; null when it was lost before the turn's. */
  private async _attempt(
    stream: AsyncGenerator<Variant>,
    first: boolean
  ): Promise<Ending | null> {
    let gone = false;
    const before = this._lines;
    try {
      for await (const line of stream) {
        this._signal.throwIfAborted();
        if (line.variant === 'ServerHint' && isOpening(line)) {
          const hint = line.content;
          if (!first && isOther(hint, this._question)) {
            return 'gone';
          }
          gone = !hint.running;
          this._opened = true;
          this._listener.opened(hint);
          if (gone && !this._question) {
            return 'gone'; // nothing to pick up; its lines would be those of a turn that is stored
          }
          this._question ||= hint.question ?? '';
        } else if (!isHeartbeat(line)) {
          if (line.variant === 'StreamEnd' && gone && !(this._lines > before)) {
            return 'gone';
          }
          this._lines++;
          this._listener.line(line);
          if (line.variant === 'StreamEnd') {
            return { reason: line.content };
          }
        }
      }
    } catch (error) {
      this._signal.throwIfAborted();
      if (first && !this._opened) {
        throw error;
      }
      if (error instanceof Refused && error.status < 500 && error.status !== 429) {
        throw error;
      }
    }
    this._signal.throwIfAborted();
    return null;
  }

  private _question = '';
  private _lines = 0;
  private _opened = false;
}

/** Whether the turn that runs now is another than the one that was asked. */
function isOther(hint: IHint, question: string): boolean {
  return !!hint.question && !!question && hint.question.trim() !== question.trim();
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = window.setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      window.clearTimeout(timer);
      resolve();
    });
  });
}
