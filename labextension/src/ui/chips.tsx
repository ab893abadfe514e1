/** Chips: what goes with a question, each showing on demand what is sent. */

import {
  closeIcon,
  fileIcon,
  folderIcon,
  imageIcon,
  notebookIcon,
  runIcon,
  textEditorIcon,
  variableIcon,
  type LabIcon
} from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IChip, ISentChip } from '../model/chips';
import { addressOf } from '../model/picture';
import { Icon } from './icon';
import { useParts, useSignals } from './parts';

/** The chips of the question that is being written; each can be taken out. */
export function DraftChips(): JSX.Element | null {
  const { draft, catalogue, trans } = useParts();
  useSignals(false, draft.chips.changed, catalogue.changed);
  if (!draft.chips.items.length) {
    return null;
  }
  return (
    <ul className="jp-FrevaGPT-chips" aria-label={trans.__('Sent with the question')}>
      {draft.chips.items.map(chip => (
        <DraftChip key={`${chip.kind}:${chip.name}:${'text' in chip ? chip.text.length : ''}`} chip={chip} />
      ))}
    </ul>
  );
}

function DraftChip(props: { chip: IChip }): JSX.Element {
  const { chip } = props;
  const { draft, catalogue, trans } = useParts();
  const [open, setOpen] = React.useState(false);
  const id = React.useId();
  const unseen = chip.kind === 'image' && catalogue.chosen?.vision === false;
  const remove = (): void => {
    draft.chips.remove(chip);
    draft.focus();
  };
  const label = trans.__('Do not send %1', chip.name);
  return (
    <li
      className="jp-FrevaGPT-chip"
      data-kind={chip.kind}
      data-unseen={unseen || undefined}
      onMouseEnter={() => setOpen(true)}
      onMouseLeave={() => setOpen(false)}
      onFocus={() => setOpen(true)}
      onBlur={event => {
        if (!event.currentTarget.contains(event.relatedTarget)) {
          setOpen(false);
        }
      }}
      onKeyDown={event => {
        if (event.key === 'Escape' && open) {
          event.stopPropagation();
          setOpen(false);
        } else if (event.key === 'Delete' || event.key === 'Backspace') {
          event.preventDefault();
          remove();
        }
      }}
    >
      <button className="jp-FrevaGPT-chip-name" aria-describedby={open ? id : undefined}>
        <Icon icon={iconOf(chip)} />
        <span>{shortName(chip, trans)}</span>
      </button>
      <button className="jp-FrevaGPT-chip-remove" aria-label={label} title={label} onClick={remove}>
        <Icon icon={closeIcon} />
      </button>
      {open && (
        <div className="jp-FrevaGPT-chip-preview" role="tooltip" id={id}>
          <Preview chip={chip} />
          {unseen && (
            <div className="jp-FrevaGPT-chip-note">
              {trans.__('%1 cannot see pictures. Take it out, or choose another model.', catalogue.chosen?.name ?? '')}
            </div>
          )}
        </div>
      )}
    </li>
  );
}

/** The chips of a question that was sent; each opens to what went with it. */
export function SentChips(props: { chips: readonly ISentChip[] }): JSX.Element | null {
  const { trans } = useParts();
  const [shown, setShown] = React.useState<number | null>(null);
  const id = React.useId();
  if (!props.chips.length) {
    return null;
  }
  const chip = shown === null ? undefined : props.chips[shown];
  return (
    <div className="jp-FrevaGPT-sent">
      <ul className="jp-FrevaGPT-chips" aria-label={trans.__('Sent with the question')}>
        {props.chips.map((one, at) => (
          <li key={at} className="jp-FrevaGPT-chip" data-kind={one.kind}>
            <button
              className="jp-FrevaGPT-chip-name"
              aria-expanded={at === shown}
              aria-controls={id}
              title={titleOf(one, trans)}
              onClick={() => setShown(at === shown ? null : at)}
            >
              <Icon icon={iconOf(one)} />
              <span>{shortName(one, trans)}</span>
            </button>
          </li>
        ))}
      </ul>
      <div id={id} hidden={!chip} className="jp-FrevaGPT-sent-preview">
        {chip && <Preview chip={chip} />}
      </div>
    </div>
  );
}

/** What is sent, as far as there is room. */
function Preview(props: { chip: ISentChip }): JSX.Element {
  const { chip } = props;
  const { mentions, trans } = useParts();
  const [text, setText] = React.useState<string | null>(null);
  React.useEffect(() => {
    let gone = false;
    mentions.preview(chip).then(
      found => !gone && setText(found),
      () => !gone && setText('')
    );
    return () => {
      gone = true;
    };
  }, [chip, mentions]);
  const address = chip.image ? addressOf(chip.image) : '';
  return (
    <>
      <div className="jp-FrevaGPT-chip-title">{titleOf(chip, trans)}</div>
      {chip.note && <div className="jp-FrevaGPT-chip-note">{chip.note}</div>}
      {address && <img src={address} alt={chip.name} />}
      {text && (
        <pre tabIndex={0} aria-label={trans.__('What is sent of %1', chip.name)}>
          {text}
        </pre>
      )}
      {text === '' && !address && !chip.note && (
        <div className="jp-FrevaGPT-chip-note">{trans.__('What it holds is looked up when the question is sent.')}</div>
      )}
    </>
  );
}

/** A name for which there is room; the whole of it is in the preview. */
function shortName(chip: ISentChip, trans: TranslationBundle): string {
  switch (chip.kind) {
    case 'cell':
      return trans.__('Cell %1', /\[[^\]]*\]$/.exec(chip.name)?.[0] ?? chip.name);
    case 'selection':
      return trans.__('Selection');
    default:
      return chip.name.split('/').pop() ?? chip.name;
  }
}

function titleOf(chip: ISentChip, trans: TranslationBundle): string {
  switch (chip.kind) {
    case 'variable':
      return trans.__('The variable %1, as the kernel describes it', chip.name);
    case 'file':
      return trans.__('The file %1', chip.name);
    case 'cell':
      return trans.__('The cell %1 and what it printed', chip.name);
    case 'selection':
      return trans.__('The selected text of %1', chip.name);
    case 'image':
      return trans.__('The picture %1', chip.name);
  }
}

/** The icon of a kind. */
export function iconOf(chip: { kind: string }): LabIcon {
  return ICONS[chip.kind] ?? fileIcon;
}

const ICONS: Record<string, LabIcon> = {
  variable: variableIcon,
  file: fileIcon,
  cell: notebookIcon,
  selection: textEditorIcon,
  image: imageIcon,
  folder: folderIcon,
  command: runIcon
};
