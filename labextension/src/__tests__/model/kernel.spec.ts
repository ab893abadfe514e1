import type { INotebookTracker } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';
import { beforeEach, describe, expect, it } from 'vitest';

import { NotebookKernels } from '../../model/kernel';

/** As much of a notebook panel as is looked at. */
class FakePanel {
  readonly context: { path: string };
  readonly sessionContext = {
    session: null as { kernel: { id: string } | null } | null,
    kernelDisplayName: 'Python 3 (ipykernel)',
    kernelChanged: new Signal<object, void>({}),
    sessionChanged: new Signal<object, void>({}),
    propertyChanged: new Signal<object, void>({})
  };

  constructor(path: string, kernel: string | null) {
    this.context = { path };
    this.start(kernel);
  }

  start(kernel: string | null): void {
    this.sessionContext.session = kernel ? { kernel: { id: kernel } } : null;
    this.sessionContext.kernelChanged.emit();
  }
}

/** As much of the tracker. */
class FakeTracker {
  panels: FakePanel[] = [];
  currentWidget: FakePanel | null = null;
  readonly currentChanged = new Signal<object, void>({});

  find(wanted: (panel: FakePanel) => boolean): FakePanel | undefined {
    return this.panels.find(wanted);
  }

  show(panel: FakePanel | null): void {
    this.currentWidget = panel;
    this.currentChanged.emit();
  }
}

describe('NotebookKernels', () => {
  let tracker: FakeTracker;
  let kernels: NotebookKernels;
  let changes: number;

  beforeEach(() => {
    tracker = new FakeTracker();
    kernels = new NotebookKernels(tracker as unknown as INotebookTracker);
    changes = 0;
    kernels.changed.connect(() => changes++);
  });

  it('has none while no notebook is open', () => {
    expect(kernels.current).toEqual({ id: null, notebook: null, name: null });
  });

  it('follows the active notebook and its kernel', () => {
    const a = new FakePanel('work/a.ipynb', null);
    const b = new FakePanel('b.ipynb', 'k-b');
    tracker.show(a);
    expect(kernels.current).toEqual({ id: null, notebook: 'a.ipynb', name: null });
    a.start('k-a');
    expect(kernels.current).toEqual({ id: 'k-a', notebook: 'a.ipynb', name: 'Python 3' });
    tracker.show(b);
    expect(kernels.current.id).toBe('k-b');
    a.start('k-c');
    expect(kernels.current.id).toBe('k-b');
    expect(changes).toBe(3);
    a.context.path = 'c.ipynb';
    tracker.show(a);
    expect(kernels.current).toEqual({ id: 'k-c', notebook: 'c.ipynb', name: 'Python 3' });
    tracker.show(null);
    expect(kernels.current.id).toBeNull();
  });

  it('finds the notebook on a kernel', () => {
    tracker.panels = [new FakePanel('a.ipynb', 'k-a'), new FakePanel('b.ipynb', 'k-b')];
    expect(kernels.find('k-b')?.notebook).toBe('b.ipynb');
    expect(kernels.find('k-x')).toBeNull();
  });
});
