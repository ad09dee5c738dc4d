import { Injectable } from '@nestjs/common';
import { tokenGuard } from '../../common/http/guards/token.guard.js';
import { documentsConfig } from './documents.config.js';

/** Accepts writes with `DOCUMENTS_TOKEN`; without a configured token, with the token of the service. */
@Injectable()
export class WriterGuard extends tokenGuard(documentsConfig.KEY, 'writeToken', {
  name: 'documents',
  variable: 'DOCUMENTS_TOKEN',
}) {}
