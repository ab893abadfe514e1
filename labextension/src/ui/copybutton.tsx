/** A button that copies a text. */

import { Clipboard } from '@jupyterlab/apputils';
import { checkIcon, copyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Icon } from './icon';

/** Says for a moment that it did. */
export function CopyButton(props: { text: () => string; label: string; done: string }): JSX.Element {
  const [copied, setCopied] = React.useState(false);
  React.useEffect(() => {
    if (copied) {
      const timer = window.setTimeout(() => setCopied(false), 1500);
      return () => window.clearTimeout(timer);
    }
  }, [copied]);
  const label = copied ? props.done : props.label;
  return (
    <button
      className="jp-FrevaGPT-iconButton jp-FrevaGPT-copy"
      aria-label={label}
      title={label}
      onClick={() => {
        Clipboard.copyToSystem(props.text());
        setCopied(true);
      }}
    >
      <Icon icon={copied ? checkIcon : copyIcon} />
    </button>
  );
}
