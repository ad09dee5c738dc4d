import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { banner } from '../../../src/banner.js';
import { ServiceToken } from '../../../src/common/http/guards/service-token.js';
import { startApp } from '../../support/test-app.js';

describe('what the start prints', () => {
  let dataDir: string;
  beforeAll(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'larder-data-'));
  });
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  async function printed(env: NodeJS.ProcessEnv, isTerminal: boolean): Promise<{ text: string; token: string }> {
    const app = await startApp({ LARDER_TOKEN: '', DATA_DIR: dataDir, ...env });
    const text = banner(app.nest, 'http://x', isTerminal);
    const { value: token } = app.get<ServiceToken>(ServiceToken);
    await app.close();
    return { text, token };
  }

  it('has links that carry the token on a terminal, in the part of an address that is not sent', async () => {
    const { text, token } = await printed({}, true);
    expect(text).toContain(`http://x/admin#token=${token}\n`);
    expect(text).toContain(`http://x/docs#token=${token}\n`);
    expect(text).toContain('local (512 dimensions), without a key');
  });

  it('names the file of the token elsewhere', async () => {
    const { text, token } = await printed({}, false);
    expect(text).not.toContain(token);
    expect(text).toContain(`in ${join(dataDir, 'token')}\n`);
  });

  it.each([{ LARDER_TOKEN: 'a-configured-token' }, { ADMIN_TOKEN: 'a-configured-token' }])(
    'never shows a configured token: %j',
    async (env) => {
      const { text } = await printed(env, true);
      expect(text).not.toContain('a-configured-token');
      expect(text).not.toContain('#token');
    },
  );

  it('says which key an upstream makes necessary, and that instances of a fleet have tokens of their own', async () => {
    const { text } = await printed({ GEMINI_API_KEY: 'x', REDIS_URL: 'redis://127.0.0.1:1' }, false);
    expect(text).toContain('with the token as API key (EMBEDDING_API_KEYS is not set)');
    expect(text).toContain('for this instance alone: set LARDER_TOKEN for all');
  });
});
