import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { checkPackage as checkTypes, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { packageFolder } from './package-build.mjs';

/** What npm, Node and TypeScript find in the package. @throws AssertionError for a finding. */
export async function checkPackage(tarball) {
  const { messages, pkg } = await publint({ pkgDir: packageFolder, strict: true });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, pkg)),
    [],
    'publint has findings',
  );
  const analysis = await checkTypes(createPackageFromTarballData(new Uint8Array(readFileSync(tarball))));
  assert.ok(analysis.types, 'the package has types');
  assert.deepEqual(
    analysis.problems.map(
      ({ kind, entrypoint, resolutionKind }) => `${kind} ${entrypoint ?? ''} ${resolutionKind ?? ''}`,
    ),
    [],
    'attw has problems',
  );
}
