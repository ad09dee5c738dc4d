import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
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
import { JsonRoutes } from '../../common/http/routes/json-routes.decorator.js';
import { CacheConfig, type CachedRequest, CacheResponse } from '../cache/index.js';
import {
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
  pageRequest,
  type PageRequest,
  searchRequest,
  type SearchRequest,
  searchResult,
  type SearchResult,
} from './documents.schemas.js';
import { DocumentsService } from './documents.service.js';
import { DOCUMENTS_CACHE, documentTag, FACETS_TAG, listTag, SEARCH_TAG } from './documents.tags.js';
import { versionIn, versionTag } from './version-tag.js';
import { WriterGuard } from './writer.guard.js';

const idParameter = z.uuid();
const IF_MATCH = {
  name: 'If-Match',
  required: false,
  description: 'The ETag of the document as you know it. Without it the last write wins.',
};

/** A list's tag is made of what validation makes of its query. What doesn't validate is an error, which is not kept. */
function tagsOfList({ query }: CachedRequest): string[] {
  const request = pageRequest.safeParse(query);
  return request.success ? [listTag(request.data)] : [];
}

/** Documents over HTTP: the same for everyone, so their responses are shared (`scope: 'public'`). */
@ApiTags('documents')
@Controller('documents')
@JsonRoutes()
@CacheConfig({ namespace: DOCUMENTS_CACHE, ttl: '5m' })
export class DocumentsController {
  constructor(private readonly documents: DocumentsService) {}

  @Get()
  @CacheResponse({ scope: 'public', tags: tagsOfList, query: { sort: true } })
  @ApiResponse({ status: 200, standardSchema: documentPage, description: 'The newest documents first.' })
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
  async facets(): Promise<DocumentFacets> {
    return this.documents.countFacets();
  }

  @Get('search')
  @CacheResponse({ scope: 'public', tags: [SEARCH_TAG] })
  @ApiResponse({ status: 200, standardSchema: searchResult, description: 'The documents nearest in meaning.' })
  async search(@Query({ schema: searchRequest }) request: SearchRequest): Promise<SearchResult> {
    return this.documents.findSimilar(request);
  }

  @Get(':id')
  @CacheResponse({ scope: 'public', tags: ({ params }) => [documentTag(params['id']!)] })
  @ApiResponse({ status: 200, standardSchema: document, description: 'The document; its ETag is its version.' })
  @ApiResponse({ status: 404, description: 'There is no such document.' })
  async read(
    @Param('id', { schema: idParameter }) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Document> {
    const found = await this.documents.find(id);
    if (!found) throw new NotFoundException('There is no such document.');
    void reply.header('etag', versionTag(found.version));
    return found;
  }

  @Post()
  @UseGuards(WriterGuard)
  @ApiBearerAuth()
  @ApiResponse({ status: 201, standardSchema: document, description: 'The document as it was stored.' })
  async create(
    @Body({ schema: newDocument }) body: NewDocument,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Document> {
    const created = await this.documents.create(body);
    void reply.headers({ etag: versionTag(created.version), location: `/documents/${created.id}` });
    return created;
  }

  @Patch(':id')
  @UseGuards(WriterGuard)
  @ApiBearerAuth()
  @ApiHeader(IF_MATCH)
  @ApiResponse({ status: 200, standardSchema: document, description: 'The document as it is now.' })
  @ApiResponse({ status: 412, description: 'Someone else changed it since.' })
  async update(
    @Param('id', { schema: idParameter }) id: string,
    @Body({ schema: documentChange }) change: DocumentChange,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Document> {
    const { after } = await this.documents.update(id, change, versionIn(ifMatch));
    void reply.header('etag', versionTag(after.version));
    return after;
  }

  @Delete(':id')
  @UseGuards(WriterGuard)
  @ApiBearerAuth()
  @HttpCode(204)
  @ApiHeader(IF_MATCH)
  @ApiResponse({ status: 204, description: 'It is gone.' })
  async delete(
    @Param('id', { schema: idParameter }) id: string,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.documents.delete(id, versionIn(ifMatch));
  }
}
