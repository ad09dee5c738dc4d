import { Injectable } from '@nestjs/common';
import { operatorConfig } from '../../common/http/guards/operator.config.js';
import { tokenGuard } from '../../common/http/guards/token.guard.js';

/** Accepts requests with `METRICS_TOKEN`; without a configured token, callers on this machine. */
@Injectable()
export class MetricsGuard extends tokenGuard(operatorConfig.KEY, 'metricsToken', 'METRICS_TOKEN') {}
