import { Inject, Injectable, NotFoundException } from '@nestjs/common';
import { ProblemException } from '../../common/http/problems/problem.exception.js';
import { boundedStableKey } from '../../common/stable-key.js';
import { CACHE, type Cache, Cacheable, CacheConfig, CacheEvict } from '../cache/index.js';
import { isOutcomeUnknown } from '../database/index.js';
import type { Tenant } from '../embedding/index.js';
import { type Conflict, DocumentsRepository } from './database/documents.repository.js';
import { FacetsRepository } from './database/facets.repository.js';
import type {
  Document,
  DocumentChange,
  DocumentFacets,
  DocumentPage,
  NewDocument,
  PageRequest,
  SearchRequest,
  SearchResult,
} from './documents.schemas.js';
import {
  DOCUMENTS_CACHE,
  type DocumentWrite,
  documentTag,
  FACETS_TAG,
  SEARCH_TAG,
  tagsOfWrite,
} from './documents.tags.js';
import { DocumentIndexer } from './search/document-indexer.js';
import { DocumentSearch } from './search/document-search.js';
import type { WriteKey } from './write-key.js';

/** The versions from which a document may be written; any where they are left out. */
type Versions = ReadonlySet<number>;

/**
 * Documents. Each read is cached, and each write evicts the entries that it has made untrue. A read that begins after a write's promise
 * settled never returns an older state; see `docs/guides/your-first-cached-module.md` for how that is built.
 */
@Injectable()
@CacheConfig({ namespace: DOCUMENTS_CACHE, ttl: '5m' })
export class DocumentsService {
  constructor(
    private readonly repository: DocumentsRepository,
    private readonly facets: FacetsRepository,
    private readonly search: DocumentSearch,
    private readonly indexer: DocumentIndexer,
    @Inject(CACHE) private readonly cache: Cache,
  ) {}

  /**
   * `null` when there is none, which is remembered too. The tag comes from the result: ids without a document leave no tags. An id
   * is never used before its document is made, so no write has to evict its absence.
   */
  @Cacheable({
    key: (id) => ['document', id.toLowerCase()],
    resultTags: (found) => (found ? [documentTag(found.id)] : []),
    negativeTtl: '30s',
  })
  async find(id: string): Promise<Document | null> {
    return (await this.repository.find(id)) ?? null;
  }

  /** Not cached here: only the route asks for pages, and it keeps whole responses. */
  async findPage(request: PageRequest): Promise<DocumentPage> {
    return this.repository.findPage(request);
  }

  @Cacheable({ key: () => 'facets', tags: [FACETS_TAG], grace: '1h', softTimeout: '2s' })
  async countFacets(): Promise<DocumentFacets> {
    return this.facets.countFacets();
  }

  /** A question is the text of a user, so its digest is the key. A write evicts the result, and the indexer evicts it again. */
  @Cacheable({ key: (request) => `search:${boundedStableKey(request, 0)}`, tags: [SEARCH_TAG] })
  async findSimilar(request: SearchRequest, asker: Tenant): Promise<SearchResult> {
    return this.search.find(request, asker);
  }

  @CacheEvict({ resultTags: (after) => tagsOfWrite({ after }) })
  async create(document: NewDocument, key?: WriteKey): Promise<Document> {
    return this.settled(this.repository.create(document, key));
  }

  /** All of them, or none. */
  @CacheEvict({ resultTags: (created) => created.flatMap((after) => tagsOfWrite({ after })) })
  async createMany(documents: readonly NewDocument[], key?: WriteKey): Promise<Document[]> {
    return this.settled(this.repository.createMany(documents, key));
  }

  /** @throws NotFoundException; ProblemException 412 when `versions` are given and another write came first. */
  @CacheEvict({ resultTags: (write) => tagsOfWrite(write) })
  async update(
    id: string,
    change: DocumentChange,
    versions?: Versions,
    key?: WriteKey,
  ): Promise<Required<DocumentWrite>> {
    return accepted(await this.settled(this.repository.update(id, change, versions, key)));
  }

  /** @throws as {@link update}. */
  @CacheEvict({ resultTags: (write) => tagsOfWrite(write) })
  async delete(id: string, versions?: Versions, key?: WriteKey): Promise<DocumentWrite> {
    return { before: accepted(await this.settled(this.repository.delete(id, versions, key))) };
  }

  /** When the connection breaks during the commit, the changed documents are unknown: then none is trusted. */
  private async settled<T>(write: Promise<T>): Promise<T> {
    try {
      return await write.finally(() => this.indexer.wake());
    } catch (error) {
      if (isOutcomeUnknown(error)) await this.cache.namespace(DOCUMENTS_CACHE).clear();
      throw error;
    }
  }
}

function accepted<T>(result: T | Conflict): T {
  if (result === 'missing') throw new NotFoundException('There is no such document.');
  if (result !== 'changed') return result;
  throw new ProblemException(412, {
    type: 'urn:larder:stale-write',
    title: 'Another client changed the document',
    detail: 'The document is of no version in If-Match. Read it again.',
  });
}
