/** The whole panel over a server in miniature. */

import { RenderMimeRegistry, standardRendererFactories } from '@jupyterlab/rendermime';
import { nullTranslator } from '@jupyterlab/translation';
import { fileIcon } from '@jupyterlab/ui-components';
import { Signal, type ISignal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { vi } from 'vitest';

import { Calls } from '../model/calls';
import { Catalogue } from '../model/catalogue';
import { Conversation } from '../model/conversation';
import { Draft } from '../model/draft';
import type { IKernel, IKernels } from '../model/kernel';
import { Memory } from '../model/memory';
import { ThreadList } from '../model/threads';
import type { IPanelParts } from '../ui/parts';
import { untrusted } from '../ui/rendermime';
import { Sidebar } from '../ui/sidebar';
import type { FakeServer } from './server';

class FakeKernels implements IKernels {
  current: IKernel = { id: 'k', notebook: 'a.ipynb', name: 'Python 3' };
  readonly changed: ISignal<IKernels, void> = new Signal<IKernels, void>(this);
  find = (): null => null;
}

/** A panel that can be shown, and what it is made of. */
export class Shown {
  readonly preferences = { sendWithEnter: true, changed: new Signal<object, void>({}) };
  /** The files that were opened. */
  readonly opened: string[] = [];
  readonly parts: IPanelParts;
  readonly panel: Sidebar;

  constructor(server: FakeServer) {
    const draft = new Draft();
    const memory = new Memory();
    const kernels = new FakeKernels();
    const catalogue = new Catalogue(server.client, memory);
    const conversation = new Conversation({
      client: server.client,
      kernels,
      draft,
      memory,
      model: () => catalogue.chosen?.name
    });
    const app = new RenderMimeRegistry({
      initialFactories: standardRendererFactories,
      markdownParser: { render: text => Promise.resolve(`<p>${text}</p>`) }
    });
    this.parts = {
      conversation,
      calls: new Calls(server.client, () => conversation.threadId),
      files: {
        opens: () => true,
        icon: () => fileIcon,
        open: path => Promise.resolve(void this.opened.push(path))
      },
      catalogue,
      kernels,
      threads: new ThreadList(server.client),
      draft,
      preferences: this.preferences,
      rendermime: untrusted(app),
      trans: nullTranslator.load('jupyter_frevagpt')
    };
    this.panel = new Sidebar(this.parts);
  }

  /** Put it into the page. */
  async attach(): Promise<void> {
    Widget.attach(this.panel, document.body);
    await vi.waitFor(() => this.find('.jp-FrevaGPT-input textarea'));
  }

  find<T extends HTMLElement>(selector: string): T {
    const found = this.panel.node.querySelector<T>(selector);
    if (!found) {
      throw new Error(`There is no ${selector}.`);
    }
    return found;
  }

  has(selector: string): boolean {
    return this.panel.node.querySelector(selector) !== null;
  }

  /** Wait until a text can be read in it. */
  shows(text: string): Promise<void> {
    return vi.waitFor(() => {
      if (!this.panel.node.textContent.includes(text)) {
        throw new Error(`It does not show ${text}.`);
      }
    });
  }

  dispose(): void {
    this.parts.conversation.newChat();
    this.panel.dispose();
  }
}
