/** The box for the question, what waits in front of it, and where its code will run. */

import { closeIcon, kernelIcon, stopIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Entry } from '../model/entry';
import type { IKernel } from '../model/kernel';
import { Icon } from './icon';
import { sendIcon } from './icons';
import { ModelPicker } from './models';
import { useParts, useSignals } from './parts';

/** Everything below the conversation. */
export function Composer(): JSX.Element {
  return (
    <div className="jp-FrevaGPT-composer">
      <Queue />
      <Box />
      <KernelLine />
    </div>
  );
}

function Queue(): JSX.Element | null {
  const { conversation, trans } = useParts();
  useSignals(false, conversation.changed);
  if (!conversation.queue.length) {
    return null;
  }
  return (
    <ul className="jp-FrevaGPT-queue" aria-label={trans.__('Queued questions')}>
      {conversation.queue.map((text, at) => (
        <li key={`${at}:${text}`} className="jp-FrevaGPT-queued">
          <span className="jp-FrevaGPT-queued-label">{trans.__('Queued')}</span>
          <span className="jp-FrevaGPT-queued-text" title={text}>
            {text}
          </span>
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

function Box(): JSX.Element {
  const { conversation, draft, preferences, trans } = useParts();
  useSignals(false, conversation.changed, draft.changed, preferences.changed);
  useSignals(true, conversation.transcript.waits);
  const area = React.useRef<HTMLTextAreaElement>(null);

  React.useLayoutEffect(() => {
    const focus = (): void => {
      const node = area.current;
      // after the render that shows the text
      window.requestAnimationFrame(() => {
        node?.focus();
        node?.setSelectionRange(node.value.length, node.value.length);
      });
    };
    draft.wanted.connect(focus);
    return () => {
      draft.wanted.disconnect(focus);
    };
  }, [draft]);

  const text = draft.text;
  React.useLayoutEffect(() => {
    const node = area.current;
    if (node) {
      node.style.height = 'auto';
      node.style.height = node.scrollHeight ? `${node.scrollHeight}px` : 'auto'; // 0 while hidden
    }
  }, [text]);

  const send = (): void => {
    if (text.trim()) {
      draft.text = '';
      conversation.send(text).catch(console.error);
    }
  };
  const onKeyDown = (event: React.KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.nativeEvent.isComposing) {
      return;
    }
    if (event.key === 'Enter') {
      const modified = event.shiftKey || event.ctrlKey || event.metaKey;
      if (preferences.sendWithEnter ? !modified : modified) {
        event.preventDefault();
        event.stopPropagation();
        send();
      }
    } else if (event.key === 'ArrowUp' && !text) {
      const question = lastQuestion(conversation.transcript.entries);
      if (question) {
        event.preventDefault();
        draft.fill(question);
      }
    }
  };
  const busy = conversation.busy && conversation.status !== 'loading';
  const ahead = conversation.transcript.pending
    ? trans.__('Ask the next question: it waits until you have decided')
    : trans.__('Ask the next question: it waits for this answer');
  return (
    <div className="jp-FrevaGPT-input">
      <textarea
        ref={area}
        rows={2}
        value={text}
        aria-label={trans.__('Question to FrevaGPT')}
        placeholder={busy ? ahead : trans.__('Ask about your data, or for code to run')}
        onChange={event => {
          draft.text = event.target.value;
        }}
        onKeyDown={onKeyDown}
      />
      <div className="jp-FrevaGPT-input-row">
        <ModelPicker />
        {busy ? (
          <button
            className="jp-FrevaGPT-stop"
            aria-label={trans.__('Stop')}
            title={trans.__('Stop')}
            disabled={conversation.status === 'stopping'}
            onClick={() => {
              conversation.stop().catch(console.error);
            }}
          >
            <Icon icon={stopIcon} />
          </button>
        ) : (
          <button
            className="jp-FrevaGPT-send"
            aria-label={trans.__('Send')}
            title={preferences.sendWithEnter ? trans.__('Send (Enter)') : trans.__('Send (Shift+Enter)')}
            disabled={!text.trim()}
            onClick={send}
          >
            <Icon icon={sendIcon} />
          </button>
        )}
      </div>
    </div>
  );
}

function KernelLine(): JSX.Element {
  const { conversation, kernels, trans } = useParts();
  useSignals(false, conversation.changed, kernels.changed);
  const text = kernelText(conversation.kernel, trans);
  return (
    <div className="jp-FrevaGPT-kernel" title={text}>
      <Icon icon={kernelIcon} />
      <span>{text}</span>
    </div>
  );
}

/** Say where code will run. */
export function kernelText(kernel: IKernel, trans: TranslationBundle): string {
  if (kernel.id && kernel.notebook) {
    return kernel.name
      ? trans.__('Runs in the kernel of %1 (%2)', kernel.notebook, kernel.name)
      : trans.__('Runs in the kernel of %1', kernel.notebook);
  }
  if (kernel.notebook) {
    return trans.__('%1 has no kernel: runs in a kernel of its own', kernel.notebook);
  }
  return kernel.id
    ? trans.__('Runs in a kernel of its own')
    : trans.__('No notebook open: runs in a kernel of its own');
}

function lastQuestion(entries: readonly Entry[]): string {
  for (let at = entries.length - 1; at >= 0; at--) {
    const entry = entries[at];
    if (entry.kind === 'question' && entry.typed) {
      return entry.text;
    }
  }
  return '';
}
