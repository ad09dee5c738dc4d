import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  Patch,
  Post,
  Query,
  Res,
  UseGuards,
} from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { ProblemException } from '../../common/http/problems/problem.exception.js';
import { ApiProblems } from '../../common/http/routes/api-problems.decorator.js';
import { BodyLimit, JsonRoutes } from '../../common/http/routes/json-routes.decorator.js';
import { CacheConfig, type CachedRequest, CacheResponse } from '../cache/index.js';
import { CurrentTenant, type Tenant, TenantGuard, TenantThrottlerGuard } from '../embedding/index.js';
import { type DocumentsConfig, documentsConfig } from './documents.config.js';
import {
  createdDocuments,
  type CreatedDocuments,
  document,
  type Document,
  documentChange,
  type DocumentChange,
  documentFacets,
  type DocumentFacets,
  documentPage,
  type DocumentPage,
  newDocument,
  type NewDocument,
  newDocuments,
  type NewDocuments,
  pageRequest,
  type PageRequest,
  searchRequest,
  type SearchRequest,
  searchResult,
  type SearchResult,
} from './documents.schemas.js';
import { DocumentsService } from './documents.service.js';
import { DOCUMENTS_CACHE, documentTag, FACETS_TAG, SEARCH_TAG, tagOfPage } from './documents.tags.js';
import { versionsIn, versionTag } from './version-tag.js';
import { writeKeyOf } from './write-key.js';
import { WriterGuard } from './writer.guard.js';

const idParameter = z.uuid();

/** A hundred documents of usual length; single documents have the limit of every route. */
const BULK_BODY_BYTES = 8 * 2 ** 20;

const IF_MATCH = {
  name: 'If-Match',
  required: false,
  description:
    'The ETag of the document as you know it, or several, or `*` for any. Without it the last write wins, or the answer is 428 where DOCUMENTS_REQUIRE_IF_MATCH is set.',
};

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  required: false,
  description:
    'A text of your own for this write, as a UUID. A repetition with the same key within 24 hours changes nothing more and gets the result of the first; 409 while the first is under way, 422 with another request.',
};

/** A list's tag is made of its validated query, and of whether the list has documents. */
function tagsOfList(body: unknown, { query }: CachedRequest): string[] {
  return [tagOfPage(pageRequest.parse(query), (body as DocumentPage).items)];
}

/** Documents over HTTP: the same for every caller, so their responses are shared (`scope: 'public'`). */
@ApiTags('documents')
@Controller('documents')
@JsonRoutes()
@CacheConfig({ namespace: DOCUMENTS_CACHE, ttl: '5m' })
export class DocumentsController {
  constructor(
    private readonly documents: DocumentsService,
    @Inject(documentsConfig.KEY) private readonly config: DocumentsConfig,
  ) {}

  @Get()
  @CacheResponse({ scope: 'public', resultTags: tagsOfList, query: { sort: true } })
  @ApiResponse({ status: 200, standardSchema: documentPage, description: 'A page of the list.' })
  @ApiProblems(400, 406, 503)
  async list(@Query({ schema: pageRequest }) request: PageRequest): Promise<DocumentPage> {
    return this.documents.findPage(request);
  }

  @Get('facets')
  @CacheResponse({ scope: 'public', tags: [FACETS_TAG] })
  @ApiResponse({
    status: 200,
    standardSchema: documentFacets,
    description: 'How many documents there are of each kind.',
  })
  @ApiProblems(406, 503)
  async facets(): Promise<DocumentFacets> {
    return this.documents.countFacets();
  }

  /** A new question costs an embedding, so it takes the key that the gateway takes, and counts against the limits of that key. */
  @Get('search')
  @UseGuards(TenantGuard, TenantThrottlerGuard)
  @CacheResponse({ scope: 'public', tags: [SEARCH_TAG] })
  @ApiBearerAuth()
  @ApiResponse({ status: 200, standardSchema: searchResult, description: 'The documents nearest in meaning.' })
  @ApiProblems(400, 401, 406, 429, 503)
  async search(
    @Query({ schema: searchRequest }) request: SearchRequest,
    @CurrentTenant() tenant: Tenant,
  ): Promise<SearchResult> {
    return this.documents.findSimilar(request, tenant);
  }

  @Get(':id')
  @CacheResponse({ scope: 'public', resultTags: (found) => [documentTag((found as Document).id)] })
  @ApiResponse({ status: 200, standardSchema: document, description: 'The document; its ETag is its version.' })
  @ApiProblems(400, 404, 406, 503)
  async read(
    @Param('id', { schema: idParameter }) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Document> {
    const found = await this.documents.find(id);
    if (!found) throw new NotFoundException('There is no such document.');
    void reply.header('etag', versionTag(found));
    return found;
  }

  @Post()
  @UseGuards(WriterGuard)
  @ApiBearerAuth()
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 201, standardSchema: document, description: 'The document as it was stored.' })
  @ApiProblems(400, 401, 403, 406, 409, 413, 415, 422, 503)
  async create(
    @Body({ schema: newDocument }) body: NewDocument,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Document> {
    const created = await this.documents.create(body, writeKeyOf(key, ['create', body]));
    void reply.headers({ etag: versionTag(created), location: `/documents/${created.id}` });
    return created;
  }

  @Post('bulk')
  @UseGuards(WriterGuard)
  @BodyLimit(BULK_BODY_BYTES)
  @ApiBearerAuth()
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 201, standardSchema: createdDocuments, description: 'All of them were stored.' })
  @ApiProblems(400, 401, 403, 406, 409, 413, 415, 422, 503)
  async createMany(
    @Body({ schema: newDocuments }) { documents }: NewDocuments,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<CreatedDocuments> {
    const created = await this.documents.createMany(documents, writeKeyOf(key, ['createMany', documents]));
    return { items: created.map(({ body: _body, ...summary }) => summary) };
  }

  @Patch(':id')
  @UseGuards(WriterGuard)
  @ApiBearerAuth()
  @ApiHeader(IF_MATCH)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 200, standardSchema: document, description: 'The document as it is now.' })
  @ApiProblems(400, 401, 403, 404, 406, 409, 412, 413, 415, 422, 428, 503)
  async update(
    @Param('id', { schema: idParameter }) id: string,
    @Body({ schema: documentChange }) change: DocumentChange,
    @Headers('if-match') ifMatch: string | undefined,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Document> {
    const writeKey = writeKeyOf(key, ['update', id.toLowerCase(), change]);
    const { after } = await this.documents.update(id, change, this.versionsIn(ifMatch), writeKey);
    void reply.header('etag', versionTag(after));
    return after;
  }

  @Delete(':id')
  @UseGuards(WriterGuard)
  @ApiBearerAuth()
  @HttpCode(204)
  @ApiHeader(IF_MATCH)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 204, description: 'It is gone.' })
  @ApiProblems(400, 401, 403, 404, 406, 409, 412, 422, 428, 503)
  async delete(
    @Param('id', { schema: idParameter }) id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<void> {
    await this.documents.delete(id, this.versionsIn(ifMatch), writeKeyOf(key, ['delete', id.toLowerCase()]));
  }

  private versionsIn(ifMatch: string | undefined): ReadonlySet<number> | undefined {
    if (ifMatch !== undefined || !this.config.isIfMatchRequired) return versionsIn(ifMatch);
    throw new ProblemException(428, {
      type: 'urn:larder:precondition-required',
      title: 'If-Match is required',
      detail: 'Send the ETag of the document as you know it in If-Match.',
    });
  }
}
