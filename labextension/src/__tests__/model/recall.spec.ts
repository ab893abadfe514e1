import { describe, expect, it } from 'vitest';

import { Answer, Question } from '../../model/entry';
import { RERUN_MODEL } from '../../model/errand';
import { addressOf } from '../../model/picture';
import { Recall } from '../../model/recall';

describe('Recall', () => {
  const entries = [new Question('one'), new Answer(), new Question('again', RERUN_MODEL), new Question('two')];

  it('goes back and forth through what was typed', () => {
    const recall = new Recall();
    expect(recall.older('', entries)).toBe('two');
    expect(recall.older('two', entries)).toBe('one');
    expect(recall.older('one', entries)).toBeNull();
    expect(recall.newer('one', entries)).toBe('two');
    expect(recall.newer('two', entries)).toBe('');
    expect(recall.newer('', entries)).toBeNull();
  });

  it('leaves a text of the user alone', () => {
    const recall = new Recall();
    expect(recall.older('mine', entries)).toBeNull();
    expect(recall.older('', entries)).toBe('two');
    expect(recall.older('two, edited', entries)).toBeNull();
    expect(recall.newer('two, edited', entries)).toBeNull();
    expect(recall.older('', [])).toBeNull();
  });
});

describe('addressOf', () => {
  it('is of PNG and JPEG only', () => {
    expect(addressOf('iVBORw0KGgoAAA==')).toBe('data:image/png;base64,iVBORw0KGgoAAA==');
    expect(addressOf('/9j/4AAQ')).toBe('data:image/jpeg;base64,/9j/4AAQ');
    for (const wrong of ['', 'PHN2Zz4=', 'iVBORw0KGgo"><script>', 'R0lGODlh']) {
      expect(addressOf(wrong)).toBe('');
    }
  });
});
