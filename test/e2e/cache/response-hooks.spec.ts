import { type CanActivate, Controller, type ExecutionContext, Get, Req, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CacheResponse } from '../../../src/modules/cache/index.js';
import { type CacheApp, startCacheApp } from '../../support/cache-app.js';
import { eventually } from '../../support/eventually.js';

let runs = 0;

@Controller('open')
class OpenRoutes {
  @Get()
  @CacheResponse()
  read() {
    return { run: ++runs };
  }
}

describe('a hit is answered after the hooks that may refuse it', () => {
  const refuse = async (request: FastifyRequest, reply: FastifyReply) => {
    if (request.headers['x-banned']) return reply.code(403).send('refused');
    return undefined;
  };

  it.each(['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const)(
    '%s, of the application',
    async (hook) => {
      const app = await startCacheApp(
        { controllers: [OpenRoutes] },
        {},
        {
          prepare: (nest) =>
            // `preParsing` is given a payload in between.
            nest
              .getHttpAdapter()
              .getInstance()
              .addHook(hook as 'preHandler', hook === 'preParsing' ? async (a, b) => refuse(a, b) : refuse),
        },
      );
      await expectRefusals(app);
    },
  );

  it('that another hook of the start adds to the route', async () => {
    const late = await startCacheApp(
      { controllers: [OpenRoutes] },
      {},
      {
        prepare: (nest) =>
          nest
            .getHttpAdapter()
            .getInstance()
            .addHook('onRoute', (route: { preHandler?: unknown }) => {
              route.preHandler = [refuse];
            }),
      },
    );
    await expectRefusals(late);
  });

  async function expectHits(app: CacheApp): Promise<void> {
    await app.http.get('/open').expect(200);
    await app.http.get('/open').expect(200).expect('cache-status', /hit/);
  }

  async function expectRefusals(app: CacheApp): Promise<void> {
    await expectHits(app);
    await app.http.get('/open').set('x-banned', '1').expect(403, 'refused');
    await app.close();
  }
});

const tenantOf = new Map<string, string>();

class MemberGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest & { user?: unknown }>();
    request.user = { id: 'ann', tenantId: tenantOf.get('ann') };
    return true;
  }
}

@Controller('member')
@UseGuards(MemberGuard)
class MemberRoutes {
  @Get()
  @CacheResponse({ scope: 'tenant', ttl: '20ms', staleWhileRevalidate: '1m' })
  read(@Req() { user }: { user: { tenantId: string } }) {
    runs += 1;
    return { of: user.tenantId };
  }
}

describe('a response that is made anew in the background', () => {
  it('is not stored for the old tenant of a caller that has another one now', async () => {
    const app = await startCacheApp({ controllers: [MemberRoutes] });
    tenantOf.set('ann', 'acme');
    runs = 0;
    await app.http.get('/member').expect(200, { of: 'acme' });
    const guard = MemberGuard.prototype.canActivate;
    let asked = 0;
    // The caller is of acme when it asks, and of globex when its request is made anew.
    MemberGuard.prototype.canActivate = function (context) {
      asked += 1;
      tenantOf.set('ann', asked % 2 === 1 ? 'acme' : 'globex');
      return guard.call(this, context);
    };
    try {
      await eventually(async () => {
        asked = 0;
        const answer = await app.http.get('/member').expect(200, { of: 'acme' });
        expect(answer.headers['cache-status']).toMatch(/ttl=-/);
        expect(asked).toBe(2);
      });
      expect(runs).toBe(1);
    } finally {
      MemberGuard.prototype.canActivate = guard;
    }
    tenantOf.set('ann', 'acme');
    await app.http.get('/member').expect(200, { of: 'acme' });
    await app.close();
  });
});
