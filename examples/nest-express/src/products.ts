import { Controller, Get, Injectable, Param, Put } from '@nestjs/common';
import { Cacheable, CacheEvict } from 'larder/nest';

export interface Product {
  readonly id: string;
  readonly price: number;
  /** The load that made this product: process and number. */
  readonly load: string;
}

/** Stands for a service over a slow database. */
@Injectable()
export class ProductsService {
  /** Calls of {@link find} that no tier could answer. */
  private loads = 0;

  @Cacheable({ key: (id) => id, tags: (id) => [`product:${id}`], ttl: '10m' })
  async find(id: string): Promise<Product> {
    this.loads++;
    return { id, price: 10, load: `${process.pid}-${this.loads}` };
  }

  @CacheEvict({ tags: (id) => [`product:${id}`] })
  async change(id: string): Promise<string> {
    return id;
  }
}

@Controller('products')
export class ProductsController {
  constructor(private readonly products: ProductsService) {}

  @Get(':id')
  find(@Param('id') id: string): Promise<Product> {
    return this.products.find(id);
  }

  @Put(':id')
  change(@Param('id') id: string): Promise<string> {
    return this.products.change(id);
  }
}
