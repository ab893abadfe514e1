/** The plugin that answers `%frevagpt`: it asks in the panel's chat and sends the answer back below the cell. */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { ICodeCell } from '@jupyterlab/nbformat';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';

import type { Asked } from '../model/asked';
import { IFrevaGPT } from '../tokens';

const TARGET = 'frevagpt';

/** What the magic sends. */
interface IAsk {
  /** Names the output below the cell that asks. */
  id: string;
  question: string;
  /** Whether the answer's code is wanted as the next cell. */
  code: boolean;
}

export const magics: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-frevagpt:magics',
  description: 'Answers the magic %frevagpt of notebooks.',
  autoStart: true,
  requires: [IFrevaGPT, INotebookTracker],
  optional: [ITranslator],
  activate: (_, chat: IFrevaGPT, notebooks: INotebookTracker, translator: ITranslator | null) => {
    const trans = (translator ?? nullTranslator).load('jupyter_frevagpt');
    notebooks.widgetAdded.connect((_, panel) => {
      let known: Kernel.IKernelConnection | null | undefined;
      const listen = (): void => {
        const kernel = panel.sessionContext.session?.kernel;
        if (kernel && kernel !== known) {
          known = kernel;
          kernel.registerCommTarget(TARGET, (comm, message) => {
            const ask = askOf(message, kernel);
            if (ask) {
              new Answering(panel, comm, ask, chat, trans);
            }
          });
        }
      };
      panel.sessionContext.kernelChanged.connect(listen);
      listen();
    });
  }
};

/** Return what a cell of this window asks; code of the assistant's and other windows have other sessions. */
function askOf(message: KernelMessage.ICommOpenMsg, kernel: Kernel.IKernelConnection): IAsk | null {
  const parent = message.parent_header as { session?: unknown };
  const { id, question, code } = message.content.data;
  const sound = typeof id === 'string' && typeof question === 'string' && question.trim();
  return sound && parent.session === kernel.clientId ? { id, question, code: code === true } : null;
}

/** One question on its way to an answer. */
class Answering {
  constructor(
    private readonly _panel: NotebookPanel,
    private readonly _comm: Kernel.IComm,
    private readonly _ask: IAsk,
    chat: IFrevaGPT,
    private readonly _trans: TranslationBundle
  ) {
    const wish = _trans.__('Write the code for my next cell as one block, and do not run it yourself.');
    this._asked = chat.follow(_ask.code ? `${_ask.question}\n\n${wish}` : _ask.question);
    this._asked.changed.connect(this._tell);
    this._tell();
  }

  private readonly _tell = (): void => {
    const { progress, markdown } = this._asked;
    if (this._comm.isDisposed) {
      this._asked.dispose(); // the kernel has ended; the answer stands in the chat
      return;
    }
    const below = [markdown, this._remark(progress)].filter(Boolean).join('\n\n');
    this._comm.send({ markdown: below });
    if (progress === 'over' || progress === 'gone') {
      this._comm.close({ taken: true });
      const { code } = this._asked;
      if (this._ask.code && code) {
        insertBelow(this._panel, this._ask.id, code);
      }
    }
  };

  private _remark(progress: Asked['progress']): string {
    switch (progress) {
      case 'queued':
        return this._trans.__('*Waiting for the answer before it in the FrevaGPT panel …*');
      case 'asking for leave':
        return this._trans.__('*Code waits for your decision in the FrevaGPT panel.*');
      case 'answering':
        return this._trans.__('*FrevaGPT is answering …*');
      case 'gone':
        return this._trans.__('*No longer shown in the FrevaGPT panel.*');
      case 'over':
        return this._asked.markdown ? '' : this._trans.__('*There is no answer in words; see the FrevaGPT panel.*');
    }
  }

  private readonly _asked: Asked;
}

/** Put a cell with the code below the one whose output has that id; nothing where that is gone. */
function insertBelow(panel: NotebookPanel, id: string, code: string): void {
  const cells = panel.content.model?.sharedModel.cells ?? [];
  const at = cells.findIndex(
    cell =>
      cell.cell_type === 'code' &&
      (cell.toJSON() as ICodeCell).outputs.some(output => {
        const own = (output.metadata as { frevagpt?: { answer?: unknown } } | undefined)?.frevagpt;
        return own?.answer === id;
      })
  );
  if (at >= 0) {
    panel.content.model?.sharedModel.insertCell(at + 1, { cell_type: 'code', source: code, metadata: {} });
  }
}
