import { Readable } from 'node:stream';
import { Body, Controller, Get, Header, HttpCode, Post, StreamableFile, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiConsumes, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AdminGuard } from '../../../common/http/guards/admin.guard.js';
import { UsageTotals } from '../usage/usage-totals.js';
import { type EmbeddingLookup, lookupSchema, type EmbeddingPurge, purgeSchema } from './embedding-admin.schemas.js';
import { EmbeddingOperations } from './embedding-operations.js';
import { VectorArchive } from './vector-archive.js';

/** Cached vectors, for operators. */
@ApiTags('admin')
@ApiBearerAuth()
@Controller('admin/embeddings')
@UseGuards(AdminGuard)
export class EmbeddingAdminController {
  constructor(
    private readonly operations: EmbeddingOperations,
    private readonly archive: VectorArchive,
    private readonly usageTotals: UsageTotals,
  ) {}

  @Get()
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Cost and savings of requests on this instance since it started, by model' })
  totals() {
    return Object.fromEntries(this.usageTotals.byModel());
  }

  @Post('lookup')
  @HttpCode(200)
  @ApiOperation({ summary: 'Look up whether texts are cached, with age and size of their vectors' })
  async lookup(@Body({ schema: lookupSchema }) lookup: EmbeddingLookup) {
    return { texts: await this.operations.lookup(lookup) };
  }

  @Post('purge')
  @HttpCode(200)
  @ApiOperation({ summary: 'Remove the vectors of texts, of a namespace or of a model, or count them' })
  purge(@Body({ schema: purgeSchema }) purge: EmbeddingPurge) {
    return this.operations.purge(purge);
  }

  @Get('export')
  @Header('content-type', 'application/x-ndjson')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Export every vector in Redis, one per line' })
  export(): StreamableFile {
    return new StreamableFile(Readable.from(this.archive.export()), { type: 'application/x-ndjson' });
  }

  @Post('import')
  @HttpCode(200)
  @ApiConsumes('application/x-ndjson')
  @ApiOperation({ summary: 'Store the lines of an export' })
  import(@Body() body: Readable) {
    return this.archive.import(body);
  }
}
