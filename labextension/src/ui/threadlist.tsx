/** The user's chats, newest first. */

import * as React from 'react';

import type { IThread } from '../api/variants';
import { useParts, useSignals } from './parts';

/** The list; `onOpen` is told which one the user wants. */
export function Threads(props: { onOpen: (threadId: string) => void }): JSX.Element {
  const { conversation, threads, trans } = useParts();
  useSignals(false, threads.changed, conversation.changed);
  const running = conversation.busy;
  React.useEffect(() => {
    void threads.reload();
  }, [threads, running]);
  return (
    <div className="jp-FrevaGPT-threads">
      {threads.error && (
        <div className="jp-FrevaGPT-problem" role="alert">
          {threads.error}
        </div>
      )}
      {!threads.threads.length && !threads.error && (
        <div className="jp-FrevaGPT-notice">
          {threads.loading ? trans.__('Loading the chats') : trans.__('There are no chats yet.')}
        </div>
      )}
      <ul aria-label={trans.__('Chats')}>
        {threads.threads.map(thread => (
          <li key={thread.thread_id}>
            <Row
              thread={thread}
              current={thread.thread_id === conversation.threadId}
              onOpen={() => props.onOpen(thread.thread_id)}
            />
          </li>
        ))}
      </ul>
      {threads.threads.length < threads.total && (
        <button
          className="jp-FrevaGPT-more"
          disabled={threads.loading}
          onClick={() => void threads.more()}
        >
          {trans.__('Show more')}
        </button>
      )}
    </div>
  );
}

function Row(props: { thread: IThread; current: boolean; onOpen: () => void }): JSX.Element {
  const { trans } = useParts();
  const { thread } = props;
  return (
    <button
      className="jp-FrevaGPT-thread"
      aria-current={props.current ? 'true' : undefined}
      data-thread-id={thread.thread_id}
      data-running={thread.running ? 'true' : undefined}
      title={thread.topic}
      onClick={props.onOpen}
    >
      <span className="jp-FrevaGPT-thread-topic">{thread.topic || trans.__('Untitled chat')}</span>
      <span className="jp-FrevaGPT-thread-date">
        {thread.running ? (
          <>
            <span className="jp-FrevaGPT-pulse" />
            {trans.__('running')}
          </>
        ) : (
          when(thread.date)
        )}
      </span>
    </button>
  );
}

/** A date as short as it can be told: the time today, the day this year. */
export function when(date: string, now = new Date()): string {
  const day = new Date(date);
  if (Number.isNaN(day.getTime())) {
    return '';
  }
  if (day.toDateString() === now.toDateString()) {
    return day.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
  }
  const year = day.getFullYear() === now.getFullYear() ? undefined : 'numeric';
  return day.toLocaleDateString(undefined, { day: 'numeric', month: 'short', year });
}
