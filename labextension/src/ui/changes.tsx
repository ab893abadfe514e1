/** What a run changed: names and files, and a button that undoes it and reports what that did. */

import { caretDownIcon, caretRightIcon, undoIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Changes, IReport, ITouched } from '../model/changes';
import type { Named } from '../model/reader';
import type { CodeRun } from '../model/run';
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
  const report = reportText(changes, trans);
  if (changes.empty && !changes.undoable && !report) {
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
          <button
            className="jp-FrevaGPT-button jp-FrevaGPT-undo"
            aria-disabled={changes.undoing}
            title={trans.__('Restore what was there before this run, as far as it was kept')}
            onClick={() => {
              calls.undo(run).catch(console.error);
            }}
          >
            <Icon icon={undoIcon} />
            {changes.undoing ? trans.__('Undoing') : trans.__('Undo')}
          </button>
        )}
      </div>
      {long && open && <Lists changes={changes} id={bodyId} />}
      <div className="jp-FrevaGPT-undone" role="status">
        {report}
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
      {changes.files.length > 0 && (
        <>
          <dt>{trans.__('Files')}</dt>
          <dd>
            {changes.files.map(file => (
              <FileChip key={file.path} file={file} />
            ))}
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
  const inner = (
    <>
      <Icon icon={files.icon(file.path)} />
      <span>
        <span className="jp-FrevaGPT-file-path">{file.path}</span>{' '}
        <span className="jp-FrevaGPT-file-about">{about}</span>
      </span>
    </>
  );
  return file.reachable && files.canOpen ? (
    <button
      className="jp-FrevaGPT-file"
      title={trans.__('Open %1', file.path)}
      onClick={() => {
        files.open(file.path).catch(console.error);
      }}
    >
      {inner}
    </button>
  ) : (
    <span className="jp-FrevaGPT-file" title={file.path}>
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

/** What an undo did, to the last name. */
export function reportText(changes: Changes, trans: TranslationBundle): string {
  const { report, nothing } = changes;
  if (nothing) {
    return trans.__('Nothing left to undo.');
  }
  return report ? sentences(report, trans).join(' ') : '';
}

function sentences(report: IReport, trans: TranslationBundle): string[] {
  const { restored, lost, doubtful } = report;
  return [
    restored.length ? trans.__('Restored %1.', restored.join(', ')) : trans.__('Nothing was restored.'),
    lost.length ? trans.__('Not restored: %1.', withReasons(lost)) : '',
    doubtful.length ? trans.__('Cannot vouch for: %1.', withReasons(doubtful)) : ''
  ].filter(Boolean);
}

function withReasons(names: readonly Named[]): string {
  return names.map(([name, why]) => (why ? `${name} (${why})` : name)).join(', ');
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
