/** What can be done with an answer: copy it, say whether it was good, ask again. */

import { refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Answer } from '../model/entry';
import type { Rating } from '../model/rating';
import { CopyButton } from './copybutton';
import { Icon } from './icon';
import { useParts, useSignals } from './parts';
import { thumbDownIcon, thumbUpIcon } from './thumbs';

/** A thumb up and a thumb down; a second click takes an opinion back. */
export function Thumbs(props: { rating: Rating; what: 'answer' | 'code' }): JSX.Element {
  const { rating, what } = props;
  const { calls, trans } = useParts();
  useSignals(false, rating.changed);
  const thumb = (opinion: 'up' | 'down', label: string): JSX.Element => (
    <button
      className="jp-FrevaGPT-iconButton jp-FrevaGPT-thumb"
      data-opinion={opinion}
      aria-label={label}
      title={label}
      aria-pressed={rating.opinion === opinion}
      onClick={() => {
        calls.rate(rating, opinion).catch(console.error);
      }}
    >
      <Icon icon={opinion === 'up' ? thumbUpIcon : thumbDownIcon} />
    </button>
  );
  return (
    <>
      {what === 'answer'
        ? thumb('up', trans.__('This answer is good'))
        : thumb('up', trans.__('This code is good'))}
      {what === 'answer'
        ? thumb('down', trans.__('This answer is not good'))
        : thumb('down', trans.__('This code is not good'))}
      {rating.error && (
        <span className="jp-FrevaGPT-problem" role="alert">
          {rating.error}
        </span>
      )}
    </>
  );
}

/** The buttons of an answer; `last` those of the one that ends the chat. */
export function AnswerActions(props: { answer: Answer; final: boolean; last: boolean }): JSX.Element {
  const { answer, final, last } = props;
  const { again, conversation, trans } = useParts();
  useSignals(false, conversation.changed);
  const retry = trans.__('Ask the last question again');
  return (
    <div
      className="jp-FrevaGPT-actions"
      data-final={final}
      role="group"
      aria-label={trans.__('About this answer')}
    >
      <CopyButton text={() => answer.text} label={trans.__('Copy the answer')} done={trans.__('Copied')} />
      {answer.rating && <Thumbs rating={answer.rating} what="answer" />}
      {last && again.last && conversation.transcript.ending === 'finished' && (
        <button
          className="jp-FrevaGPT-iconButton jp-FrevaGPT-retry"
          aria-label={retry}
          title={retry}
          aria-disabled={!again.canRetry}
          onClick={() => {
            again.retry().catch(console.error);
          }}
        >
          <Icon icon={refreshIcon} />
        </button>
      )}
    </div>
  );
}
