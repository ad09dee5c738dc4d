import { versionsIn, versionTag } from './version-tag.js';

const versions = (ifMatch: string) => [...(versionsIn(ifMatch) ?? ['any'])];

describe('If-Match', () => {
  it.each([
    ['"3"', [3]],
    ['"3", "4"', [3, 4]],
    [' "3" ,"4-br",, "5-gzip" ,', [3, 4, 5]],
    ['"7-skipped", "8-skipped-br"', [7, 8]],
    ['*', ['any']],
    [' * ', ['any']],
    ['W/"3"', []],
    ['W/"3", "4"', [4]],
    ['"03"', []],
    ['"3-zip"', []],
    ['"3-br-gzip"', []],
    ['"a,"', []],
    ['"3 "x', undefined],
    ['3', undefined],
    ['', undefined],
    [',', undefined],
    ['"3', undefined],
    ['"3" "4"', undefined],
    ['*, "3"', undefined],
    ['w/"3"', undefined],
  ])('%s', (ifMatch, expected) => {
    if (expected === undefined) expect(() => versions(ifMatch)).toThrow('not a list of entity tags');
    else expect(versions(ifMatch)).toEqual(expected);
  });

  it('takes the tags that documents are given', () => {
    expect(versions(versionTag({ version: 12 }))).toEqual([12]);
    expect(versions(versionTag({ version: 12, searchProblem: 'odd' }))).toEqual([12]);
  });

  it('takes a long list in a time that grows with its length', () => {
    expect(versions(Array.from({ length: 5_000 }, (_, i) => `"${i + 1}"`).join(','))).toHaveLength(5_000);
  });
});
