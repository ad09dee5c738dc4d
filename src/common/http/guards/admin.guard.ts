import { Injectable } from '@nestjs/common';
import { operatorConfig } from './operator.config.js';
import { tokenGuard } from './token.guard.js';

/**
 * Guards the operators' routes of any module: `@UseGuards(AdminGuard)`. They need `ADMIN_TOKEN`, or without it the token of the
 * service. A browser that has signed in at `/admin` passes with its cookie, which pages of other origins can not use.
 */
@Injectable()
export class AdminGuard extends tokenGuard(operatorConfig.KEY, 'adminToken', {
  name: 'admin',
  variable: 'ADMIN_TOKEN',
  isOpenToBrowsers: true,
}) {}
