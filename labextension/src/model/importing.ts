/** Taking threads from files of JSON lines, each as a new one of the user's. */

import type { IClient } from '../api/client';
import { messageOf } from './failure';

/** What became of the files. */
export interface IImported {
  /** The ids of the new threads. */
  threads: string[];
  /** What was left out: the number of the line, and why. */
  refused: { line: number; why: string }[];
}

/** Import each line of a text as a chat; `notChat` is said of a line that holds none. */
export async function importLines(client: IClient, text: string, notChat: string): Promise<IImported> {
  const done: IImported = { threads: [], refused: [] };
  for (const [at, line] of text.split('\n').entries()) {
    if (!line.trim()) {
      continue;
    }
    try {
      done.threads.push(await client.take(chatOf(line, notChat)));
    } catch (error) {
      done.refused.push({ line: at + 1, why: messageOf(error) });
    }
  }
  return done;
}

function chatOf(line: string, notChat: string): Record<string, unknown> {
  let chat: unknown;
  try {
    chat = JSON.parse(line);
  } catch {
    throw new Error(notChat);
  }
  if (typeof chat !== 'object' || chat === null || !('content' in chat) || !Array.isArray(chat.content)) {
    throw new Error(notChat);
  }
  const topic = 'topic' in chat && typeof chat.topic === 'string' ? chat.topic : '';
  return { topic, content: chat.content as unknown[] };
}
