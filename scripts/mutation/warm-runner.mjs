/** Stryker's test runner for the specs of this project: see `spec-run.mjs`. */
import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core';
import { commonTokens, declareClassPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import { determineHitLimitReached, DryRunStatus, MutantRunStatus, TestStatus } from '@stryker-mutator/api/test-runner';
import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { collectTests, runTests } from './spec-run.mjs';

/** The instrumented sources read the active mutant here, and note here which test reached which mutant. */
const context = (globalThis[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {});

class WarmRunner {
  static inject = tokens(commonTokens.options);
  #settings;

  constructor(options) {
    this.#settings = options.warm;
  }

  /** Modules are imported once: Stryker starts a new process for a mutant in code that runs when it is imported. */
  capabilities() {
    return { reloadEnvironment: false };
  }

  async dryRun() {
    process.on('unhandledRejection', () => undefined);
    await this.#collect();
    const results = [];
    await runTests(
      () => true,
      ({ id, error, ms }) => {
        const result = { id, name: id, timeSpentMs: ms };
        if (error === undefined) results.push({ ...result, status: TestStatus.Success });
        else results.push({ ...result, status: TestStatus.Failed, failureMessage: error.stack ?? error.message });
        context.currentTestId = undefined;
        return false;
      },
      (id) => (context.currentTestId = id),
    );
    return { status: DryRunStatus.Complete, tests: results, mutantCoverage: context.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, mutantActivation, hitLimit }) {
    if (this.#isLeftOut(activeMutant.id)) return { status: MutantRunStatus.Error, errorMessage: 'left out' };
    const isStatic = mutantActivation === 'static';
    if (isStatic) context.activeMutant = activeMutant.id;
    try {
      await this.#collect();
    } catch (error) {
      return { status: MutantRunStatus.Killed, killedBy: ['import'], failureMessage: String(error), nrOfTests: 0 };
    }
    Object.assign(context, {
      activeMutant: activeMutant.id,
      hitLimit,
      hitCount: hitLimit === undefined ? undefined : 0,
    });
    const wanted = testFilter === undefined ? undefined : new Set(testFilter);
    let count = 0;
    let failed;
    await runTests(
      (id) => wanted === undefined || wanted.has(id),
      (result) => {
        count++;
        if (result.error !== undefined) failed = result;
        return failed !== undefined;
      },
    );
    const timeout = determineHitLimitReached(context.hitCount, hitLimit);
    if (!isStatic) context.activeMutant = undefined;
    if (timeout !== undefined) return { ...timeout, status: MutantRunStatus.Timeout };
    if (failed === undefined) return { status: MutantRunStatus.Survived, nrOfTests: count };
    const { id, error } = failed;
    return { status: MutantRunStatus.Killed, killedBy: [id], failureMessage: error.message, nrOfTests: count };
  }

  #tests;

  #collect() {
    const names = this.#settings.specs.flatMap((pattern) => globSync(pattern)).toSorted();
    this.#tests ??= collectTests(names.map((name) => ({ name, url: pathToFileURL(resolve(name)).href })));
    return this.#tests;
  }

  /** A sample leaves out mutants at random, the same ones for the same seed; past the deadline all are left out. */
  #isLeftOut(id) {
    const { sample, seed, deadline } = this.#settings;
    return Date.now() > deadline || shareOf(`${seed}:${id}`) >= sample;
  }
}

/** A number from 0 to 1 that looks random (FNV-1a). */
function shareOf(text) {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0) / 2 ** 32;
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'warm', WarmRunner)];
/** Stryker warns of options that no plugin knows. */
export const strykerValidationSchema = { type: 'object', properties: { warm: { type: 'object' } } };
