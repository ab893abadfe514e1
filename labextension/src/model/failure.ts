/** What went wrong, in words and in kinds. */

import { Refused } from '../api/client';

/** The sentence for the user. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** There is no such thread for this user. */
export function isUnknown(error: unknown): boolean {
  return error instanceof Refused && (error.status === 404 || error.status === 422);
}

/** The thread is answering already. */
export function isTaken(error: unknown): boolean {
  return error instanceof Refused && error.status === 409;
}
