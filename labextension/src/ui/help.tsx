/** What can be typed into the box, shown on request. */

import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Icon } from './icon';
import { useParts, useSignals } from './parts';

/** Keys, mentions and the commands that can be used now; Escape closes it. */
export function Help(): JSX.Element | null {
  const { draft, preferences, slashes, trans } = useParts();
  useSignals(false, draft.changed, preferences.changed);
  const button = React.useRef<HTMLButtonElement>(null);
  React.useLayoutEffect(() => {
    if (draft.helping) {
      button.current?.focus();
    }
  }, [draft.helping]);
  if (!draft.helping) {
    return null;
  }
  const close = (): void => {
    draft.help(false);
    draft.focus();
  };
  const rows = [
    ...slashes.usable.map(slash => [`/${slash.name}`, slash.help]),
    ['@', trans.__('Send a variable, a file, a cell or the selection with the question')],
    preferences.sendWithEnter
      ? [trans.__('Enter'), trans.__('Send; Shift+Enter begins a new line')]
      : [trans.__('Shift+Enter'), trans.__('Send; Enter begins a new line')],
    ['↑', trans.__('In an empty box: bring an earlier question back')],
    [trans.__('Paste'), trans.__('A picture, for a model that sees')],
    [trans.__('Drop'), trans.__('Files of the file browser, and cells')]
  ];
  return (
    <section
      className="jp-FrevaGPT-help"
      aria-label={trans.__('What can be typed')}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          close();
        }
      }}
    >
      <button
        ref={button}
        className="jp-FrevaGPT-iconButton"
        aria-label={trans.__('Close the help')}
        title={trans.__('Close the help')}
        onClick={close}
      >
        <Icon icon={closeIcon} />
      </button>
      <dl>
        {rows.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
