/** The whole panel: a bar, then the conversation or the list of chats, then the box. */

import { addIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Entry } from '../model/entry';
import { Composer } from './composer';
import { Icon } from './icon';
import { againIcon, historyIcon } from './icons';
import { Log } from './log';
import { Advice } from './models';
import { useParts, useSignals } from './parts';
import { NoticeBox, PrivacyPane } from './privacy';
import { Threads } from './threadlist';
import { DeleteBox, RenameBox } from './threadrow';
import { dotsIcon } from './thumbs';
import { Welcome } from './welcome';

/** What the sidebar shows. */
export function Panel(): JSX.Element {
  const { conversation, catalogue, chats, draft, privacy, threads, trans, view } = useParts();
  useSignals(false, conversation.changed, catalogue.changed, view.changed, threads.changed, chats.changed);
  useSignals(true, conversation.transcript.grew);
  useSignals(false, privacy.changed);
  const { listing } = view;
  const entries = conversation.transcript.entries;
  const empty = !entries.length && !conversation.busy && !conversation.alert;
  const topic = threads.topicOf(conversation.threadId) || conversation.topic || topicOf(entries) || trans.__('New chat');
  const asked = listing ? null : chats.asked(conversation.threadId);
  const rerun = trans.__('Run the code of this chat again');
  return (
    <div className="jp-FrevaGPT-panel" role="region" aria-label={trans.__('FrevaGPT chat')}>
      <div className="jp-FrevaGPT-bar">
        <span className="jp-FrevaGPT-topic" title={listing ? undefined : topic}>
          {privacy.open ? trans.__('Privacy and data') : listing ? trans.__('Chats') : topic}
        </span>
        {!listing && conversation.transcript.ranCode && (
          <button
            className="jp-FrevaGPT-iconButton jp-FrevaGPT-rerun"
            aria-label={rerun}
            title={rerun}
            aria-disabled={!conversation.canRerun}
            onClick={() => {
              conversation.rerun().catch(console.error);
            }}
          >
            <Icon icon={againIcon} />
          </button>
        )}
        <button
          className="jp-FrevaGPT-iconButton jp-FrevaGPT-chats"
          aria-label={trans.__('Chats')}
          title={trans.__('Chats')}
          aria-pressed={listing}
          onClick={() => {
            view.listing = !listing;
          }}
        >
          <Icon icon={historyIcon} />
        </button>
        <button
          className="jp-FrevaGPT-iconButton jp-FrevaGPT-new"
          aria-label={trans.__('New chat')}
          title={trans.__('New chat')}
          onClick={() => {
            view.listing = false;
            privacy.open = false;
            conversation.newChat();
            draft.focus();
          }}
        >
          <Icon icon={addIcon} />
        </button>
        {!listing && <MenuButton />}
      </div>
      {asked === 'rename' && <RenameBox threadId={conversation.threadId ?? ''} topic={topic} />}
      {asked === 'delete' && <DeleteBox topic={topic} />}
      {privacy.open ? (
        <PrivacyPane />
      ) : listing ? (
        <Threads
          onLeave={() => {
            view.listing = false;
            draft.focus();
          }}
          onOpen={threadId => {
            view.listing = false;
            if (threadId !== conversation.threadId) {
              conversation.open(threadId).catch(console.error);
            }
            draft.focus();
          }}
        />
      ) : (
        <>
          {empty && (
            <div className="jp-FrevaGPT-empty">
              <Advice />
              <Welcome />
            </div>
          )}
          <div className="jp-FrevaGPT-talk" hidden={empty}>
            {!empty && <Log />}
          </div>
        </>
      )}
      <NoticeBox />
      <Composer />
    </div>
  );
}

/** What can be done with the chat that is shown. */
function MenuButton(): JSX.Element | null {
  const { chatMenu, conversation, trans } = useParts();
  const { threadId } = conversation;
  if (!threadId) {
    return null;
  }
  const label = trans.__('What to do with this chat');
  return (
    <button
      className="jp-FrevaGPT-iconButton jp-FrevaGPT-menu"
      aria-haspopup="menu"
      aria-label={label}
      title={label}
      onClick={event => chatMenu.open(threadId, event.currentTarget)}
    >
      <Icon icon={dotsIcon} />
    </button>
  );
}

function topicOf(entries: readonly Entry[]): string {
  const first = entries.find(entry => entry.kind === 'question');
  return first?.kind === 'question' ? first.text.replace(/\s+/g, ' ').trim() : '';
}
