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
import { Threads } from './threadlist';
import { Welcome } from './welcome';

/** What the sidebar shows. */
export function Panel(): JSX.Element {
  const { conversation, catalogue, draft, trans } = useParts();
  useSignals(false, conversation.changed, catalogue.changed);
  useSignals(true, conversation.transcript.grew);
  const [listing, setListing] = React.useState(false);
  const entries = conversation.transcript.entries;
  const empty = !entries.length && !conversation.busy && !conversation.alert;
  const topic = topicOf(entries) || trans.__('New chat');
  const rerun = trans.__('Run the code of this chat again');
  return (
    <div className="jp-FrevaGPT-panel" role="region" aria-label={trans.__('FrevaGPT chat')}>
      <div className="jp-FrevaGPT-bar">
        <span className="jp-FrevaGPT-topic" title={listing ? undefined : topic}>
          {listing ? trans.__('Chats') : topic}
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
          onClick={() => setListing(!listing)}
        >
          <Icon icon={historyIcon} />
        </button>
        <button
          className="jp-FrevaGPT-iconButton jp-FrevaGPT-new"
          aria-label={trans.__('New chat')}
          title={trans.__('New chat')}
          onClick={() => {
            setListing(false);
            conversation.newChat();
            draft.focus();
          }}
        >
          <Icon icon={addIcon} />
        </button>
      </div>
      {listing ? (
        <Threads
          onOpen={threadId => {
            setListing(false);
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
      <Composer />
    </div>
  );
}

function topicOf(entries: readonly Entry[]): string {
  const first = entries.find(entry => entry.kind === 'question');
  return first?.kind === 'question' ? first.text.replace(/\s+/g, ' ').trim() : '';
}
