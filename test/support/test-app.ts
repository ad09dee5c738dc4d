import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import supertest from 'supertest';
import { PATIENT_READS } from './patient-reads.js';
import { createApp } from '../../src/create-app.js';
import { TEST_TOKEN } from './test-token.js';

export { TEST_TOKEN };

/** A running service. */
export interface TestApp {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** A fresh supertest agent, which keeps cookies; `http` is one for requests that need none. */
  agent(): ReturnType<typeof supertest.agent>;
  /** A client that sends nothing but what a test says. */
  readonly http: ReturnType<typeof supertest>;
  /** A client that sends {@link TEST_TOKEN} with every request. */
  readonly operator: ReturnType<typeof supertest.agent>;
  readonly nest: NestFastifyApplication;
  get<T>(token: Parameters<NestFastifyApplication['get']>[0]): T;
  close(): Promise<void>;
}

/** Starts the service on a free loopback port with nothing in its environment but what is given; quiet unless `LOG_LEVEL` says otherwise. */
export async function startApp(env: NodeJS.ProcessEnv = {}): Promise<TestApp> {
  const nest = await createApp({
    LOG_LEVEL: 'silent',
    LOG_FORMAT: 'json',
    LARDER_TOKEN: TEST_TOKEN,
    ...PATIENT_READS,
    ...env,
  });
  await nest.listen(0, '127.0.0.1');
  const url = await nest.getUrl();
  return {
    url,
    http: supertest(url),
    operator: supertest.agent(url).set('authorization', `Bearer ${TEST_TOKEN}`),
    agent: () => supertest.agent(url),
    nest,
    get: <T>(token: Parameters<NestFastifyApplication['get']>[0]) => nest.get<T>(token, { strict: false }),
    close: () => nest.close(),
  };
}
