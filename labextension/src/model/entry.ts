/** The parts of a conversation as they are shown, each telling when it changes. */

import { Signal, type ISignal } from '@lumino/signaling';

import type { IDisplay, IUsage, RunState } from '../api/variants';
import { CodeDecoder } from './code';

let serial = 0;

/** What all entries share: a key for lists, and a signal. */
abstract class Base {
  readonly key = `e${serial++}`;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  protected tell(): void {
    this._changed.emit();
  }

  private _changed = new Signal<this, void>(this);
}

/** What the user asked. */
export class Question extends Base {
  readonly kind = 'question';

  constructor(
    readonly text: string,
    readonly model = ''
  ) {
    super();
  }
}

/** Text of the model's. */
export class Answer extends Base {
  readonly kind = 'answer';
  text = '';
  finished = false;

  constructor(readonly model = '') {
    super();
  }

  append(text: string): void {
    this.text += text;
    this.tell();
  }

  finish(): void {
    if (!this.finished) {
      this.finished = true;
      this.tell();
    }
  }
}

/** Where a run stands for the user: the states of the wire, and before them `writing` and `written`. */
export type CardState = 'writing' | 'written' | RunState;

/** Code of the model's, its run and what came of it. */
export class CodeRun extends Base {
  readonly kind = 'run';
  state: CardState = 'writing';
  kernelId = '';
  /** Output while it runs. */
  live = '';
  /** Output once it ended. */
  outputs: IDisplay[] | null = null;
  /** When the run began, in milliseconds, if that was seen. */
  startedAt: number | null = null;
  seconds: number | null = null;

  constructor(readonly id: string) {
    super();
  }

  get code(): string {
    return this._decoder.code;
  }

  write(json: string): void {
    this._decoder.push(json);
    this.tell();
  }

  /** The model has written all of the code. */
  written(): void {
    if (this.state === 'writing') {
      this._decoder.finish();
      this.state = 'written';
      this.tell();
    }
  }

  /** Take over a state; `seen` unless it was reached some unknown time ago. */
  move(state: RunState, kernelId: string, now: number, seen = true): void {
    this.written();
    if (state === 'running') {
      this.startedAt ??= seen ? now : null;
    } else if (state !== 'waiting' && state !== 'starting') {
      this._stopClock(now);
    }
    this.state = state;
    this.kernelId = kernelId || this.kernelId;
    this.tell();
  }

  print(text: string): void {
    this.live += text;
    this.tell();
  }

  output(content: string, display: IDisplay[] | undefined, now: number): void {
    this.written();
    this._stopClock(now);
    const text: IDisplay = { output_type: 'stream', name: 'stdout', text: content };
    const found = display ?? (content ? [text] : []);
    this.outputs = [...(this.outputs ?? []), ...found];
    this.live = '';
    this.tell();
  }

  /** Put a PNG where the outputs point to it, else behind them. */
  picture(id: string, png: string): void {
    const outputs = this.outputs ?? [];
    let placed = false;
    this.outputs = outputs.map(output => {
      if (placed || pointerOf(output) !== id) {
        return output;
      }
      placed = true;
      return { ...output, data: { ...output.data, 'image/png': png } };
    });
    if (!placed) {
      this.outputs.push({ output_type: 'display_data', data: { 'image/png': png }, metadata: {} });
    }
    this.tell();
  }

  /** The turn is over: a run that never told its end has none that could still come. */
  close(stopped: boolean): void {
    this.written();
    const open: CardState[] = ['written', 'starting', 'waiting', 'running'];
    if (open.includes(this.state)) {
      this.state = this.outputs && !stopped ? 'done' : 'stopped';
      this.startedAt = null;
      this.tell();
    }
  }

  private _stopClock(now: number): void {
    if (this.startedAt !== null) {
      this.seconds = (now - this.startedAt) / 1000;
      this.startedAt = null;
    }
  }

  private _decoder = new CodeDecoder();
}

/** A call of another tool, and what it returned. */
export class ToolUse extends Base {
  readonly kind = 'tool';
  input = '';
  output: string | null = null;

  constructor(
    readonly id: string,
    readonly name: string
  ) {
    super();
  }

  write(text: string): void {
    this.input += text;
    this.tell();
  }

  answer(text: string): void {
    this.output = (this.output ?? '') + text;
    this.tell();
  }
}

/** Something went wrong in the server or at the model service. */
export class Problem extends Base {
  readonly kind = 'problem';

  constructor(readonly text: string) {
    super();
  }
}

/** Something the user should know. */
export class Notice extends Base {
  readonly kind = 'notice';

  constructor(readonly text: string) {
    super();
  }
}

/** What a turn cost. */
export class Usage extends Base {
  readonly kind = 'usage';

  constructor(readonly usage: IUsage) {
    super();
  }
}

export type Entry = Question | Answer | CodeRun | ToolUse | Problem | Notice | Usage;

function pointerOf(output: IDisplay): string | undefined {
  const own = output.metadata?.frevagpt as { image?: string } | undefined;
  return own?.image;
}
