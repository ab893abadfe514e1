/** The questions that wait for the running turn to end, above the box. */

import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Icon } from './icon';
import { useParts, useSignals } from './parts';

/** Each can be taken out again. */
export function QueueList(): JSX.Element | null {
  const { conversation, trans } = useParts();
  useSignals(false, conversation.changed);
  if (!conversation.queue.length) {
    return null;
  }
  return (
    <ul className="jp-FrevaGPT-queue" aria-label={trans.__('Queued questions')}>
      {conversation.queue.map(({ text, chips }, at) => (
        <li key={`${at}:${text}`} className="jp-FrevaGPT-queued">
          <span className="jp-FrevaGPT-queued-label">{trans.__('Queued')}</span>
          <span className="jp-FrevaGPT-queued-text" title={text}>
            {text}
          </span>
          {chips.length > 0 && (
            <span className="jp-FrevaGPT-queued-label" title={chips.map(chip => chip.name).join(', ')}>
              {trans._n('with %1 item', 'with %1 items', chips.length)}
            </span>
          )}
          <button
            className="jp-FrevaGPT-iconButton"
            aria-label={trans.__('Remove the queued question')}
            title={trans.__('Remove the queued question')}
            onClick={() => conversation.unqueue(at)}
          >
            <Icon icon={closeIcon} />
          </button>
        </li>
      ))}
    </ul>
  );
}
