/** How a turn ended, and what the user may want after that. */

import type { Entry } from './entry';

/** `limit`: the server ended it before the model had finished; `broken`: an error, or no end that was told. */
export type Ending = 'none' | 'finished' | 'stopped' | 'limit' | 'broken';

/** Return how the last turn of these ended; `reason` is what its StreamEnd says. */
export function endingOf(entries: readonly Entry[], reason: string): Ending {
  const turn = lastTurn(entries);
  if (!turn.length) {
    return 'none';
  }
  if (reason.startsWith('Stopped')) {
    return 'stopped';
  }
  if (!reason || reason.startsWith('Error')) {
    return 'broken';
  }
  return hasLastWord(turn) ? 'finished' : 'limit';
}

/** The entries from the last question on. */
export function lastTurn(entries: readonly Entry[]): readonly Entry[] {
  for (let at = entries.length - 1; at >= 0; at--) {
    if (entries[at].kind === 'question') {
      return entries.slice(at);
    }
  }
  return [];
}

/** A turn that the server cuts off ends with a run, or with a remark that says so. */
function hasLastWord(turn: readonly Entry[]): boolean {
  const told = turn.filter(entry => entry.kind !== 'usage');
  const last = told[told.length - 1];
  return last.kind === 'answer' || last.kind === 'question';
}
