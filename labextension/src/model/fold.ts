/** Joining the lines of a stream to the items that they are pieces of. */

import type { Variant } from '../api/variants';

/** Variants whose lines are pieces of one item while they follow each other with the same id. */
const PIECES = new Set(['Assistant', 'Code', 'CodeOutput', 'Image', 'ToolCall', 'ToolOutput']);

/** A heartbeat says only that the turn is alive; it is not counted as a line. */
export function isHeartbeat(line: Variant): boolean {
  if (line.variant === 'ServerHint') {
    return line.content.memory !== undefined;
  }
  return (line.variant === 'Assistant' || line.variant === 'Code') && line.content === '';
}

/** The first line of every stream; it is not counted either. */
export function isOpening(line: Variant): boolean {
  return line.variant === 'ServerHint' && line.content.thread_id !== undefined;
}

/** Whether a line is of no thread: an opening, a heartbeat, output that its CodeOutput replaces, a question to the user. */
export function isPassing(line: Variant): boolean {
  if (isOpening(line) || isHeartbeat(line)) {
    return true;
  }
  return (
    line.variant === 'ServerHint' &&
    (line.content.output !== undefined ||
      line.content.progress !== undefined ||
      line.content.approval?.code !== undefined)
  );
}

/** Return the item that a line completes `item` to, or null when the line begins an item of its own. */
export function join(item: Variant | undefined, line: Variant): Variant | null {
  if (!item || item.variant !== line.variant || !PIECES.has(line.variant)) {
    return null;
  }
  if (idOf(item) !== idOf(line)) {
    return null;
  }
  const joined = { ...item, content: (item.content as string) + (line.content as string) } as Variant;
  if (joined.variant === 'CodeOutput' && line.variant === 'CodeOutput' && line.display) {
    joined.display = [...(joined.display ?? []), ...line.display];
  }
  return joined;
}

/** Return the items that the lines of a stream join to, as the server keeps them. */
export function fold(lines: Iterable<Variant>): Variant[] {
  const items: Variant[] = [];
  for (const line of lines) {
    if (isPassing(line)) {
      continue;
    }
    const joined = join(items[items.length - 1], line);
    if (joined) {
      items[items.length - 1] = joined;
      continue;
    }
    const run = runOf(line);
    if (run !== undefined) {
      const before = items.findIndex(item => runOf(item) === run);
      if (before >= 0) {
        items.splice(before, 1);
      }
    }
    items.push(line);
  }
  return items;
}

function idOf(item: Variant): string | undefined {
  return 'id' in item ? item.id : undefined;
}

function runOf(item: Variant): string | undefined {
  return item.variant === 'ServerHint' ? item.content.run?.id : undefined;
}
