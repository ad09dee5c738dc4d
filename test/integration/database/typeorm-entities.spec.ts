import { Column, DataSource, Entity, ManyToOne, OneToMany, PrimaryColumn } from 'typeorm';
import { type Cache, createCache } from '../../../src/modules/cache/index.js';
import { typeOrmEntities } from '../../../src/modules/query-cache/index.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { RedisServer } from '../../support/redis-server.js';

class Price {
  @Column('int')
  cents!: number;

  get text(): string {
    return (this.cents / 100).toFixed(2);
  }
}

@Entity()
class Maker {
  @PrimaryColumn('int')
  id!: number;

  @Column('text')
  name!: string;
}

@Entity()
class Product {
  @PrimaryColumn('int')
  id!: number;

  @Column('timestamptz')
  madeAt!: Date;

  @Column(() => Price)
  price!: Price;

  @ManyToOne(() => Maker, { lazy: true, cascade: true })
  maker!: Promise<Maker>;

  @OneToMany(() => Review, (review) => review.product, { cascade: true })
  reviews!: Review[];

  isCheap(): boolean {
    return this.price.cents < 1_000;
  }
}

@Entity()
class Review {
  @PrimaryColumn('int')
  id!: number;

  @Column('text')
  text!: string;

  @ManyToOne(() => Product, (product) => product.reviews)
  product?: Product;
}

describe('entities of TypeORM in the cache', () => {
  let redis: RedisServer;
  let postgres: PostgresServer;
  let source: DataSource;
  let caches: Cache[];

  beforeAll(async () => {
    [redis, postgres] = await Promise.all([RedisServer.start(), PostgresServer.start()]);
    const uninitialized = new DataSource({
      type: 'postgres',
      url: postgres.url,
      entities: [Product, Maker, Review],
      synchronize: true,
    });
    expect(() => typeOrmEntities(uninitialized)).toThrow('needs an initialized data source');
    source = await uninitialized.initialize();
    const serializers = typeOrmEntities(source);
    caches = [1, 2].map(() => createCache({ redis: redis.url, serializers }));
    await Promise.all(caches.map((cache) => cache.ready(5_000)));
    const maker = await source.getRepository(Maker).save({ id: 1, name: 'Ada' });
    const price = Object.assign(new Price(), { cents: 499 });
    const review = Object.assign(new Review(), { id: 1, text: 'sweet' });
    const product = Object.assign(new Product(), { id: 7, madeAt: new Date(0), price, reviews: [review] });
    await source.getRepository(Product).save(product);
    await source.createQueryBuilder().relation(Product, 'maker').of(product).set(maker);
  });
  afterAll(async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    await source.destroy();
    await Promise.all([redis.stop(), postgres.stop()]);
  });

  it('come back as entities on every instance, with relations and embedded classes', async () => {
    const load = async (): Promise<Product> =>
      source.getRepository(Product).findOneOrFail({ where: { id: 7 }, relations: { reviews: true } });
    await caches[0]!.getOrLoad('product:7', load);
    for (const cache of caches) {
      const product = (await cache.get<Product>('product:7'))!;
      expect(product).toBeInstanceOf(Product);
      expect(product.isCheap()).toBe(true);
      expect(product.madeAt).toEqual(new Date(0));
      expect(product.price).toBeInstanceOf(Price);
      expect(product.price.text).toBe('4.99');
      expect(product.reviews[0]).toBeInstanceOf(Review);
      expect(product.reviews[0]).toMatchObject({ id: 1, text: 'sweet' });
    }
  });

  it('leave out a lazy relation, loaded or not', async () => {
    const load = async (): Promise<Product> => {
      const product = await source.getRepository(Product).findOneByOrFail({ id: 7 });
      expect((await product.maker).name).toBe('Ada');
      return product;
    };
    await caches[0]!.getOrLoad('product:7:lazy', load);
    const product = (await caches[1]!.get<Product>('product:7:lazy'))!;
    expect(product.price.text).toBe('4.99');
    expect(Object.keys(product)).toEqual(expect.not.arrayContaining(['maker']));
  });
});
