/** The parts of a conversation as they are shown, each telling when it changes; a run of code has a module of its own. */

import type { IApprovalHint } from '../api/review';
import type { IUsage } from '../api/variants';
import { Approval, decidedOf, type IDecided } from './approval';
import { Base } from './base';
import type { ISentChip } from './chips';
import { AGENT_MODEL, RERUN_MODEL } from './errand';
import type { Rating } from './rating';
import type { CodeRun } from './run';

/** What the user asked. */
export class Question extends Base {
  readonly kind = 'question';

  constructor(
    readonly text: string,
    readonly model = '',
    /** What was sent along with it; once the server has looked, with what it found. */
    public chips: readonly ISentChip[] = []
  ) {
    super();
  }

  /** The server tells what it found under the names. */
  attach(chips: readonly ISentChip[]): void {
    this.chips = chips;
    this.tell();
  }

  /** Whether it stands for the chat's own code, run again. */
  get rerun(): boolean {
    return this.model === RERUN_MODEL;
  }

  /** Whether the user wrote it. */
  get typed(): boolean {
    return !this.rerun && this.model !== AGENT_MODEL;
  }
}

/** Text of the model's. */
export class Answer extends Base {
  readonly kind = 'answer';
  text = '';
  finished = false;
  /** What the user thinks of it; none while the server does not know the item. */
  rating: Rating | null = null;

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

/** A call of another tool, what the user is asked about it, and what it returned. */
export class ToolUse extends Base {
  readonly kind = 'tool';
  input = '';
  /** How far it is, in words of the one who does it. */
  progress = '';
  output: string | null = null;
  /** What came with the output for cards that show more than text. */
  data: Record<string, unknown> = {};
  approval: Approval | null = null;
  decided: IDecided | null = null;
  /** The turn is over: what has not come will not come. */
  closed = false;
  /** The passage that was asked for last; another object each time. */
  opened: { readonly number: number } | null = null;

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

  /** It goes on. */
  move(progress: string): void {
    this.progress = progress;
    this.tell();
  }

  /** Show one of its passages. */
  open(number: number): void {
    this.opened = { number };
    this.tell();
  }

  /** Wait for the user's decision. */
  ask(hint: IApprovalHint): void {
    this.approval = new Approval(hint);
    this.tell();
  }

  /** The user, here or elsewhere, has decided. */
  decide(hint: IApprovalHint): void {
    this.approval = null;
    this.decided = decidedOf(hint);
    this.tell();
  }

  answer(text: string, data?: Record<string, unknown>): void {
    this.approval = null;
    this.output = (this.output ?? '') + text;
    this.data = data ?? this.data;
    this.tell();
  }

  close(): void {
    if (!this.closed) {
      this.approval = null;
      this.closed = true;
      this.tell();
    }
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

  constructor(
    readonly usage: IUsage,
    readonly model = ''
  ) {
    super();
  }
}

export type Entry = Question | Answer | CodeRun | ToolUse | Problem | Notice | Usage;
