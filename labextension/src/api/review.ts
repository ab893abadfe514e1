/** The shapes of approvals, of what a run changed and of undo, as they go over the wire. */

/** What the user may say to code that waits. */
export type Decision = 'once' | 'thread' | 'deny';

/** Why code is not run unasked. */
export interface IReason {
  kind: string;
  text: string;
  line?: number;
  /** False for what is told beside, and would need no question. */
  asks?: boolean;
}

/** With `code` it asks, with `decision` it tells what was answered. */
export interface IApprovalHint {
  id?: string;
  call: string;
  code?: string;
  standing?: boolean;
  reasons?: IReason[];
  /** The text from outside that entered the turn. */
  source?: string;
  decision?: Decision;
  reason?: string;
}

/** A file that a run touched; its path is relative when it lies under the server's root. */
export interface IFile {
  path: string;
  type?: string;
  size?: number;
  change?: string;
}

/** Names, or names each with the reason why they are here. */
export type Names = string[] | Record<string, string>;

/** What an undo could do. */
export interface IUndone {
  restored: string[];
  not_restored: Names;
  cannot_vouch: Names;
}

/** What a run changed; with `undone` that this was undone. */
export interface IChangesHint {
  id: string;
  undo?: boolean;
  created?: string[];
  rebound?: string[];
  changed?: string[];
  deleted?: string[];
  /** Whether these changed cannot be told. */
  unknown?: Names;
  files?: IFile[];
  /** False when not all files could be looked at. */
  complete?: boolean;
  undone?: IUndone;
}

/** A page of the rest of what a run printed, `total` characters long; `next` is where the next page begins. */
export interface IPage {
  text: string;
  next?: number | null;
  total?: number;
}
