import { beforeEach, describe, expect, it } from 'vitest';

import type { IChangesHint } from '../../api/review';
import { Calls } from '../../model/calls';
import { Changes } from '../../model/changes';
import type { CodeRun } from '../../model/run';
import { Transcript } from '../../model/transcript';
import { changes, code, END, output, state, THREAD } from '../hints';
import { FakeServer } from '../server';

const UNDONE = { restored: ['trend'], not_restored: { ds: 'too large' }, cannot_vouch: ['model'] };
const REPORT = { restored: ['trend'], lost: [['ds', 'too large']], doubtful: [['model', '']] };
const TURN = [code('x = 1'), output(''), state('done'), changes(), END];

describe('Changes', () => {
  it('keeps names and files apart, each name once', () => {
    const found = new Changes({
      id: 'c',
      created: ['a'],
      rebound: ['b'],
      changed: ['b', 'd'],
      deleted: ['e'],
      unknown: ['f'],
      files: [{ path: 'map.png', type: 'image/png', size: 3, change: 'created' }]
    });
    expect(found.names).toEqual(['a', 'b', 'd', 'e', 'f']);
    const file = { path: 'map.png', type: 'image/png', change: 'created', size: 3, reachable: true };
    expect(found.files).toEqual([file]);
    expect([found.empty, found.undoable, found.partial]).toEqual([false, false, false]);
  });

  it('knows when not all files could be looked at', () => {
    expect(new Changes({ id: 'c', created: ['a'], complete: false }).partial).toBe(true);
    expect(new Changes({ id: 'c', created: ['a'], complete: true }).partial).toBe(false);
  });

  it('takes names with reasons too', () => {
    const found = new Changes({ id: 'c', unknown: { model: 'not comparable' } });
    expect([found.names, found.unknown]).toEqual([['model'], [['model', 'not comparable']]]);
    found.undone({ restored: [], not_restored: ['a'], cannot_vouch: { b: 'too large' } });
    expect(found.report).toEqual({ restored: [], lost: [['a', '']], doubtful: [['b', 'too large']] });
  });

  it('reads nothing out of nonsense', () => {
    const hint = { id: 'c', undo: 'yes', created: 'abc', files: [null, {}, 'x'], changed: [1, {}] };
    const found = new Changes(JSON.parse(JSON.stringify(hint)) as IChangesHint);
    expect([found.empty, found.undoable]).toEqual([true, false]);
  });

  it.each([
    ['map.png', true],
    ['out/a b/map.png', true],
    ['..map/x..png', true],
    ['/etc/passwd', false],
    ['../map.png', false],
    ['out/../../map.png', false],
    ['out\\..\\..\\map.png', false],
    ['~/map.png', false],
    ['C:\\map.png', false],
    ['\\\\host\\map.png', false],
    ['file:///etc/passwd', false]
  ])('tells whether %j lies under the root of the server', (path, reachable) => {
    expect(new Changes({ id: 'c', files: [{ path }] }).files[0].reachable).toBe(reachable);
  });

  it('opens no file that is gone', () => {
    const files = [{ path: 'a.txt', change: 'deleted' }];
    expect(new Changes({ id: 'c', files }).files[0].reachable).toBe(false);
  });
});

describe('undoing', () => {
  let server: FakeServer;
  let calls: Calls;
  let run: CodeRun;

  beforeEach(() => {
    server = new FakeServer();
    calls = new Calls(server.client, () => THREAD);
    // as after a reload
    run = Transcript.of(TURN).entries[0] as CodeRun;
  });

  it('reports what was done, and cannot be done twice', async () => {
    server.will('undo', Response.json(UNDONE));
    const undone = calls.undo(run);
    expect(run.changes?.undoing).toBe(true);
    await Promise.all([undone, calls.undo(run)]);
    await calls.undo(run);
    expect(server.bodies('undo')).toEqual([{ thread_id: THREAD, id: 'c' }]);
    expect(run.changes?.report).toEqual(REPORT);
    expect([run.changes?.undoable, run.changes?.undoing]).toEqual([false, false]);
  });

  it('says when there is nothing left', async () => {
    server.will('undo', Response.json({ detail: 'The kernel was restarted.' }, { status: 404 }));
    await calls.undo(run);
    expect([run.changes?.nothing, run.changes?.undoable, run.changes?.error]).toEqual([true, false, '']);
  });

  it('can be tried again after a failure', async () => {
    server.will('undo', Response.json({ detail: 'The kernel is busy.' }, { status: 409 }));
    server.will('undo', Response.json(UNDONE));
    await calls.undo(run);
    expect([run.changes?.error, run.changes?.undoable]).toEqual(['The kernel is busy.', true]);
    await calls.undo(run);
    expect([run.changes?.error, run.changes?.report]).toEqual(['', REPORT]);
  });

  it('is told by the stored thread, behind the turn and behind later ones', () => {
    const undone = changes({ undone: UNDONE });
    const later = [code('y = 2', 'd'), END];
    for (const items of [[...TURN, undone], [...TURN, ...later, undone]]) {
      const transcript = Transcript.of(items);
      const found = (transcript.entries[0] as CodeRun).changes;
      expect([found?.report, found?.undoable, found?.names]).toEqual([REPORT, false, ['trend']]);
      expect(transcript.entries.every(entry => entry.kind === 'run')).toBe(true);
    }
  });

  it('is left out when its run is unknown', () => {
    expect(Transcript.of([changes({ id: 'nobody', undone: UNDONE })]).entries).toEqual([]);
  });
});
