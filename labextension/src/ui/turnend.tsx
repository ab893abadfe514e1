/** What the user may want when an answer did not come to its end. */

import * as React from 'react';

import { useParts, useSignals } from './parts';

/** What the model is asked to go on with. */
export function goOnText(trans: { __: (text: string) => string }): string {
  return trans.__('Please continue where you stopped.');
}

/** A sentence, and buttons to go on or to ask again. */
export function TurnEnd(): JSX.Element | null {
  const { again, conversation, trans } = useParts();
  useSignals(false, conversation.changed);
  useSignals(true, conversation.transcript.grew);
  const { ending } = conversation.transcript;
  if (!again.canRetry || ending === 'finished' || ending === 'none') {
    return null;
  }
  const said = {
    stopped: trans.__('This answer was stopped.'),
    limit: trans.__('This answer was ended before it was complete.'),
    broken: trans.__('This answer broke off.')
  };
  return (
    <div className="jp-FrevaGPT-turnEnd" role="group" aria-label={said[ending]}>
      <span>{said[ending]}</span>
      {again.canGoOn && (
        <button
          className="jp-FrevaGPT-button jp-FrevaGPT-continue"
          onClick={() => {
            again.goOn(goOnText(trans)).catch(console.error);
          }}
        >
          {trans.__('Continue')}
        </button>
      )}
      <button
        className="jp-FrevaGPT-button jp-FrevaGPT-retry"
        onClick={() => {
          again.retry().catch(console.error);
        }}
      >
        {trans.__('Ask again')}
      </button>
    </div>
  );
}
