/** The numbers by which the server knows the answers and the code of a thread. */

import type { Variant } from '../api/variants';
import { isPassing, join } from './fold';

/** States of a run that are not kept. */
const ON_THE_WAY: readonly string[] = ['starting', 'held', 'waiting', 'running'];

/** Counts items as the server keeps them: lines that join to one item count once. */
export class Numbering {
  /** Return the number of the item that a line belongs to, null for one that has none; `whole` for a stored item. */
  of(line: Variant, whole: boolean): number | null {
    if (isPassing(line) || isOnTheWay(line)) {
      return null;
    }
    const joins = !whole && join(this._last, line) !== null;
    this._last = line;
    if (line.variant !== 'Assistant' && line.variant !== 'Code') {
      return null;
    }
    if (!joins) {
      this._count++;
    }
    return this._count - 1;
  }

  /** What comes next joins with nothing before. */
  divide(): void {
    this._last = undefined;
  }

  private _last: Variant | undefined;
  private _count = 0;
}

function isOnTheWay(line: Variant): boolean {
  const state = line.variant === 'ServerHint' ? line.content.run?.state : undefined;
  return state !== undefined && ON_THE_WAY.includes(state);
}
