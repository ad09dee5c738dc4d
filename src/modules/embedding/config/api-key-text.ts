import { z } from 'zod';
import { listText } from '../../../common/config/config-schemas.js';
import type { Tenant } from '../embedding.types.js';

/** A tenant with the digest of its key. The configuration never contains the key itself. */
export interface ApiKey {
  readonly tenant: Tenant;
  /** SHA-256 of the key, 32 bytes. */
  readonly digest: Buffer;
}

const NAME = /^[\w.-]{1,64}$/;
const DIGEST = /^[0-9a-f]{64}$/i;
const limit = z.coerce.number().int().min(1).default(Number.POSITIVE_INFINITY);
const settingsSchema = z.strictObject({
  rpm: limit,
  'texts-per-day': limit,
  cache: z.enum(['shared', 'isolated']).default('shared'),
});

/** `name=<sha256 hex>[;rpm=…][;texts-per-day=…][;cache=isolated]`, separated by commas. Problems name the tenant, never the digest. */
export const apiKeysText = () =>
  listText().transform((entries, context): readonly ApiKey[] =>
    entries.flatMap((entry) => {
      const [identity = '', ...fields] = entry.split(';').map((part) => part.trim());
      const [name = '', digest = ''] = identity.split('=');
      const settings = settingsSchema.safeParse(Object.fromEntries(fields.map((field) => field.split('='))));
      if (!NAME.test(name) || !DIGEST.test(digest) || !settings.success) {
        context.addIssue(
          `API key of ${NAME.test(name) ? name : 'an unnamed tenant'}: give name=<64 hex digits>[;rpm=n][;texts-per-day=n][;cache=isolated]`,
        );
        return [];
      }
      const { rpm, cache, 'texts-per-day': textsPerDay } = settings.data;
      const tenant: Tenant = { name, isIsolated: cache === 'isolated', requestsPerMinute: rpm, textsPerDay };
      return [{ tenant, digest: Buffer.from(digest, 'hex') }];
    }),
  );
