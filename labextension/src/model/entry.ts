/** The parts of a conversation as they are shown, each telling when it changes; a run of code has a module of its own. */

import type { IUsage } from '../api/variants';
import { Base } from './base';
import { RERUN_MODEL } from './errand';
import type { CodeRun } from './run';

/** What the user asked. */
export class Question extends Base {
  readonly kind = 'question';

  constructor(
    readonly text: string,
    readonly model = ''
  ) {
    super();
  }

  /** Whether the user wrote it. */
  get typed(): boolean {
    return this.model !== RERUN_MODEL;
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
