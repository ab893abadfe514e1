import { LabShell, type JupyterFrontEnd, type LayoutRestorer } from '@jupyterlab/application';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { addPlaceCommands, Place, PlaceCommandIDs } from '../../plugins/place';
import { Shown } from '../panel';
import { FakeServer } from '../server';

describe('where the panel is', () => {
  let shell: LabShell;
  let shown: Shown;
  let place: Place;
  let commands: CommandRegistry;

  const area = (): string | undefined =>
    (['left', 'right', 'main'] as const).find(name => [...shell.widgets(name)].includes(shown.panel));
  const box = (): HTMLTextAreaElement => shown.find('.jp-FrevaGPT-input textarea');

  beforeEach(async () => {
    shell = new LabShell({ waitForRestore: false });
    Widget.attach(shell, document.body);
    const nothing = { fetch: () => Promise.resolve({}) } as unknown as LayoutRestorer;
    await shell.restoreLayout('multiple-document', nothing);
    shown = new Shown(new FakeServer());
    place = new Place(shell, shown.panel);
    commands = new CommandRegistry();
    addPlaceCommands({
      app: { commands } as unknown as JupyterFrontEnd,
      palette: null,
      panel: shown.panel,
      place,
      draft: shown.parts.draft,
      trans: nullTranslator.load('jupyter_frevagpt')
    });
    await vi.waitFor(box);
  });

  afterEach(() => {
    shown.dispose();
    shell.dispose();
  });

  it('goes to the main area and back, and takes along what is typed and opened', async () => {
    expect(area()).toBe('left');
    expect(shown.panel.title).toMatchObject({ label: '', closable: false });
    shown.parts.draft.text = 'half a question';
    await vi.waitFor(() => expect(box().value).toBe('half a question'));
    const node = box();
    for (const [id, where, label] of [
      [PlaceCommandIDs.main, 'main', 'FrevaGPT'],
      [PlaceCommandIDs.side, 'left', '']
    ]) {
      expect(Object.values(PlaceCommandIDs).filter(one => commands.isEnabled(one))).toEqual([id]);
      await commands.execute(id);
      expect(area()).toBe(where);
      expect(shown.panel.title).toMatchObject({ label, closable: where === 'main' });
      expect(shown.panel.isVisible).toBe(true);
      await vi.waitFor(() => expect(document.activeElement).toBe(box()));
      expect(box()).toBe(node); // not made anew
      expect(box().value).toBe('half a question');
    }
  });

  it('returns to the sidebar when its tab is closed, and leaves what the user looks at', () => {
    place.toMain();
    shown.panel.close();
    expect(shown.panel.isDisposed).toBe(false);
    expect(area()).toBe('left');
    expect(shown.panel.isVisible).toBe(false);
    place.show();
    expect(shown.panel.isVisible).toBe(true);
  });

  it('is shown where it is, and returns to the side where the user had it', async () => {
    shell.move(shown.panel, 'right');
    place.toMain();
    place.show();
    expect(area()).toBe('main');
    place.toSide();
    expect(area()).toBe('right');
    shown.panel.parent = null; // as the setting that switches it off does
    place.show();
    expect(area()).toBe('right');
    await vi.waitFor(box);
  });
});
