import { Injectable } from '@nestjs/common';
import { operatorConfig } from '../../common/http/guards/operator.config.js';
import { tokenGuard } from '../../common/http/guards/token.guard.js';

/** Accepts requests with `METRICS_TOKEN`; without a configured token, with the token of the service. */
@Injectable()
export class MetricsGuard extends tokenGuard(operatorConfig.KEY, 'metricsToken', {
  name: 'metrics',
  variable: 'METRICS_TOKEN',
}) {}
