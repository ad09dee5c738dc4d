import {
  type CanActivate,
  Controller,
  Get,
  Header,
  HttpCode,
  Injectable,
  Param,
  ParseIntPipe,
  Post,
  Scope,
  UseGuards,
} from '@nestjs/common';
import { Cacheable, CacheConfig, CacheEvict } from '../../../src/modules/cache/index.js';
import { startCacheApp } from '../../support/cache-app.js';

@Injectable()
class Refusing implements CanActivate {
  static isOpen = true;
  canActivate(): boolean {
    return Refusing.isOpen;
  }
}

@CacheConfig({ namespace: 'reports' })
@Controller('reports')
class Reports {
  static runs: unknown[] = [];

  // The pipe has run when the key is made: 7 and 07 are one report.
  @Get(':id')
  @Header('x-report', 'yes')
  @UseGuards(Refusing)
  @Cacheable({ key: (id) => [id], tags: (id) => [`report:${id + 0}`] })
  async find(@Param('id', ParseIntPipe) id: number): Promise<{ id: number; run: number }> {
    return { id, run: Reports.runs.push(id) };
  }

  @Post(':id/refresh')
  @HttpCode(204)
  @CacheEvict({ tags: (id) => [`report:${id}`] })
  async refresh(@Param('id', ParseIntPipe) id: number): Promise<void> {
    Reports.runs.push(-id);
  }
}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedReports {
  static runs = 0;

  @Get(':id')
  @Cacheable({ key: (id) => id })
  async find(@Param('id') id: string): Promise<string> {
    return `${id} ${++ScopedReports.runs}`;
  }
}

describe('decorated controllers', () => {
  it('are cached by the arguments that their pipes made, with guards, headers and status as before', async () => {
    const app = await startCacheApp({ controllers: [Reports] });
    for (const path of ['/reports/7', '/reports/07']) {
      const answer = await app.http.get(path).expect(200, { id: 7, run: 1 });
      expect(answer.headers['x-report']).toBe('yes');
    }
    await app.http.get('/reports/seven').expect(400);
    await app.http.post('/reports/7/refresh').expect(204);
    await app.http.get('/reports/7').expect(200, { id: 7, run: 3 });
    Refusing.isOpen = false;
    await app.http.get('/reports/7').expect(403);
    await app.close();
  });

  it('are cached in request scope', async () => {
    const app = await startCacheApp({ controllers: [ScopedReports] });
    await app.http.get('/scoped/a').expect(200, 'a 1');
    await app.http.get('/scoped/a').expect(200, 'a 1');
    await app.http.get('/scoped/b').expect(200, 'b 2');
    await app.close();
  });
});
