/** Code of the model's, its run and what came of it. */

import type { IApprovalHint, IChangesHint } from '../api/review';
import type { IDisplay, RunState } from '../api/variants';
import { Approval, decidedOf, type IDecided } from './approval';
import { Base } from './base';
import { Changes } from './changes';
import { CodeDecoder } from './code';
import type { Rating } from './rating';
import { restOf, type Rest } from './rest';

/** Where a run stands for the user: the states of the wire, and those before and instead of a run. */
export type CardState =
  | 'writing'
  | 'written'
  | 'approval'
  | 'denied'
  | Exclude<RunState, 'held'>;

const ON_THE_WAY: readonly CardState[] = ['starting', 'waiting', 'running'];

/** One call; it may wait for the user's word before it runs. */
export class CodeRun extends Base {
  readonly kind = 'run';
  state: CardState = 'writing';
  /** What it waits for: the user's cell, or, with `assistant`, another run of ours. */
  behind = '';
  kernelId = '';
  /** Output while it runs. */
  live = '';
  /** Output once it ended. */
  outputs: IDisplay[] | null = null;
  /** When the run began, in milliseconds, if that was seen. */
  startedAt: number | null = null;
  seconds: number | null = null;
  /** What the user is asked before it runs. */
  approval: Approval | null = null;
  /** What was decided about it. */
  decided: IDecided | null = null;
  changes: Changes | null = null;
  /** What was printed beyond the outputs. */
  rest: Rest | null = null;
  /** What the user thinks of the code; none while the server does not know the item. */
  rating: Rating | null = null;
  /** The server told that it ran to its end. */
  went = false;

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
  move(told: RunState, kernelId: string, now: number, seen = true): void {
    this.written();
    const state = told === 'held' ? 'waiting' : told;
    this.went ||= state === 'done';
    this.kernelId = kernelId || this.kernelId;
    if (state === 'running') {
      this.startedAt ??= seen ? now : null;
    } else if (!ON_THE_WAY.includes(state)) {
      this._stopClock(now);
    }
    const prepares = told === 'held' || told === 'starting';
    const notRun = this.state === 'denied' && !ON_THE_WAY.includes(state);
    if (!(this.approval && prepares) && !notRun) {
      this.approval = null;
      this.state = state;
    }
    this.tell();
  }

  /** Wait for the user's decision. */
  ask(hint: IApprovalHint): void {
    this.written();
    this.approval = new Approval(hint);
    this.state = 'approval';
    this.tell();
  }

  /** The user, here or elsewhere, has decided. */
  decide(hint: IApprovalHint): void {
    this.written();
    this.approval = null;
    this.decided = decidedOf(hint);
    if (this.decided?.decision === 'deny') {
      this.state = 'denied';
    } else if (this.state === 'approval') {
      this.state = 'written';
    }
    this.tell();
  }

  /** Take over what the run changed, or that this was undone. */
  change(hint: IChangesHint): void {
    if (!hint.undone) {
      this.changes = new Changes(hint);
    } else {
      this.changes ??= new Changes({ id: this.id });
      this.changes.undone(hint.undone);
    }
    this.tell();
  }

  print(text: string): void {
    this.live += text;
    this.tell();
  }

  output(content: string, display: IDisplay[] | undefined, now: number): void {
    this.written();
    this._stopClock(now);
    this._unask();
    const text: IDisplay = { output_type: 'stream', name: 'stdout', text: content };
    const found = display ?? (content ? [text] : []);
    this.outputs = [...(this.outputs ?? []), ...found];
    this.rest = restOf(this.outputs);
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
    this._unask();
    if (this.state === 'written' || ON_THE_WAY.includes(this.state)) {
      this.state = this.outputs && !stopped ? 'done' : 'stopped';
      this.startedAt = null;
      this.tell();
    }
  }

  /** Whatever comes now, nobody waits for a decision any more. */
  private _unask(): void {
    this.approval = null;
    if (this.state === 'approval') {
      this.state = 'written';
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

function pointerOf(output: IDisplay): string | undefined {
  const own = output.metadata?.frevagpt as { image?: string } | undefined;
  return own?.image;
}
