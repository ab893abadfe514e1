/** The golden turns, which the server's tests read too. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { toVariant, type Variant } from '../api/variants';

const FOLDER = join(process.cwd(), '..', 'tests', 'turns');

/** The names of all turns. */
export const TURNS = readdirSync(FOLDER)
  .filter(name => name.endsWith('.ndjson'))
  .map(name => name.replace('.ndjson', ''));

/** A turn's bytes as a rich reader gets them. */
export function bytesOf(turn: string): Uint8Array {
  return new Uint8Array(readFileSync(join(FOLDER, `${turn}.ndjson`)));
}

/** A turn's lines. */
export function linesOf(turn: string): Variant[] {
  return readFileSync(join(FOLDER, `${turn}.ndjson`), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map(line => toVariant(JSON.parse(line)));
}

/** What a turn's lines join to. */
export function itemsOf(turn: string): unknown[] {
  return JSON.parse(readFileSync(join(FOLDER, `${turn}.thread.json`), 'utf8')) as unknown[];
}
