/** One chat of the list: its topic, what can be done with it, and what is asked before it is done. */

import * as React from 'react';

import type { IThread } from '../api/variants';
import { Icon } from './icon';
import { useParts, useSignals } from './parts';
import { dotsIcon } from './thumbs';

/** The row, or in its place the box for another name or the question whether to delete it. */
export function ThreadRow(props: { thread: IThread; current: boolean; onOpen: () => void }): JSX.Element {
  const { thread, current } = props;
  const { chatMenu, chats, trans } = useParts();
  useSignals(false, chats.changed);
  const button = React.useRef<HTMLButtonElement>(null);
  const asked = chats.asked(thread.thread_id);
  const leave = useReturn(asked !== null, button);
  const topic = thread.topic || trans.__('Untitled chat');
  if (asked === 'rename') {
    return <RenameBox threadId={thread.thread_id} topic={thread.topic} onLeave={leave} />;
  }
  if (asked === 'delete') {
    return <DeleteBox topic={topic} onLeave={leave} />;
  }
  const actions = trans.__('What to do with “%1”', topic);
  return (
    <>
      <button
        ref={button}
        className="jp-FrevaGPT-thread"
        aria-current={current ? 'true' : undefined}
        data-thread-id={thread.thread_id}
        data-running={thread.running ? 'true' : undefined}
        title={topic}
        onClick={props.onOpen}
        onContextMenu={event => {
          event.preventDefault();
          event.stopPropagation();
          chatMenu.open(thread.thread_id, event.currentTarget, { x: event.clientX, y: event.clientY });
        }}
        onKeyDown={event => {
          if (event.key === 'F2' || event.key === 'Delete') {
            event.preventDefault();
            event.stopPropagation();
            chats.begin(event.key === 'F2' ? 'rename' : 'delete', thread.thread_id);
          }
        }}
      >
        <span className="jp-FrevaGPT-thread-topic">{topic}</span>
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
      <button
        className="jp-FrevaGPT-iconButton jp-FrevaGPT-threadMenu"
        aria-haspopup="menu"
        aria-label={actions}
        title={actions}
        onClick={event => chatMenu.open(thread.thread_id, event.currentTarget)}
      >
        <Icon icon={dotsIcon} />
      </button>
    </>
  );
}

/** The box for another name; `onLeave` is called when the user leaves it by a key. */
export function RenameBox(props: { threadId: string; topic: string; onLeave?: () => void }): JSX.Element {
  const { chats, trans } = useParts();
  useSignals(false, chats.changed);
  const [topic, setTopic] = React.useState(props.topic);
  const input = React.useRef<HTMLInputElement>(null);
  React.useLayoutEffect(() => input.current?.select(), []);
  const rename = (): void => {
    chats.rename(topic).catch(console.error);
  };
  return (
    <div className="jp-FrevaGPT-asked">
      <input
        ref={input}
        className="jp-FrevaGPT-rename"
        type="text"
        maxLength={200}
        value={topic}
        readOnly={chats.busy}
        aria-label={trans.__('Name of the chat')}
        aria-describedby={`jp-FrevaGPT-renaming-${props.threadId}`}
        onChange={event => setTopic(event.target.value)}
        onBlur={rename}
        onKeyDown={event => {
          if (event.nativeEvent.isComposing) {
            return;
          }
          if (event.key === 'Enter' || event.key === 'Escape') {
            event.preventDefault();
            event.stopPropagation();
            props.onLeave?.();
            if (event.key === 'Enter') {
              rename();
            } else {
              chats.cancel();
            }
          }
        }}
      />
      <div id={`jp-FrevaGPT-renaming-${props.threadId}`} className="jp-FrevaGPT-asked-note">
        {trans.__('Enter keeps the name, Escape the old one.')}
      </div>
      <Trouble />
    </div>
  );
}

/** The question whether to delete a chat; `onLeave` is called when it is not deleted. */
export function DeleteBox(props: { topic: string; onLeave?: () => void }): JSX.Element {
  const { chats, trans } = useParts();
  useSignals(false, chats.changed);
  const box = React.useRef<HTMLDivElement>(null);
  const cancel = React.useRef<HTMLButtonElement>(null);
  React.useLayoutEffect(() => cancel.current?.focus(), []);
  const leave = (): void => {
    props.onLeave?.();
    chats.cancel();
  };
  return (
    <div
      ref={box}
      className="jp-FrevaGPT-asked"
      role="group"
      aria-label={trans.__('Delete “%1”?', props.topic)}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.preventDefault();
          event.stopPropagation();
          leave();
        }
      }}
    >
      <p>{trans.__('Delete “%1” and the files that it made for itself? This cannot be undone.', props.topic)}</p>
      <Trouble />
      <div className="jp-FrevaGPT-asked-buttons">
        <button
          ref={cancel}
          className="jp-FrevaGPT-button"
          aria-disabled={chats.busy}
          onClick={leave}
        >
          {trans.__('Cancel')}
        </button>
        <button
          className="jp-FrevaGPT-button jp-FrevaGPT-delete"
          aria-disabled={chats.busy}
          onClick={() => {
            const heir = heirOf(box.current);
            void chats.remove().then(() => chats.error || window.requestAnimationFrame(() => heir?.focus()));
          }}
        >
          {trans.__('Delete')}
        </button>
      </div>
    </div>
  );
}

function Trouble(): JSX.Element | null {
  const { chats } = useParts();
  if (!chats.error) {
    return null;
  }
  return (
    <div className="jp-FrevaGPT-problem" role="alert">
      {chats.error}
    </div>
  );
}

/** What gets the focus when a row goes: the next one, else the one before, else the panel's box. */
function heirOf(box: Element | null): HTMLElement | null {
  const row = box?.closest('li');
  const next = row?.nextElementSibling ?? row?.previousElementSibling;
  const panel = box?.closest('.jp-FrevaGPT-panel');
  return (
    next?.querySelector<HTMLElement>('.jp-FrevaGPT-thread') ??
    panel?.querySelector<HTMLElement>('.jp-FrevaGPT-search input, .jp-FrevaGPT-input textarea') ??
    null
  );
}

/** Have a button get the focus once what stands in its place has gone, if the function that is returned was called. */
function useReturn(away: boolean, button: React.RefObject<HTMLButtonElement>): () => void {
  const wanted = React.useRef(false);
  React.useLayoutEffect(() => {
    if (!away && wanted.current) {
      wanted.current = false;
      button.current?.focus();
    }
  }, [away, button]);
  return () => {
    wanted.current = true;
  };
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
