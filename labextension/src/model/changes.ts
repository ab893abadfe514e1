/** What a run changed in the kernel and among the files, and what became of undoing it. */

import type { IChangesHint, IUndone } from '../api/review';
import { Base } from './base';
import { isUnknown, messageOf } from './failure';
import { namedOf, numberOf, objectsOf, textOf, textsOf, type Named } from './reader';

/** A file that was touched. */
export interface ITouched {
  path: string;
  type: string;
  change: string;
  size: number | null;
  /** Whether it lies under the server's root and is still there. */
  reachable: boolean;
}

/** What an undo did, in full. */
export interface IReport {
  restored: string[];
  lost: readonly Named[];
  doubtful: readonly Named[];
}

/** The names and files of one run. */
export class Changes extends Base {
  /** The server may be able to restore something. */
  undoable: boolean;
  undoing = false;
  /** What the undo did, once it was done. */
  report: IReport | null = null;
  /** There was nothing to undo any more. */
  nothing = false;
  error = '';

  constructor(hint: IChangesHint) {
    super();
    this.undoable = hint.undo === true;
    this.created = textsOf(hint.created);
    this.rebound = textsOf(hint.rebound);
    this.changedInPlace = textsOf(hint.changed).filter(name => !this.rebound.includes(name));
    this.deleted = textsOf(hint.deleted);
    this.unknown = namedOf(hint.unknown);
    this.files = objectsOf(hint.files)
      .map(file => touchedOf(file))
      .filter(file => file.path);
    this.partial = hint.complete === false;
  }

  /** Nothing changed that anybody could tell. */
  get empty(): boolean {
    return !this.names.length && !this.files.length;
  }

  /** All names that are shown. */
  get names(): readonly string[] {
    const { created, rebound, changedInPlace, deleted, unknown } = this;
    return [...created, ...rebound, ...changedInPlace, ...deleted, ...unknown.map(([name]) => name)];
  }

  /** Undo; `send` asks the server. */
  async undo(send: () => Promise<IUndone>): Promise<void> {
    if (!this.undoable || this.undoing) {
      return;
    }
    this.undoing = true;
    this.error = '';
    this.tell();
    try {
      this.undone(await send());
    } catch (error) {
      if (isUnknown(error)) {
        this.undoable = false;
        this.nothing = !this.report;
      } else {
        this.error = messageOf(error);
      }
    }
    this.undoing = false;
    this.tell();
  }

  /** Take over what an undo did, here or in another window. */
  undone(report: IUndone): void {
    this.undoable = false;
    this.nothing = false;
    this.error = '';
    this.report = {
      restored: textsOf(report.restored),
      lost: namedOf(report.not_restored),
      doubtful: namedOf(report.cannot_vouch)
    };
    this.tell();
  }

  readonly created: readonly string[];
  readonly rebound: readonly string[];
  /** Changed without being assigned anew, and not among `rebound`. */
  readonly changedInPlace: readonly string[];
  readonly deleted: readonly string[];
  /** Whether these changed cannot be told. */
  readonly unknown: readonly Named[];
  readonly files: readonly ITouched[];
  /** Other files may have been touched too. */
  readonly partial: boolean;
}

function touchedOf(file: Record<string, unknown>): ITouched {
  const path = textOf(file.path);
  const change = textOf(file.change);
  return {
    path,
    type: textOf(file.type),
    change,
    size: numberOf(file.size),
    reachable: change !== 'deleted' && isRelative(path)
  };
}

/** Whether a path leads to a place under the server's root: it begins nowhere else and never goes up. */
function isRelative(path: string): boolean {
  return !/^(?:[/\\~]|[a-z][\w+.-]*:)/i.test(path) && !path.split(/[/\\]/).includes('..');
}
