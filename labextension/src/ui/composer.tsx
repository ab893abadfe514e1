/** The box for the question, what goes with it and what waits in front of it, and where its code will run. */

import { kernelIcon, stopIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Completion, type IEdit } from '../model/completion';
import type { IKernel } from '../model/kernel';
import { Recall } from '../model/recall';
import { DraftChips } from './chips';
import { Completer, optionId } from './completer';
import { Help } from './help';
import { Icon } from './icon';
import { sendIcon } from './icons';
import { ModelPicker } from './models';
import { useParts, useSignals } from './parts';
import { usePictures } from './pictures';
import { QueueList } from './queue';

/** Everything below the conversation. */
export function Composer(): JSX.Element {
  const { draft } = useParts();
  useSignals(false, draft.changed);
  return (
    <div className="jp-FrevaGPT-composer">
      <Help />
      <QueueList />
      <Box />
      <div className="jp-FrevaGPT-box-notice" role="status">
        {draft.notice}
      </div>
      <KernelLine />
    </div>
  );
}

function Box(): JSX.Element {
  const { conversation, draft, mentions, slashes, catalogue, preferences, trans } = useParts();
  useSignals(false, conversation.changed, draft.changed, draft.chips.changed, preferences.changed);
  useSignals(true, conversation.transcript.waits);
  const area = React.useRef<HTMLTextAreaElement>(null);
  const completion = React.useMemo(() => new Completion(draft, mentions, slashes), [draft, mentions, slashes]);
  useSignals(false, completion.changed);
  const recall = React.useRef(new Recall());
  const pictures = usePictures();
  const list = React.useId();

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
    const slash = slashes.named(text);
    const unseen = draft.chips.items.some(chip => chip.kind === 'image') && catalogue.chosen?.vision === false;
    if (slash) {
      draft.text = '';
      slash.run();
    } else if (unseen) {
      draft.say(trans.__('%1 cannot see pictures. Take them out, or choose another model.', catalogue.chosen?.name ?? ''));
    } else if (text.trim()) {
      completion.close();
      const { text: question, chips } = draft.take();
      conversation.send(question, chips).catch(console.error);
    }
  };
  const edit = (made: IEdit | null): void => {
    const node = area.current;
    if (!made) {
      draft.say(trans.__('No more goes with one question: take something out first.'));
      return;
    }
    draft.text = made.text;
    // after the render that shows the text
    window.requestAnimationFrame(() => {
      node?.setSelectionRange(made.caret, made.caret);
      completion.follow(made.text, made.caret).catch(console.error);
    });
  };
  const bringBack = (question: string | null, event: React.KeyboardEvent): void => {
    if (question !== null) {
      event.preventDefault();
      draft.fill(question);
    }
  };
  const onCompleterKey = (event: React.KeyboardEvent): boolean => {
    switch (event.key) {
      case 'ArrowDown':
        completion.move(1);
        return true;
      case 'ArrowUp':
        completion.move(-1);
        return true;
      case 'Enter':
      case 'Tab':
        if (event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) {
          return false;
        }
        edit(completion.accept(text));
        return true;
      case 'Escape':
        completion.close();
        return true;
      default:
        return false;
    }
  };
  const onKeyDown = (event: React.KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.nativeEvent.isComposing) {
      return;
    }
    if (completion.open && onCompleterKey(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const { entries } = conversation.transcript;
    if (event.key === 'Enter') {
      const modified = event.shiftKey || event.ctrlKey || event.metaKey;
      if (preferences.sendWithEnter ? !modified : modified) {
        event.preventDefault();
        event.stopPropagation();
        send();
      }
    } else if (event.key === 'ArrowUp') {
      bringBack(recall.current.older(text, entries), event);
    } else if (event.key === 'ArrowDown') {
      bringBack(recall.current.newer(text, entries), event);
    } else if (event.key === 'Backspace' && !text && draft.chips.items.length) {
      event.preventDefault();
      draft.chips.remove(draft.chips.items[draft.chips.items.length - 1]);
    }
  };
  const busy = conversation.busy && conversation.status !== 'loading';
  const ahead = conversation.transcript.pending
    ? trans.__('Ask the next question: it waits until you have decided')
    : trans.__('Ask the next question: it waits for this answer');
  return (
    <div className="jp-FrevaGPT-input">
      <Completer completion={completion} id={list} onAccept={place => edit(completion.accept(text, place))} />
      <DraftChips />
      <textarea
        ref={area}
        rows={2}
        value={text}
        aria-label={trans.__('Question to FrevaGPT')}
        aria-autocomplete="list"
        aria-controls={list}
        aria-activedescendant={completion.open ? optionId(list, completion.active) : undefined}
        placeholder={busy ? ahead : trans.__('Ask about your data. @ mentions, / commands')}
        onChange={event => {
          draft.text = event.target.value;
          draft.say('');
          completion.follow(event.target.value, event.target.selectionStart).catch(console.error);
        }}
        onBlur={() => completion.close()}
        onClick={event => {
          const { value, selectionStart } = event.currentTarget;
          completion.follow(value, selectionStart).catch(console.error);
        }}
        onKeyDown={onKeyDown}
        onPaste={pictures.onPaste}
        onDragOver={pictures.onDragOver}
        onDrop={pictures.onDrop}
      />
      <div className="jp-FrevaGPT-input-row">
        <ModelPicker />
        {busy && text.trim() ? (
          <button
            className="jp-FrevaGPT-iconButton jp-FrevaGPT-enqueue"
            aria-label={trans.__('Send when this answer has ended')}
            title={trans.__('Send when this answer has ended')}
            onClick={send}
          >
            <Icon icon={sendIcon} />
          </button>
        ) : null}
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
