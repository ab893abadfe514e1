/** The user's settings of the panel. */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Signal, type ISignal } from '@lumino/signaling';

import type { Policy, Shown } from '../api/wishes';
import { POLICIES, SHOWN, type IChoices } from '../model/policy';
import type { IPreferences } from '../ui/parts';

/** How the user is told of what happens while the page is hidden. */
export type Telling = 'lab' | 'browser' | 'off';

const TELLINGS: readonly Telling[] = ['lab', 'browser', 'off'];
const SMALLEST = 9;
const LARGEST = 32;

/** Follows Lab's Settings Editor; has the defaults until that was read, or without it. */
export class Preferences implements IPreferences, IChoices {
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Whether the user wants the assistant at all. */
  get enabled(): boolean {
    return this._get('enabled') !== false;
  }

  get sendWithEnter(): boolean {
    return this._get('sendWithEnter') !== false;
  }

  get policy(): Policy | null {
    return oneOf(POLICIES, this._get('codePolicy'));
  }

  get variables(): Shown {
    return oneOf(SHOWN, this._get('variables')) ?? 'values';
  }

  get telling(): Telling {
    return oneOf(TELLINGS, this._get('notifications')) ?? 'lab';
  }

  /** Pixels; null for Lab's own size. */
  get fontSize(): number | null {
    const size = this._get('fontSize');
    return typeof size === 'number' && size >= SMALLEST && size <= LARGEST ? size : null;
  }

  get acknowledged(): readonly string[] {
    const hosts = this._get('acknowledged');
    return Array.isArray(hosts) ? hosts.filter(host => typeof host === 'string') : [];
  }

  choosePolicy(policy: Policy | null): Promise<void> {
    return this._set('codePolicy', policy ?? 'site');
  }

  chooseVariables(variables: Shown): Promise<void> {
    return this._set('variables', variables);
  }

  async acknowledge(host: string): Promise<void> {
    if (!this.acknowledged.includes(host)) {
      await this._set('acknowledged', [...this.acknowledged, host]);
    }
  }

  async load(registry: ISettingRegistry, plugin: string): Promise<void> {
    const settings = (this._settings = await registry.load(plugin));
    settings.changed.connect(() => this._changed.emit());
    this._changed.emit();
  }

  private _get(name: string): unknown {
    return this._chosen.has(name) ? this._chosen.get(name) : this._settings?.get(name).composite;
  }

  /** A choice counts at once, and until the page is left where it cannot be kept. */
  private async _set(name: string, value: string | string[]): Promise<void> {
    this._chosen.set(name, value);
    this._changed.emit();
    if (!this._settings) {
      return;
    }
    try {
      await this._settings.set(name, value);
      if (this._chosen.get(name) === value) {
        this._chosen.delete(name);
      }
    } catch (reason) {
      console.warn('FrevaGPT: the settings cannot be written.', reason);
    }
  }

  private _settings: ISettingRegistry.ISettings | null = null;
  private readonly _chosen = new Map<string, unknown>();
  private _changed = new Signal<this, void>(this);
}

function oneOf<T extends string>(known: readonly T[], value: unknown): T | null {
  return known.find(one => one === value) ?? null;
}
