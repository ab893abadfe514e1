/** What is dragged inside Lab and dropped on the panel: files of the file browser, cells of a notebook. */

import type { Contents } from '@jupyterlab/services';
import type { MimeData } from '@lumino/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IChip } from '../model/chips';
import type { Draft } from '../model/draft';
import type { IAround } from '../model/mentions';
import { pathOf } from './around';

const FILES = 'application/x-jupyter-icontents';
const CELLS = 'internal:cells';
const TARGET = 'jp-FrevaGPT-dropTarget';

/** An event of Lumino's drags, as far as it is looked at. */
interface IDragEvent extends Event {
  readonly mimeData: MimeData;
  dropAction: string;
}

interface IOptions {
  node: HTMLElement;
  draft: Draft;
  around: IAround;
  contents: Contents.IManager;
  trans: TranslationBundle;
}

/** Take what is dropped on a node into the question. */
export function acceptDrops(options: IOptions): void {
  const { node } = options;
  const on = (type: string, act: (event: IDragEvent) => void): void =>
    node.addEventListener(type, event => {
      const drag = event as IDragEvent;
      if (drag.mimeData.hasData(FILES) || drag.mimeData.hasData(CELLS)) {
        event.preventDefault();
        event.stopPropagation();
        act(drag);
      }
    });
  on('lm-dragenter', () => node.classList.add(TARGET));
  on('lm-dragleave', event => {
    const to = (event as IDragEvent & { relatedTarget: EventTarget | null }).relatedTarget;
    if (!(to instanceof Node) || !node.contains(to)) {
      node.classList.remove(TARGET);
    }
  });
  on('lm-dragover', event => {
    event.dropAction = actionOf(event);
  });
  on('lm-drop', event => {
    node.classList.remove(TARGET);
    event.dropAction = actionOf(event);
    take(options, chipsIn(options, event.mimeData));
  });
}

/** Files are only ever moved, as their browser has it; a move of cells would take them out of their notebook. */
function actionOf(event: IDragEvent): string {
  return event.mimeData.hasData(FILES) ? 'move' : 'copy';
}

function take({ draft, trans }: IOptions, chips: readonly IChip[]): void {
  if (!chips.every(chip => draft.chips.add(chip))) {
    draft.say(trans.__('No more goes with one question: take something out first.'));
  }
  draft.focus();
}

function chipsIn({ around, contents }: IOptions, data: MimeData): IChip[] {
  const paths: unknown = data.getData(FILES);
  if (Array.isArray(paths)) {
    return paths
      .filter(path => typeof path === 'string')
      .map(path => ({ kind: 'file', name: pathOf(contents, path) }));
  }
  const cells: unknown = data.getData(CELLS);
  return Array.isArray(cells) ? cells.map(idOf).flatMap(id => (id ? (around.cell(id) ?? []) : [])) : [];
}

/** The id of a dragged cell's widget. */
function idOf(widget: unknown): string | null {
  const id = (widget as { model?: { id?: unknown } } | null)?.model?.id;
  return typeof id === 'string' ? id : null;
}
