import { Signal } from '@lumino/signaling';
import { beforeEach, describe, expect, it } from 'vitest';

import { ActiveKernels, type ISessionPanel, type ITracked } from '../../model/kernel';

/** As much of a notebook, or of a console, as is looked at. */
class FakePanel {
  readonly context?: { path: string };
  readonly sessionContext = {
    name: 'Console 1',
    session: null as { kernel: { id: string } | null } | null,
    kernelDisplayName: 'Python 3 (ipykernel)',
    kernelChanged: new Signal<object, void>({}),
    sessionChanged: new Signal<object, void>({}),
    propertyChanged: new Signal<object, void>({})
  };

  constructor(path: string, kernel: string | null) {
    if (path) {
      this.context = { path };
    }
    this.start(kernel);
  }

  start(kernel: string | null): void {
    this.sessionContext.session = kernel ? { kernel: { id: kernel } } : null;
    this.sessionContext.kernelChanged.emit();
  }

  get panel(): ISessionPanel {
    return this as unknown as ISessionPanel;
  }
}

/** As much of a tracker. */
class FakeTracker {
  panels: FakePanel[] = [];
  current: FakePanel | null = null;
  readonly currentChanged = new Signal<object, void>({});

  get currentWidget(): ISessionPanel | null {
    return this.current?.panel ?? null;
  }

  find(wanted: (panel: ISessionPanel) => boolean): ISessionPanel | undefined {
    return this.panels.find(one => wanted(one.panel))?.panel;
  }

  has(widget: unknown): boolean {
    return this.panels.includes(widget as FakePanel);
  }

  show(panel: FakePanel): void {
    if (!this.panels.includes(panel)) {
      this.panels.push(panel);
    }
    this.current = panel;
    this.currentChanged.emit();
  }

  close(panel: FakePanel): void {
    this.panels = this.panels.filter(one => one !== panel);
    this.current = this.panels[0] ?? null;
    this.currentChanged.emit();
  }

  get tracked(): ITracked {
    return this;
  }
}

/** As much of Lab's shell. */
class FakeShell {
  currentWidget: ISessionPanel | null = null;
  readonly currentChanged = new Signal<object, void>({});

  focus(panel: FakePanel | null): void {
    this.currentWidget = panel?.panel ?? null;
    this.currentChanged.emit();
  }
}

describe('ActiveKernels', () => {
  let tracker: FakeTracker;
  let kernels: ActiveKernels;
  let changes: number;

  beforeEach(() => {
    tracker = new FakeTracker();
    kernels = new ActiveKernels([tracker.tracked]);
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
    a.context!.path = 'c.ipynb';
    tracker.show(a);
    expect(kernels.current).toEqual({ id: 'k-c', notebook: 'c.ipynb', name: 'Python 3' });
    tracker.close(a);
    expect(kernels.current.id).toBe('k-b');
    tracker.close(b);
    expect(kernels.current.id).toBeNull();
  });

  it('finds the notebook on a kernel', () => {
    tracker.panels = [new FakePanel('a.ipynb', 'k-a'), new FakePanel('b.ipynb', 'k-b')];
    expect(kernels.find('k-b')?.notebook).toBe('b.ipynb');
    expect(kernels.find('k-x')).toBeNull();
  });

  describe('with consoles', () => {
    const notebook = new FakePanel('a.ipynb', 'k-a');
    const console = new FakePanel('', 'k-c');
    let consoles: FakeTracker;
    let shell: FakeShell;

    beforeEach(() => {
      consoles = new FakeTracker();
      shell = new FakeShell();
      kernels = new ActiveKernels([tracker.tracked, consoles.tracked], shell);
      tracker.show(notebook);
      consoles.show(console);
    });

    it('takes the one that was active last, whatever is active now', () => {
      expect(kernels.current).toEqual({ id: 'k-c', notebook: 'Console 1', name: 'Python 3' });
      shell.focus(notebook);
      expect(kernels.current.id).toBe('k-a');
      shell.focus(console);
      expect(kernels.current.id).toBe('k-c');
      shell.focus(null);
      shell.focus(new FakePanel('text.md', null));
      expect(kernels.current.id).toBe('k-c');
    });

    it('goes back to the notebook when the console is closed', () => {
      shell.focus(console);
      shell.focus(null);
      consoles.close(console);
      expect(kernels.current.id).toBe('k-a');
    });

    it('finds the console on a kernel', () => {
      expect(kernels.find('k-c')?.notebook).toBe('Console 1');
    });
  });
});
