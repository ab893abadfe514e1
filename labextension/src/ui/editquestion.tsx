/** An earlier question in other words: asked in a copy of the chat up to there. */

import * as React from 'react';

import type { Question } from '../model/entry';
import { Icon } from './icon';
import { useParts, useSignals } from './parts';
import { pencilIcon } from './thumbs';

/** The button that begins it; it gets the focus back when nothing came of it. */
export function EditButton(props: { question: Question }): JSX.Element {
  const { question } = props;
  const { again, conversation, trans } = useParts();
  useSignals(false, conversation.changed);
  const label = trans.__('Edit the question and ask it in a copy of this chat');
  return (
    <button
      className="jp-FrevaGPT-iconButton jp-FrevaGPT-edit"
      data-question={question.key}
      aria-label={label}
      title={label}
      aria-disabled={!again.possible}
      onClick={() => again.edit(question)}
    >
      <Icon icon={pencilIcon} />
    </button>
  );
}

/** The box in the question's place. */
export function EditQuestion(props: { question: Question }): JSX.Element {
  const { question } = props;
  const { again, preferences, trans } = useParts();
  useSignals(false, again.changed, preferences.changed);
  const [text, setText] = React.useState(question.text);
  const area = React.useRef<HTMLTextAreaElement>(null);
  React.useLayoutEffect(() => {
    const node = area.current;
    node?.focus();
    node?.setSelectionRange(node.value.length, node.value.length);
  }, []);
  React.useLayoutEffect(() => {
    const node = area.current;
    if (node) {
      node.style.height = 'auto';
      node.style.height = node.scrollHeight ? `${node.scrollHeight}px` : 'auto';
    }
  }, [text]);
  const cancel = (): void => {
    const panel = area.current?.closest('.jp-FrevaGPT-panel');
    again.cancel();
    window.requestAnimationFrame(() => {
      panel?.querySelector<HTMLElement>(`.jp-FrevaGPT-edit[data-question="${question.key}"]`)?.focus();
    });
  };
  const ask = (): void => {
    again.ask(text).catch(console.error);
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) {
      return;
    }
    const modified = event.shiftKey || event.ctrlKey || event.metaKey;
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      cancel();
    } else if (event.key === 'Enter' && (preferences.sendWithEnter ? !modified : modified)) {
      event.preventDefault();
      event.stopPropagation();
      ask();
    }
  };
  const usable = !!text.trim() && !again.forking;
  return (
    <div className="jp-FrevaGPT-editing" role="group" aria-label={trans.__('Edit the question')}>
      <textarea
        ref={area}
        rows={2}
        value={text}
        readOnly={again.forking}
        aria-label={trans.__('Question in other words')}
        onChange={event => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <p className="jp-FrevaGPT-editing-note">
        {trans.__('It is asked in a copy of this chat up to here. This chat stays as it is.')}
      </p>
      {again.error && (
        <div className="jp-FrevaGPT-problem" role="alert">
          {again.error}
        </div>
      )}
      <div className="jp-FrevaGPT-editing-buttons">
        <button className="jp-FrevaGPT-button jp-FrevaGPT-cancelEdit" onClick={cancel}>
          {trans.__('Cancel')}
        </button>
        <button
          className="jp-FrevaGPT-button jp-FrevaGPT-askEdited"
          aria-disabled={!usable}
          onClick={() => {
            if (usable) {
              ask();
            }
          }}
        >
          {trans.__('Ask')}
        </button>
      </div>
    </div>
  );
}
