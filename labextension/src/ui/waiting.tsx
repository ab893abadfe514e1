/** What a card says while its code waits for the user's own cell, or for another run of ours. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { CardButton } from './cardbutton';
import { useParts, useSignals } from './parts';

/** What is waited for, in a sentence. */
export function waitText(trans: TranslationBundle, behind: string): string {
  if (behind === 'assistant') {
    return trans.__('Another run of FrevaGPT is at work in this kernel; this starts when it has finished.');
  }
  return trans.__('Your cell is running; this starts when it has finished.');
}

/** The sentence, and a button for who does not want to wait: it stops the answer and nothing else. */
export function WaitBox(props: { behind: string }): JSX.Element {
  const { conversation, trans } = useParts();
  useSignals(false, conversation.changed);
  const stopping = conversation.status === 'stopping';
  return (
    <div className="jp-FrevaGPT-wait">
      <span>{waitText(trans, props.behind)}</span>
      <CardButton
        name="jp-FrevaGPT-cancel"
        usable={!stopping}
        title={trans.__('Stop this answer; what it waits for goes on')}
        onUse={() => conversation.stop()}
      >
        {stopping ? trans.__('Cancelling') : trans.__('Cancel')}
      </CardButton>
    </div>
  );
}
