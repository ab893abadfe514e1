/** What the user may ask of the server about one call of the thread that is shown. */

import type { IClient } from '../api/client';
import type { Decision } from '../api/review';
import type { Rating } from './rating';
import type { IAsking } from './approval';
import type { CodeRun } from './run';

/** Answers, undoes and fetches; how it went is told by the part that it is about. */
export class Calls {
  constructor(
    private readonly _client: IClient,
    private readonly _thread: () => string | null
  ) {}

  /** Answer what the run waits for. */
  async decide(run: IAsking, decision: Decision, reason = ''): Promise<void> {
    const { approval } = run;
    const thread = this._thread();
    if (approval && thread) {
      await approval.decide(decision, () =>
        this._client.approve(thread, approval.id, decision, reason.trim())
      );
    }
  }

  /** Undo what the run changed. */
  async undo(run: CodeRun): Promise<void> {
    const thread = this._thread();
    if (run.changes && thread) {
      await run.changes.undo(() => this._client.undo(thread, run.id));
    }
  }

  /** Give an opinion of an answer or of code, or take it back. */
  async rate(rating: Rating, opinion: 'up' | 'down'): Promise<void> {
    const thread = this._thread();
    if (thread) {
      await rating.give(opinion, feedback => this._client.rate(thread, rating.place, feedback));
    }
  }

  /** Fetch what the run printed beyond what is shown. */
  async showAll(run: CodeRun): Promise<void> {
    const thread = this._thread();
    if (run.rest && thread) {
      await run.rest.load(from => this._client.output(thread, run.id, from));
    }
  }
}
