/** Checked by the compiler, never run: decorators that don't fit their method must not compile. */
import type { Observable } from 'rxjs';
import { CacheEvict } from './cache-evict.decorator.js';
import { CachePut } from './cache-put.decorator.js';
import { Cacheable } from './cacheable.decorator.js';

interface Product {
  readonly id: string;
  readonly price: number;
}

export abstract class Fitting {
  @Cacheable()
  async plain(id: string): Promise<string> {
    return id;
  }

  @Cacheable({
    key: (id, locale) => [id.trim(), locale.toLowerCase()],
    tags: (id) => [id],
    condition: (_id, locale) => locale !== '',
  })
  async inferred(id: string, locale: string): Promise<string> {
    return id + locale;
  }

  @Cacheable({
    key: (id: string) => id,
    unless: (product) => product.price > 0,
    resultTags: (product, id) => [product.id, id],
  })
  async withResult(id: string): Promise<Product> {
    return { id, price: 1 };
  }

  @Cacheable({ key: ({ id }) => id })
  async generic<T extends Product>(product: T): Promise<T> {
    return product;
  }

  @Cacheable({ unless: (product) => product.price === 0 })
  abstractObservable(): Observable<Product> {
    throw new Error('never run');
  }

  @CachePut({ resultKey: (product) => product.id, tags: (draft) => [draft.name] })
  async create(draft: { name: string }): Promise<Product> {
    return { id: draft.name, price: 0 };
  }

  @CacheEvict({ keys: (ids) => ids, all: false })
  async remove(ids: string[]): Promise<void> {
    ids.pop();
  }
}

export class Unfitting {
  // @ts-expect-error the key takes a number, the method a string
  @Cacheable({ key: (id: number) => `${id}` })
  async wrongType(id: string): Promise<string> {
    return id;
  }

  // @ts-expect-error the method has one parameter
  @Cacheable({ key: (id, locale) => `${id}${locale}` })
  async tooMany(id: string): Promise<string> {
    return id;
  }

  // @ts-expect-error tags are strings
  @Cacheable({ tags: (id) => [id] })
  async wrongTags(id: number): Promise<number> {
    return id;
  }

  // @ts-expect-error a product has no colour
  @Cacheable({ unless: (product) => product.colour === 'red' })
  async wrongResult(id: string): Promise<Product> {
    return { id, price: 1 };
  }

  // @ts-expect-error a synchronous method can't wait for a cache
  @Cacheable()
  synchronous(id: string): string {
    return id;
  }

  // @ts-expect-error a key is text or parts
  @CacheEvict({ key: (id) => id })
  async wrongKey(id: number): Promise<number> {
    return id;
  }

  // @ts-expect-error the ttl is no duration
  @Cacheable({ ttl: '5 fortnights' })
  async wrongTtl(id: string): Promise<string> {
    return id;
  }

  // @ts-expect-error tags of a put are told by the draft, which has no id
  @CachePut({ resultKey: (product) => product.id, tags: (draft) => [draft.id] })
  async wrongDraft(draft: { name: string }): Promise<Product> {
    return { id: draft.name, price: 0 };
  }
}
