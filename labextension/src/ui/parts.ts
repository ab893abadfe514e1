/** What the components share: the models behind the panel, its rendermime and its language. */

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import type { Again } from '../model/again';
import type { Calls } from '../model/calls';
import type { Catalogue } from '../model/catalogue';
import type { Chats } from '../model/chats';
import type { Conversation } from '../model/conversation';
import type { Documents } from '../model/documents';
import type { Draft } from '../model/draft';
import type { IKernels } from '../model/kernel';
import type { Mentions } from '../model/mentions';
import type { Privacy } from '../model/privacy';
import type { Slashes } from '../model/slash';
import type { ThreadList } from '../model/threads';
import type { Workbench } from '../model/workbench';
import type { View } from '../model/view';

/** The user's settings. */
export interface IPreferences {
  readonly sendWithEnter: boolean;
  readonly changed: ISignal<unknown, void>;
}

/** The files under the server's root. */
export interface IFiles {
  /** Whether the user may open it here. */
  opens(path: string): boolean;
  icon(path: string): LabIcon;
  open(path: string): Promise<void>;
}

/** A menu of what can be done with a chat. */
export interface IChatMenu {
  /** Open it below a button, or where the pointer is; the focus returns to the button. */
  open(threadId: string, button: HTMLElement, at?: { x: number; y: number }): void;
}

/** Everything that a component may need. */
export interface IPanelParts {
  conversation: Conversation;
  calls: Calls;
  files: IFiles;
  catalogue: Catalogue;
  kernels: IKernels;
  threads: ThreadList;
  chats: Chats;
  chatMenu: IChatMenu;
  again: Again;
  view: View;
  privacy: Privacy;
  documents: Documents;
  draft: Draft;
  mentions: Mentions;
  slashes: Slashes;
  /** Make a picture small enough to be sent; rejects what is none. */
  shrink: (picture: Blob) => Promise<string>;
  workbench: Workbench;
  preferences: IPreferences;
  rendermime: IRenderMimeRegistry;
  trans: TranslationBundle;
}

export const PartsContext = React.createContext<IPanelParts | null>(null);

/** The parts of the panel that a component is in. */
export function useParts(): IPanelParts {
  const parts = React.useContext(PartsContext);
  if (!parts) {
    throw new Error('This component belongs into the FrevaGPT panel.');
  }
  return parts;
}

/** Render again whenever one of the signals is emitted, at most once a frame if `calm`. */
export function useSignals(calm: boolean, ...signals: ISignal<unknown, unknown>[]): void {
  const [, render] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    let frame: number | null = null;
    const slot = (): void => {
      if (!calm) {
        render();
        return;
      }
      frame ??= window.requestAnimationFrame(() => {
        frame = null;
        render();
      });
    };
    signals.forEach(signal => signal.connect(slot));
    slot();
    return () => {
      signals.forEach(signal => signal.disconnect(slot));
      if (frame !== null) {
        window.cancelAnimationFrame(frame);
      }
    };
    // the number of signals is fixed where this is called
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [calm, ...signals]);
}
