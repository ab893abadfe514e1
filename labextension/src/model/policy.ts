/** What the user wants of each question, within what the site allows. */

import { Signal, type ISignal } from '@lumino/signaling';

import type { ISite, IWishes, Policy, Shown } from '../api/wishes';
import type { Catalogue } from './catalogue';

/** From the policy that lets everything run to the one that lets nothing run. */
export const POLICIES: readonly Policy[] = ['run', 'ask-when-risky', 'ask', 'suggest'];

/** From sending the most to sending nothing. */
export const SHOWN: readonly Shown[] = ['values', 'names', 'nothing'];

/** Where the user's own choices are kept. */
export interface IChoices {
  /** The policy that is wanted; null for the site's. */
  readonly policy: Policy | null;
  readonly variables: Shown;
  /** The model services whose notice was read. */
  readonly acknowledged: readonly string[];
  readonly changed: ISignal<unknown, void>;
  choosePolicy(policy: Policy | null): Promise<void>;
  chooseVariables(variables: Shown): Promise<void>;
  acknowledge(host: string): Promise<void>;
}

/** Brings both together; the server checks the same on each request. */
export class Bounds {
  constructor(
    private readonly _catalogue: Catalogue,
    private readonly _choices: IChoices
  ) {
    _catalogue.changed.connect(() => this._changed.emit());
    _choices.changed.connect(() => this._changed.emit());
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What the site decided; null while that is not known. */
  get site(): ISite | null {
    return this._catalogue.site;
  }

  /** Whether the site lets the user have that policy. */
  allows(policy: Policy): boolean {
    return !this.site || POLICIES.indexOf(policy) >= POLICIES.indexOf(this.site.policy);
  }

  allowsVariables(shown: Shown): boolean {
    return !this.site || SHOWN.indexOf(shown) >= SHOWN.indexOf(this.site.variables);
  }

  /** The policy that counts for the user's kernels; null while the site's is not known. */
  get policy(): Policy | null {
    const wanted = this._choices.policy;
    return wanted && this.allows(wanted) ? wanted : (this.site?.policy ?? null);
  }

  get variables(): Shown {
    const wanted = this._choices.variables;
    return this.allowsVariables(wanted) ? wanted : (this.site?.variables ?? wanted);
  }

  /** Whether the user wants less care than the site takes. */
  get overruled(): boolean {
    const { policy, variables } = this._choices;
    return (!!policy && !this.allows(policy)) || (variables === 'names' && !this.allowsVariables(variables));
  }

  /** What goes with each question. */
  get wishes(): IWishes {
    const { policy } = this._choices;
    return {
      ...(policy && this.allows(policy) ? { policy } : {}),
      ...(this._choices.variables === 'values' ? {} : { variables: this._choices.variables })
    };
  }

  private _changed = new Signal<this, void>(this);
}
