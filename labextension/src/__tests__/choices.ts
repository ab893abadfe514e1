/** The user's choices, kept nowhere. */

import { Signal } from '@lumino/signaling';

import type { Policy, Shown } from '../api/wishes';
import type { IChoices } from '../model/policy';

/** Keeps what is chosen. */
export class FakeChoices implements IChoices {
  policy: Policy | null = null;
  variables: Shown = 'values';
  acknowledged: readonly string[] = [];
  readonly changed = new Signal<this, void>(this);

  choosePolicy(policy: Policy | null): Promise<void> {
    this.policy = policy;
    return this._told();
  }

  chooseVariables(variables: Shown): Promise<void> {
    this.variables = variables;
    return this._told();
  }

  acknowledge(host: string): Promise<void> {
    this.acknowledged = [...this.acknowledged, host];
    return this._told();
  }

  private _told(): Promise<void> {
    this.changed.emit();
    return Promise.resolve();
  }
}
