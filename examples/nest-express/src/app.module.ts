import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { CacheHealthModule, CacheMetricsModule, CacheModule, WarmUpModule } from 'larder/nest';
import { OperationsController } from './operations.js';
import { ProductsController, ProductsService } from './products.js';

@Module({
  imports: [
    CacheModule.forRoot({ namespace: 'shop', redis: process.env['REDIS_URL'] }),
    TerminusModule,
    CacheHealthModule,
    CacheMetricsModule.forRoot(),
    WarmUpModule,
  ],
  controllers: [ProductsController, OperationsController],
  providers: [ProductsService],
})
export class AppModule {}
