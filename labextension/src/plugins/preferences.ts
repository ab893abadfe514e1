/** The user's settings of the panel. */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Signal, type ISignal } from '@lumino/signaling';

import type { IPreferences } from '../ui/parts';

/** Follows Lab's Settings Editor; has the defaults until that was read, or without it. */
export class Preferences implements IPreferences {
  get sendWithEnter(): boolean {
    return this._sendWithEnter;
  }

  get changed(): ISignal<unknown, void> {
    return this._changed;
  }

  async load(registry: ISettingRegistry, plugin: string): Promise<void> {
    const settings = await registry.load(plugin);
    const read = (): void => {
      this._sendWithEnter = settings.get('sendWithEnter').composite !== false;
      this._changed.emit();
    };
    settings.changed.connect(read);
    read();
  }

  private _sendWithEnter = true;
  private _changed = new Signal<this, void>(this);
}
