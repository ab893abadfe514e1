/** What a card says while its code waits for the user's own cell. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { CardButton } from './cardbutton';
import { useParts, useSignals } from './parts';

/** What is waited for, in a sentence. */
export function waitText(trans: TranslationBundle): string {
  return trans.__('Your cell is running; this starts when it has finished.');
}

/** The sentence, and a button for who does not want to wait: it stops the answer and nothing else. */
export function WaitBox(): JSX.Element {
  const { conversation, trans } = useParts();
  useSignals(false, conversation.changed);
  const stopping = conversation.status === 'stopping';
  return (
    <div className="jp-FrevaGPT-wait">
      <span>{waitText(trans)}</span>
      <CardButton
        name="jp-FrevaGPT-cancel"
        usable={!stopping}
        title={trans.__('Stop this answer; your cell goes on')}
        onUse={() => conversation.stop()}
      >
        {stopping ? trans.__('Cancelling') : trans.__('Cancel')}
      </CardButton>
    </div>
  );
}
