/** The focus when what has it goes. */

import * as React from 'react';

/** Mark a part of a card: when it goes while the focus is in it, its heir in the card gets the focus. */
export function useFocusKept<T extends HTMLElement>(heir = 'button'): React.RefObject<T> {
  const part = React.useRef<T>(null);
  React.useLayoutEffect(() => {
    const node = part.current;
    const card = node?.closest('.jp-FrevaGPT-card');
    return () => {
      if (node?.contains(document.activeElement)) {
        // what inherits it may come with the same render
        queueMicrotask(() => {
          const next = card?.querySelector<HTMLElement>(heir) ?? card?.querySelector('button');
          next?.focus({ preventScroll: true });
        });
      }
    };
  }, [heir]);
  return part;
}
