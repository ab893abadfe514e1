/** A button of a card that may go when it was used. */

import * as React from 'react';

import { useFocusKept } from './focus';

/** While it is not `usable` it stays, and keeps the focus, but does nothing; when it goes, `heir` gets the focus. */
export function CardButton(props: {
  name: string;
  usable: boolean;
  title?: string;
  heir?: string;
  onUse: () => Promise<void>;
  children: React.ReactNode;
}): JSX.Element {
  const { usable } = props;
  const button = useFocusKept<HTMLButtonElement>(props.heir);
  return (
    <button
      ref={button}
      className={`jp-FrevaGPT-button ${props.name}`}
      aria-disabled={!usable}
      title={props.title}
      onClick={() => {
        if (usable) {
          props.onUse().catch(console.error);
        }
      }}
    >
      {props.children}
    </button>
  );
}
