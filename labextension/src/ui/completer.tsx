/** The list over the box: what can be mentioned, or the commands; the focus stays in the box. */

import * as React from 'react';

import type { Completion, IOffer } from '../model/completion';
import { iconOf } from './chips';
import { Icon } from './icon';
import { useParts, useSignals } from './parts';

/** The id of a line of the list. */
export function optionId(list: string, place: number): string {
  return `${list}-${place}`;
}

/** Shows the offers; the box tells which one is active. */
export function Completer(props: {
  completion: Completion;
  id: string;
  onAccept: (place: number) => void;
}): JSX.Element {
  const { completion, id } = props;
  const { trans } = useParts();
  useSignals(false, completion.changed);
  const { offers, active, open } = completion;
  const list = React.useRef<HTMLUListElement>(null);

  React.useLayoutEffect(() => {
    const option = list.current?.children[active];
    if (option instanceof HTMLElement) {
      option.scrollIntoView?.({ block: 'nearest' });
    }
  }, [active, offers]);

  return (
    <>
      <ul
        ref={list}
        id={id}
        hidden={!open}
        className="jp-FrevaGPT-completer"
        role="listbox"
        aria-label={
          offers[0]?.kind === 'command' ? trans.__('Commands') : trans.__('Variables, files and cells to send along')
        }
      >
        {offers.map((offer, place) => (
          <li
            key={`${offer.kind}:${offer.detail}:${offer.label}`}
            id={optionId(id, place)}
            role="option"
            aria-selected={place === active}
            className="jp-FrevaGPT-offer"
            data-kind={offer.kind}
            // the box keeps the focus
            onMouseDown={event => event.preventDefault()}
            onClick={() => props.onAccept(place)}
          >
            <Icon icon={iconOf(offer)} />
            <span className="jp-FrevaGPT-offer-label">{offer.label}</span>
            <span className="jp-FrevaGPT-offer-detail">{detailOf(offer)}</span>
          </li>
        ))}
      </ul>
      <div className="jp-FrevaGPT-silent" role="status">
        {open ? trans._n('%1 suggestion', '%1 suggestions', offers.length) : ''}
      </div>
    </>
  );
}

function detailOf(offer: IOffer): string {
  return offer.kind === 'file' || offer.kind === 'folder'
    ? offer.detail.split('/').slice(0, -1).join('/')
    : offer.detail;
}
