/** One line about what goes on, shown and, whenever it changes, read out. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import type { Status } from '../model/conversation';
import type { Entry } from '../model/entry';
import { stateText } from './card';
import { useParts, useSignals } from './parts';
import { waitText } from './waiting';

const NEVER = new Signal<object, void>({});

/** What the conversation does in words; empty when it does nothing. */
export function activityText(
  status: Status,
  last: Entry | undefined,
  asks: boolean,
  trans: TranslationBundle
): string {
  switch (status) {
    case 'idle':
      return '';
    case 'loading':
      return trans.__('Loading the chat');
    case 'sending':
      return trans.__('Sending');
    case 'lost':
      return trans.__('Connection lost, reconnecting');
    case 'stopping':
      return trans.__('Stopping');
    case 'answering':
      if (asks) {
        return trans.__('FrevaGPT waits for your decision');
      }
      if (last?.kind === 'answer' && !last.finished) {
        return trans.__('Answering');
      }
      if (last?.kind === 'run' && !last.outputs) {
        return last.state === 'waiting' ? waitText(trans, last.behind) : stateText(last.state, trans);
      }
      return last?.kind === 'tool' && last.output === null
        ? trans.__('Looking up')
        : trans.__('Thinking');
  }
}

/** The line, and its copy for screen readers, which also tells of the end. */
export function Activity(): JSX.Element {
  const { conversation, trans } = useParts();
  useSignals(true, conversation.changed);
  useSignals(true, conversation.transcript.grew, conversation.transcript.waits);
  const entries = conversation.transcript.entries;
  const last = lastOf(entries);
  useSignals(true, last ? last.changed : NEVER);
  const asks = conversation.transcript.pending !== null;
  const text = activityText(conversation.status, last, asks, trans);
  const wasBusy = React.useRef(false);
  wasBusy.current ||= conversation.busy;
  // a card tells its own state
  const told = last?.kind === 'run' && (last.approval || (!asks && !last.outputs));
  const shown = told && conversation.status === 'answering' ? '' : text;
  const spoken = text || (wasBusy.current ? trans.__('Finished') : '');
  return (
    <>
      <div className="jp-FrevaGPT-activity" data-status={conversation.status} aria-hidden="true">
        {shown && (
          <>
            <span className="jp-FrevaGPT-pulse" />
            {shown}
          </>
        )}
      </div>
      <div className="jp-FrevaGPT-spoken" role="log" aria-live="polite">
        {spoken}
      </div>
    </>
  );
}

/** What goes on is told by what came last, but for remarks: they come in the middle of anything. */
function lastOf(entries: readonly Entry[]): Entry | undefined {
  for (let at = entries.length - 1; at >= 0; at--) {
    if (entries[at].kind !== 'notice') {
      return entries[at];
    }
  }
}
