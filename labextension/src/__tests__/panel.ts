/** The whole panel over a server in miniature. */

import { RenderMimeRegistry, standardRendererFactories } from '@jupyterlab/rendermime';
import { nullTranslator } from '@jupyterlab/translation';
import { fileIcon } from '@jupyterlab/ui-components';
import { Signal, type ISignal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { vi } from 'vitest';

import { Again } from '../model/again';
import { Calls } from '../model/calls';
import { Catalogue } from '../model/catalogue';
import { Chats } from '../model/chats';
import { Conversation } from '../model/conversation';
import { Documents } from '../model/documents';
import { Draft } from '../model/draft';
import type { IKernel, IKernels } from '../model/kernel';
import { Memory } from '../model/memory';
import { Mentions } from '../model/mentions';
import { Slashes, type ISlash } from '../model/slash';
import { Notice } from '../model/notice';
import { Bounds } from '../model/policy';
import { Privacy } from '../model/privacy';
import { ThreadList } from '../model/threads';
import { View } from '../model/view';
import { Workbench } from '../model/workbench';
import type { IPanelParts } from '../ui/parts';
import { untrusted } from '../ui/rendermime';
import { Sidebar } from '../ui/sidebar';
import { FakeAround } from './around';
import { FakeChoices } from './choices';
import { FakeNotebooks } from './notebooks';
import type { FakeServer } from './server';

class FakeKernels implements IKernels {
  current: IKernel = { id: 'k', notebook: 'a.ipynb', name: 'Python 3' };
  readonly changed: ISignal<IKernels, void> = new Signal<IKernels, void>(this);
  find = (): null => null;
}

/** A panel that can be shown, and what it is made of. */
export class Shown {
  readonly preferences = { sendWithEnter: true, changed: new Signal<object, void>({}) };
  readonly choices = new FakeChoices();
  /** The files that were opened. */
  readonly opened: string[] = [];
  /** The chats whose menu was opened. */
  readonly menus: string[] = [];
  /** What lies beside the chat, and the commands of the box. */
  readonly around = new FakeAround();
  readonly slashes: ISlash[] = [];
  readonly notebooks = new FakeNotebooks();
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
      lets: () => this.parts.privacy.notice.lets(),
      model: () => catalogue.chosen?.name
    });
    const threads = new ThreadList(server.client);
    const view = new View();
    const bounds = new Bounds(catalogue, this.choices);
    const notice = new Notice(catalogue, this.choices);
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
      threads,
      chats: new Chats(threads, conversation),
      chatMenu: { open: threadId => this.menus.push(threadId) },
      again: new Again(server.client, conversation),
      view,
      privacy: new Privacy({
        client: server.client,
        bounds,
        notice,
        choices: this.choices,
        conversation,
        view,
        emptied: () => conversation.newChat()
      }),
      documents: new Documents(server.client),
      draft,
      workbench: new Workbench(this.notebooks),
      mentions: new Mentions(this.around),
      slashes: new Slashes(this.slashes),
      shrink: picture => Promise.resolve(`picture of ${picture.type}`),
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
