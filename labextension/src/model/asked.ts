/** A question that is asked from elsewhere than the panel's box, and what the panel's chat answers to it. */

import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type { Conversation } from './conversation';
import type { Entry } from './entry';
import { inert } from './inert';

const FENCE = /^(`{3,})[^\S\n]*(?:python|py|ipython)?[^\S\n]*\n([^]*?)^\1[^\S\n]*$/gim;

/** How far a question is. */
export type Progress = 'queued' | 'answering' | 'asking for leave' | 'over' | 'gone';

/** Follows one question through the queue and its turn; `gone` where it was taken back or another chat is shown. */
export class Asked implements IDisposable {
  constructor(
    private readonly _conversation: Conversation,
    private readonly _question: string
  ) {
    this._before = new Set(_conversation.transcript.entries);
    this._timer = setInterval(() => this._look(true), 250);
    _conversation.changed.connect(this._tick);
    void _conversation.send(_question).then(this._tick);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get progress(): Progress {
    return this._progress;
  }

  /** What was answered so far, as Markdown that loads nothing. */
  get markdown(): string {
    return this._markdown;
  }

  /** The last code of the answer: a block in it, else what was run; empty where there is none. */
  get code(): string {
    const turn = this._turn() ?? [];
    const text = turn.map(entry => (entry.kind === 'answer' ? entry.text : '')).join('\n\n');
    const runs = turn.flatMap(entry => (entry.kind === 'run' ? [entry.code] : []));
    return ([...text.matchAll(FENCE)].pop()?.[2] ?? runs.pop() ?? '').trimEnd();
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    if (!this._disposed) {
      this._disposed = true;
      clearInterval(this._timer);
      this._conversation.changed.disconnect(this._tick);
      Signal.clearData(this);
    }
  }

  private readonly _tick = (): void => this._look(false);

  /** Between the queue and the chat a question stands nowhere for a moment: `settled` tells that it is none. */
  private _look(settled: boolean): void {
    const turn = this._turn();
    const progress = this._progressOf(turn);
    if (this._disposed || (progress === 'gone' && !settled)) {
      return;
    }
    const markdown = turn ? markdownOf(turn) : this._markdown;
    if (progress === this._progress && markdown === this._markdown) {
      return;
    }
    this._progress = progress;
    this._markdown = markdown;
    this._changed.emit();
    if (progress === 'over' || progress === 'gone') {
      this.dispose();
    }
  }

  private _progressOf(turn: readonly Entry[] | null): Progress {
    const conversation = this._conversation;
    if (!turn) {
      const waits = conversation.queue.some(draft => draft.text === this._question);
      return waits || conversation.status === 'loading' ? 'queued' : 'gone';
    }
    const { entries } = conversation.transcript;
    const last = entries[entries.length - 1] === turn[turn.length - 1];
    if (!last || !conversation.busy) {
      return 'over';
    }
    return conversation.transcript.pending ? 'asking for leave' : 'answering';
  }

  /** The question and what came to it; null where it does not stand in the chat. */
  private _turn(): readonly Entry[] | null {
    const { entries } = this._conversation.transcript;
    const at = entries.reduce((last, entry, place) => (this._isIt(entry) ? place : last), -1);
    if (at < 0) {
      return null;
    }
    const end = entries.findIndex((entry, place) => place > at && entry.kind === 'question');
    return entries.slice(at, end < 0 ? undefined : end);
  }

  private _isIt(entry: Entry): boolean {
    return entry.kind === 'question' && entry.text === this._question && !this._before.has(entry);
  }

  private readonly _before: ReadonlySet<Entry>;
  private readonly _timer: ReturnType<typeof setInterval>;
  private _progress: Progress = 'queued';
  private _markdown = '';
  private _disposed = false;
  private _changed = new Signal<this, void>(this);
}

function markdownOf(turn: readonly Entry[]): string {
  const texts = turn.flatMap(entry =>
    entry.kind === 'answer' || entry.kind === 'problem' || entry.kind === 'notice' ? [entry.text] : []
  );
  return inert(texts.join('\n\n').trim());
}
