/** The user's chats, newest first, and the box to search them. */

import { closeIcon, searchIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { PREFIXES, type ThreadList } from '../model/threads';
import { Icon } from './icon';
import { useParts, useSignals } from './parts';
import { ThreadRow } from './threadrow';

/** How often running marks are looked at again, in milliseconds. */
const AGAIN = 5000;

/** The list; `onOpen` is told which one the user wants, `onLeave` that none. */
export function Threads(props: { onOpen: (threadId: string) => void; onLeave: () => void }): JSX.Element {
  const { conversation, threads, trans } = useParts();
  useSignals(false, threads.changed, conversation.changed);
  const list = React.useRef<HTMLDivElement>(null);
  const busy = conversation.busy;
  React.useEffect(() => {
    void threads.reload();
  }, [threads, busy]);
  const running = threads.threads.some(thread => thread.running);
  React.useEffect(() => {
    if (running) {
      const timer = window.setInterval(() => document.hidden || void threads.refresh(), AGAIN);
      return () => window.clearInterval(timer);
    }
  }, [threads, running]);
  const step = (event: React.KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      const places = [...(list.current?.querySelectorAll<HTMLElement>('.jp-FrevaGPT-search input, .jp-FrevaGPT-thread') ?? [])];
      const at = places.findIndex(place => place === document.activeElement);
      if (at >= 0 && places[at + by]) {
        event.preventDefault();
        event.stopPropagation();
        places[at + by].focus();
      }
    }
  };
  return (
    <div ref={list} className="jp-FrevaGPT-threads" onKeyDown={step}>
      <Search onLeave={props.onLeave} />
      <div className="jp-FrevaGPT-spoken" role="status">
        {toldOf(threads, trans)}
      </div>
      <div className="jp-FrevaGPT-threads-list" aria-busy={threads.loading}>
        {threads.error && (
          <div className="jp-FrevaGPT-problem" role="alert">
            {threads.error}
          </div>
        )}
        {!threads.threads.length && !threads.error && (
          <div className="jp-FrevaGPT-notice">{toldOf(threads, trans)}</div>
        )}
        <ul aria-label={trans.__('Chats')}>
          {threads.threads.map(thread => (
            <li key={thread.thread_id} className="jp-FrevaGPT-threadRow">
              <ThreadRow
                thread={thread}
                current={thread.thread_id === conversation.threadId}
                onOpen={() => props.onOpen(thread.thread_id)}
              />
            </li>
          ))}
        </ul>
        {threads.partial && (
          <button
            className="jp-FrevaGPT-more"
            aria-disabled={threads.loading}
            onClick={() => void threads.more()}
          >
            {trans.__('Show more')}
          </button>
        )}
      </div>
    </div>
  );
}

/** The box, and what a search may begin with. */
function Search(props: { onLeave: () => void }): JSX.Element {
  const { threads, trans } = useParts();
  const { query } = threads;
  const input = React.useRef<HTMLInputElement>(null);
  React.useLayoutEffect(() => input.current?.focus({ preventScroll: true }), []);
  const prefix = PREFIXES.find(one => query.trimStart().toLowerCase().startsWith(one));
  const meanings: Record<(typeof PREFIXES)[number], string> = {
    'user:': trans.__('Search the questions'),
    'ai:': trans.__('Search the answers'),
    'code:': trans.__('Search the code'),
    'output:': trans.__('Search what the code printed')
  };
  const put = (text: string): void => {
    threads.search(text);
    input.current?.focus();
  };
  return (
    <div className="jp-FrevaGPT-search" role="search">
      <div className="jp-FrevaGPT-search-box">
        <Icon icon={searchIcon} />
        <input
          ref={input}
          type="text"
          maxLength={200}
          value={query}
          aria-label={trans.__('Search the chats')}
          placeholder={trans.__('Search the topics')}
          onChange={event => threads.search(event.target.value)}
          onKeyDown={event => {
            if (event.nativeEvent.isComposing) {
              return;
            }
            if (event.key === 'Enter') {
              threads.search(query, true);
            } else if (event.key === 'Escape') {
              event.preventDefault();
              event.stopPropagation();
              if (query) {
                threads.search('', true);
              } else {
                props.onLeave();
              }
            }
          }}
        />
        {query && (
          <button
            className="jp-FrevaGPT-iconButton jp-FrevaGPT-clear"
            aria-label={trans.__('Clear the search')}
            title={trans.__('Clear the search')}
            onClick={() => {
              threads.search('', true);
              input.current?.focus();
            }}
          >
            <Icon icon={closeIcon} />
          </button>
        )}
      </div>
      <div className="jp-FrevaGPT-prefixes" role="group" aria-label={trans.__('Where to search')}>
        {PREFIXES.map(one => (
          <button
            key={one}
            className="jp-FrevaGPT-prefix"
            aria-pressed={prefix === one}
            aria-label={`${one} ${meanings[one]}`}
            title={meanings[one]}
            onClick={() => {
              const text = (prefix ? query.trimStart().slice(prefix.length) : query).trim();
              put(prefix === one ? text : `${one} ${text}`);
            }}
          >
            {one}
          </button>
        ))}
      </div>
    </div>
  );
}

function toldOf(threads: ThreadList, trans: TranslationBundle): string {
  if (threads.loading) {
    return trans.__('Loading the chats');
  }
  if (threads.found) {
    return threads.total
      ? trans._n('%1 chat found', '%1 chats found', threads.total)
      : trans.__('Nothing found for “%1”.', threads.found);
  }
  return threads.total
    ? trans._n('%1 chat', '%1 chats', threads.total)
    : trans.__('There are no chats yet.');
}
