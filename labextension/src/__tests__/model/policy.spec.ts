import { beforeEach, describe, expect, it } from 'vitest';

import type { IModel, ISettings } from '../../api/variants';
import type { ISite } from '../../api/wishes';
import { Catalogue } from '../../model/catalogue';
import { costOf } from '../../model/cost';
import { Memory } from '../../model/memory';
import { Notice, placeOf } from '../../model/notice';
import { Bounds } from '../../model/policy';
import { FakeChoices } from '../choices';
import { FakeServer } from '../server';

const MODELS: IModel[] = [
  { name: 'there', host: 'models.example.org', local: false },
  { name: 'here', host: 'localhost', local: true },
  { name: 'inside', host: '', local: true }
];
const SITE: ISite = { policy: 'ask-when-risky', scratch_policy: 'run', variables: 'values', fixed: [] };

describe('what a person chooses', () => {
  let server: FakeServer;
  let catalogue: Catalogue;
  let choices: FakeChoices;
  let bounds: Bounds;
  let notice: Notice;

  async function load(site: ISite | undefined = SITE): Promise<void> {
    const settings: ISettings = { models: MODELS, default: 'there', advice: '', ...(site ? { site } : {}) };
    server.will('settings', Response.json(settings));
    await catalogue.load();
  }

  beforeEach(() => {
    window.localStorage.clear();
    server = new FakeServer();
    catalogue = new Catalogue(server.client, new Memory());
    choices = new FakeChoices();
    bounds = new Bounds(catalogue, choices);
    notice = new Notice(catalogue, choices);
    server.client.wishes = () => bounds.wishes;
  });

  it('goes with each question, but for what the site does not allow', async () => {
    await load();
    expect(bounds.wishes).toEqual({});
    choices.policy = 'run';
    expect([bounds.policy, bounds.overruled, bounds.wishes]).toEqual(['ask-when-risky', true, {}]);
    choices.policy = 'ask';
    choices.variables = 'names';
    expect([bounds.policy, bounds.overruled]).toEqual(['ask', false]);
    server.will('streamresponse', { lines: [{ variant: 'StreamEnd', content: 'Finished.' }] });
    const question = { input: 'q', thread_id: 't' };
    for await (const line of server.client.ask(question, new AbortController().signal)) {
      expect(line.variant).toBe('StreamEnd');
    }
    expect(server.bodies('streamresponse')).toMatchObject([{ input: 'q', policy: 'ask', variables: 'names' }]);
  });

  it('cannot loosen what the site keeps back of variables', async () => {
    await load({ ...SITE, variables: 'nothing', fixed: ['variables'] });
    expect([bounds.variables, bounds.allowsVariables('values')]).toEqual(['nothing', false]);
    choices.variables = 'names';
    expect([bounds.variables, bounds.overruled]).toEqual(['nothing', true]);
  });

  it('holds the first question to a service elsewhere until the notice was read, once for each', async () => {
    expect(notice.lets()).toBe(true); // nobody knows yet where it would go
    await load();
    expect([notice.needed, notice.pressing]).toEqual([true, false]);
    expect(notice.lets()).toBe(false);
    expect(notice.pressing).toBe(true);
    await notice.acknowledge();
    expect([choices.acknowledged, notice.lets(), notice.pressing]).toEqual([['models.example.org'], true, false]);
    choices.acknowledged = ['models.example.com'];
    expect(notice.lets()).toBe(false);
    catalogue.choose('here');
    expect([notice.lets(), notice.pressing]).toEqual([true, false]);
    expect(MODELS.map(placeOf)).toEqual(['elsewhere', 'here', 'inside']);
    expect(placeOf({ name: 'of an older server' })).toBe('unknown');
  });

  it('knows what a turn cost where there is a price', () => {
    const usage = { prompt_tokens: 3000, completion_tokens: 1000 };
    const priced = { name: 'm', input_cost: 0.00001, output_cost: 0.00004 };
    expect(costOf(usage, priced)).toBe('0.0700');
    expect(costOf({ prompt_tokens: 1 }, priced)).toBe('<0.0001');
    expect(costOf({ prompt_tokens: 300_000 }, priced)).toBe('3.00');
    expect(costOf(usage, { ...priced, output_cost: null })).toBeNull();
    expect(costOf({ seconds: 1 }, priced)).toBeNull();
    expect(costOf(usage, { name: 'free', input_cost: 0, output_cost: 0 })).toBeNull();
    expect(costOf(usage, null)).toBeNull();
  });
});
