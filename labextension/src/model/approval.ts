/** Code that waits for the user's decision, and the decision on its way. */

import type { Decision, IApprovalHint } from '../api/review';
import { Base } from './base';
import { isUnknown, messageOf } from './failure';
import { numberOf, objectsOf, textOf } from './reader';

/** Characters that are not seen, or that change the order in which the others are. */
const UNSEEN = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/u;

/** Why it waits: the kind in one word, the reason in a sentence. */
export interface IWhy {
  kind: string;
  text: string;
  line: number | null;
  /** False for what is told beside. */
  asks: boolean;
}

/** What was decided, as the thread keeps it. */
export interface IDecided {
  decision: Decision;
  reason: string;
}

/** A call that may wait for a decision. */
export interface IAsking {
  readonly id: string;
  readonly approval: Approval | null;
}

/** A question that the server asks about one call. */
export class Approval extends Base {
  /** The decision that was sent and not yet confirmed. */
  sent: Decision | null = null;
  /** Why it could not be sent. */
  error = '';
  /** The server does not wait for it any more. */
  over = false;

  constructor(hint: IApprovalHint) {
    super();
    this.id = textOf(hint.id);
    this.code = textOf(hint.code);
    this.standing = hint.standing === true;
    this.source = textOf(hint.source);
    this.reasons = objectsOf(hint.reasons)
      .map(({ kind, text, line, asks }) => ({
        kind: textOf(kind),
        text: textOf(text),
        line: numberOf(line) || null,
        asks: asks !== false
      }))
      .filter(reason => reason.text)
      .sort((one, other) => Number(other.asks) - Number(one.asks));
  }

  /** It can still be decided here. */
  get open(): boolean {
    return this.sent === null && !this.over;
  }

  /** The code holds characters that nobody sees. */
  get unseen(): boolean {
    return UNSEEN.test(this.code);
  }

  /** Send a decision; it counts once the server has written it into the turn. */
  async decide(decision: Decision, send: () => Promise<void>): Promise<void> {
    if (!this.open) {
      return;
    }
    this.sent = decision;
    this.error = '';
    this.tell();
    try {
      await send();
    } catch (error) {
      this.sent = null;
      this.over = isUnknown(error);
      this.error = messageOf(error);
      this.tell();
    }
  }

  readonly id: string;
  readonly code: string;
  readonly standing: boolean;
  readonly source: string;
  readonly reasons: readonly IWhy[];
}

/** What a hint says was decided. */
export function decidedOf(hint: IApprovalHint): IDecided | null {
  const { decision } = hint;
  return decision === 'once' || decision === 'thread' || decision === 'deny'
    ? { decision, reason: textOf(hint.reason).trim() }
    : null;
}
