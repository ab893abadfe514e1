/** The passages of documents that came with a tool's output, and which of them a number in an answer means. */

import type { Entry, ToolUse } from './entry';

/** A piece of a document. */
export interface IPassage {
  readonly number: number;
  readonly title: string;
  readonly source: string;
  readonly heading: string;
  readonly position: number;
  readonly text: string;
}

/** What was found, and how. */
export interface IPassages {
  readonly way: string;
  readonly found: readonly IPassage[];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function passageOf(value: unknown): IPassage[] {
  if (!isRecord(value) || typeof value.number !== 'number' || typeof value.text !== 'string') {
    return [];
  }
  const { number } = value;
  const position = typeof value.position === 'number' ? value.position : 0;
  const place = { title: text(value.title), source: text(value.source), heading: text(value.heading) };
  return [{ number, ...place, position, text: value.text }];
}

/** What came with a tool's output, null where it is not about documents. */
export function passagesIn(data: Record<string, unknown>): IPassages | null {
  const told = data.passages;
  if (!isRecord(told) || !Array.isArray(told.found)) {
    return null;
  }
  return { way: text(told.way), found: told.found.flatMap(passageOf) };
}

/** The passage that a number means in an entry: that of the last search before it. */
export function cited(
  entries: readonly Entry[],
  from: Entry,
  number: number
): { tool: ToolUse; passage: IPassage } | null {
  for (let at = entries.indexOf(from) - 1; at >= 0; at--) {
    const tool = entries[at];
    if (tool.kind !== 'tool') {
      continue;
    }
    const passage = passagesIn(tool.data)?.found.find(one => one.number === number);
    if (passage) {
      return { tool, passage };
    }
  }
  return null;
}
