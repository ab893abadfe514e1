/** What a turn is to do: answer a question, or run the code of the chat again. */

import type { IClient } from '../api/client';
import type { Variant } from '../api/variants';
import type { IChip } from './chips';

/** Stands in place of a model's name where the chat's own code ran again. */
export const RERUN_MODEL = 'rerun';

/** Stands in place of a model's name where another program asked for the code. */
export const AGENT_MODEL = 'agent';

/** The words that the server keeps for it. */
const RERUN_TEXT = 'Run the code of this chat again.';

/** A turn that is to begin. */
export interface IErrand {
  /** What stands in the chat for it. */
  text: string;
  model: string;
  /** What goes with it. */
  chips: readonly IChip[];
  /** Send it off. */
  begin(
    client: IClient,
    threadId: string,
    kernelId: string | null,
    signal: AbortSignal
  ): AsyncGenerator<Variant>;
}

/** Ask a question, of the model if the user may choose. */
export function asking(
  text: string,
  model: string | undefined,
  chips: readonly IChip[] = []
): IErrand {
  return {
    text,
    model: model ?? '',
    chips,
    begin: (client, threadId, kernelId, signal) =>
      client.ask(
        {
          input: text,
          thread_id: threadId,
          chatbot: model,
          kernel_id: kernelId ?? undefined,
          context: chips.length ? chips : undefined
        },
        signal
      )
  };
}

/** Run the code of the chat again. */
export const RERUN: IErrand = {
  text: RERUN_TEXT,
  model: RERUN_MODEL,
  chips: [],
  begin: (client, threadId, kernelId, signal) => client.rerun(threadId, kernelId ?? undefined, signal)
};
