/** A conversation without a panel, over the server in miniature. */

import { Signal, type ISignal } from '@lumino/signaling';
import { expect, vi } from 'vitest';

import { Conversation, type Status } from '../model/conversation';
import { Draft } from '../model/draft';
import type { IKernel, IKernels } from '../model/kernel';
import { Memory } from '../model/memory';
import { FakeServer } from './server';

export const NOTEBOOK: IKernel = { id: 'k-1', notebook: 'a.ipynb', name: 'Python 3' };
export const OTHER: IKernel = { id: 'k-2', notebook: 'b.ipynb', name: 'Python 3' };

type Wait = ConstructorParameters<typeof Conversation>[0]['wait'];

/** Two notebooks, of which one is current. */
export class FakeKernels implements IKernels {
  current = NOTEBOOK;
  readonly changed: ISignal<IKernels, void> = new Signal<IKernels, void>(this);
  find = (id: string): IKernel | null => [NOTEBOOK, OTHER].find(one => one.id === id) ?? null;
}

/** A window with a conversation; `make` gives that of the same window after a reload. */
export class Talk {
  server = new FakeServer();
  readonly kernels = new FakeKernels();
  readonly draft = new Draft();
  readonly memory: Memory;
  readonly waits: number[] = [];
  talk: Conversation;

  constructor() {
    window.sessionStorage.clear();
    this.memory = new Memory();
    this.talk = this.make();
  }

  make(wait?: Wait): Conversation {
    return new Conversation({
      client: this.server.client,
      kernels: this.kernels,
      draft: this.draft,
      memory: this.memory,
      model: () => 'm',
      wait:
        wait ??
        (milliseconds => {
          this.waits.push(milliseconds);
          return Promise.resolve();
        })
    });
  }

  /** The entries in words. */
  shown(): string[] {
    return this.talk.transcript.entries.map(entry =>
      entry.kind === 'run'
        ? `${entry.state}: ${entry.code}`
        : entry.kind === 'tool' || entry.kind === 'usage'
          ? entry.kind
          : entry.text
    );
  }

  reaches(status: Status): Promise<void> {
    return vi.waitFor(() => expect(this.talk.status).toBe(status));
  }
}
