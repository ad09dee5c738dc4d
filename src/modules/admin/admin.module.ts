import { Module } from '@nestjs/common';
import { DocumentsModule } from '../documents/index.js';
import { EmbeddingModule } from '../embedding/index.js';
import { MetricsModule } from '../metrics/index.js';
import { CacheAdminController } from './cache-admin.controller.js';
import { CacheOperations } from './cache-operations.js';
import { DashboardController } from './dashboard/dashboard.controller.js';
import { RequestLatency } from './dashboard/request-latency.js';
import { StatusHistory } from './dashboard/status-history.js';
import { StatusService } from './dashboard/status.service.js';

/** Dashboard and operations for operators, over HTTP. */
@Module({
  imports: [DocumentsModule, EmbeddingModule, MetricsModule],
  controllers: [CacheAdminController, DashboardController],
  providers: [CacheOperations, RequestLatency, StatusHistory, StatusService],
})
export class AdminModule {}
