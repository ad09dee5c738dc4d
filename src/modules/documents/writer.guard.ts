import { Injectable } from '@nestjs/common';
import { tokenGuard } from '../../common/http/guards/token.guard.js';
import { documentsConfig } from './documents.config.js';

/** Accepts writes with `DOCUMENTS_TOKEN`; without a configured token, from callers on this machine. */
@Injectable()
export class WriterGuard extends tokenGuard(documentsConfig.KEY, 'writeToken', 'DOCUMENTS_TOKEN') {}
