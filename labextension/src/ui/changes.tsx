/** What a run changed: names and files, and a button that undoes it and reports what that did. */

import { caretDownIcon, caretRightIcon, undoIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Changes, ITouched } from '../model/changes';
import type { Named } from '../model/reader';
import type { CodeRun } from '../model/run';
import { CardButton } from './cardbutton';
import { Icon } from './icon';
import { useParts, useSignals } from './parts';

/** From so many names and files on, or so many characters of them, only their numbers are shown at first. */
const MANY = 8;
const LONG = 120;

/** The part of a card below its output. */
export function ChangesBox(props: { run: CodeRun; changes: Changes }): JSX.Element | null {
  const { run, changes } = props;
  const { calls, trans } = useParts();
  useSignals(false, changes.changed);
  const [unfolded, setUnfolded] = React.useState<boolean | null>(null);
  const long = isLong(changes);
  const open = unfolded ?? !long;
  const bodyId = `jp-FrevaGPT-${changes.key}`;
  const report = reportOf(changes, trans);
  if (changes.empty && !changes.undoable && !report.length) {
    return null;
  }
  return (
    <div className="jp-FrevaGPT-changes" role="group" aria-label={trans.__('What it changed')}>
      <div className="jp-FrevaGPT-changes-row">
        {long && (
          <button
            className="jp-FrevaGPT-changes-toggle"
            aria-expanded={open}
            aria-controls={bodyId}
            onClick={() => setUnfolded(!open)}
          >
            <Icon icon={open ? caretDownIcon : caretRightIcon} />
            {countText(changes, trans)}
          </button>
        )}
        {!long && <Lists changes={changes} id={bodyId} />}
        {changes.undoable && (
          <CardButton
            name="jp-FrevaGPT-undo"
            usable={!changes.undoing}
            title={trans.__('Restore the variables as they were before this run, as far as they were kept')}
            onUse={() => calls.undo(run)}
          >
            <Icon icon={undoIcon} />
            {changes.undoing ? trans.__('Undoing') : trans.__('Undo')}
          </CardButton>
        )}
      </div>
      {long && open && <Lists changes={changes} id={bodyId} />}
      <div className="jp-FrevaGPT-undone" role="status">
        {report.map(sentence => (
          <div key={sentence}>{sentence}</div>
        ))}
      </div>
      {changes.error && (
        <div className="jp-FrevaGPT-problem" role="alert">
          {trans.__('Not undone: %1', changes.error)}
        </div>
      )}
    </div>
  );
}

function Lists(props: { changes: Changes; id: string }): JSX.Element {
  const { changes } = props;
  const { trans } = useParts();
  const inPlace = trans.__('Changed in place');
  const rebound = trans.__('Has a new value');
  const changed: Named[] = [
    ...changes.rebound.map((name): Named => [name, rebound]),
    ...changes.changedInPlace.map((name): Named => [name, inPlace])
  ];
  const unknown = trans.__(
    'Whether this changed cannot be told: it is too large to compare, or of a kind that cannot be compared.'
  );
  return (
    <dl id={props.id} className="jp-FrevaGPT-changes-lists">
      <Names label={trans.__('Created')} kind="created" names={plain(changes.created)} />
      <Names label={trans.__('Changed')} kind="changed" names={changed} />
      <Names label={trans.__('Deleted')} kind="deleted" names={plain(changes.deleted)} />
      <Names
        label={trans.__('Unknown')}
        kind="unknown"
        note={unknown}
        names={changes.unknown.map(([name, why]) => [name, why || unknown])}
      />
      {(changes.files.length > 0 || changes.partial) && (
        <>
          <dt>{trans.__('Files')}</dt>
          <dd>
            {changes.files.map(file => (
              <FileChip key={file.path} file={file} />
            ))}
            {changes.partial && (
              <span className="jp-FrevaGPT-file-about">{trans.__('Not all could be looked at.')}</span>
            )}
          </dd>
        </>
      )}
    </dl>
  );
}

function Names(props: {
  label: string;
  kind: string;
  names: readonly Named[];
  note?: string;
}): JSX.Element | null {
  if (!props.names.length) {
    return null;
  }
  return (
    <>
      <dt title={props.note} data-note={props.note ? 'true' : undefined}>
        {props.label}
      </dt>
      <dd>
        {props.names.map(([name, title]) => (
          <code
            key={name}
            className="jp-FrevaGPT-change"
            data-change={props.kind}
            title={title || undefined}
          >
            {name}
          </code>
        ))}
      </dd>
    </>
  );
}

function FileChip(props: { file: ITouched }): JSX.Element {
  const { file } = props;
  const { files, trans } = useParts();
  const words = [
    file.change === 'created'
      ? trans.__('created')
      : file.change === 'deleted'
        ? trans.__('deleted')
        : trans.__('changed'),
    file.size !== null && file.change !== 'deleted' ? bytesText(file.size) : ''
  ];
  const about = words.filter(Boolean).join(', ');
  const named = file.type ? `${file.path} (${file.type})` : file.path;
  const inner = (
    <>
      <Icon icon={files.icon(file.path)} />
      <span>
        <span className="jp-FrevaGPT-file-path">{file.path}</span>{' '}
        <span className="jp-FrevaGPT-file-about">{about}</span>
      </span>
    </>
  );
  return file.reachable && files.opens(file.path) ? (
    <button
      className="jp-FrevaGPT-file"
      title={trans.__('Open %1', named)}
      onClick={() => {
        files.open(file.path).catch(console.error);
      }}
    >
      {inner}
    </button>
  ) : (
    <span className="jp-FrevaGPT-file" title={named}>
      {inner}
    </span>
  );
}

function plain(names: readonly string[]): Named[] {
  return names.map(name => [name, '']);
}

function isLong(changes: Changes): boolean {
  const shown = [...changes.names, ...changes.files.map(file => file.path)];
  return shown.length > MANY || shown.join(', ').length > LONG;
}

/** The numbers of what changed: 12 created, 3 changed, 2 files. */
function countText(changes: Changes, trans: TranslationBundle): string {
  const { created, rebound, changedInPlace, deleted, unknown, files } = changes;
  const changed = rebound.length + changedInPlace.length;
  return [
    created.length ? trans.__('%1 created', created.length) : '',
    changed ? trans.__('%1 changed', changed) : '',
    deleted.length ? trans.__('%1 deleted', deleted.length) : '',
    unknown.length ? trans.__('%1 unknown', unknown.length) : '',
    files.length ? trans._n('%1 file', '%1 files', files.length) : ''
  ]
    .filter(Boolean)
    .join(', ');
}

/** What an undo did, to the last name: a sentence for each kind. */
export function reportOf(changes: Changes, trans: TranslationBundle): string[] {
  const { report, nothing, created } = changes;
  if (nothing) {
    return [trans.__('Nothing left to undo.')];
  }
  if (!report) {
    return [];
  }
  const { lost, doubtful } = report;
  const removed = report.restored.filter(name => created.includes(name));
  const restored = report.restored.filter(name => !created.includes(name));
  return [
    restored.length ? trans.__('Restored %1.', restored.join(', ')) : '',
    removed.length ? trans.__('Removed %1.', removed.join(', ')) : '',
    report.restored.length ? '' : trans.__('Nothing was restored.'),
    lost.length ? trans.__('Not restored: %1.', withReasons(lost)) : '',
    doubtful.length ? trans.__('Cannot vouch for: %1.', withReasons(doubtful)) : ''
  ].filter(Boolean);
}

/** The names with their reasons in brackets, each reason once. */
function withReasons(names: readonly Named[]): string {
  const reasons = [...new Set(names.map(([, why]) => why))];
  return reasons
    .map(reason => {
      const told = names.filter(([, why]) => why === reason).map(([name]) => name);
      return reason ? `${told.join(', ')} (${reason})` : told.join(', ');
    })
    .join('; ');
}

/** Return a size as people write it: 512 B, 24 kB, 1.2 MB. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) {
    return `${bytes} B`;
  }
  const units = ['kB', 'MB', 'GB', 'TB'];
  let size = bytes / 1000;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${size.toFixed(size < 9.95 ? 1 : 0)} ${units[unit]}`;
}
