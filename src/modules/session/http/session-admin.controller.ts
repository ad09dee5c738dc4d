import { Body, Controller, Delete, Get, Header, Param, Post, Res, UseGuards } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { SessionService } from '../session.service.js';
import { SessionApiKeyGuard } from './session-api-key.guard.js';
import { SessionCookie } from './session-cookie.js';
import {
  type CreateSessionBody,
  createSessionSchema,
  type IssuedSessionView,
  issuedSessionSchema,
  QUEUED,
  type RevocationCount,
  revocationView,
  revokedSchema,
  type SessionList,
  sessionListSchema,
  userIdSchema,
  viewOf,
} from './session.schemas.js';

/** Requests of trusted services, with a key of `SESSION_API_KEYS`. */
@ApiTags('sessions (trusted services)')
@ApiBearerAuth()
@UseGuards(SessionApiKeyGuard)
@Controller('sessions')
export class SessionAdminController {
  constructor(
    private readonly sessions: SessionService,
    private readonly cookie: SessionCookie,
  ) {}

  @Post()
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary: 'Create a session',
    description:
      'For a user whom the caller has authenticated. The token is in the body, and in a cookie that the caller may pass on.',
  })
  @ApiCreatedResponse({ standardSchema: issuedSessionSchema })
  async create(
    @Body({ schema: createSessionSchema }) start: CreateSessionBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<IssuedSessionView> {
    const issued = await this.sessions.create(start);
    this.cookie.set(reply, issued);
    return { token: issued.token, session: viewOf(issued.session) };
  }

  @Get('users/:userId')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'List the sessions of a user' })
  @ApiOkResponse({ standardSchema: sessionListSchema })
  async list(@Param('userId', { schema: userIdSchema }) userId: string): Promise<SessionList> {
    return { sessions: (await this.sessions.listByUser(userId)).map(viewOf) };
  }

  @Delete('users/:userId')
  @ApiOperation({ summary: 'Log a user out everywhere' })
  @ApiOkResponse({ standardSchema: revokedSchema })
  @ApiAcceptedResponse(QUEUED)
  async revokeUser(
    @Param('userId', { schema: userIdSchema }) userId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RevocationCount> {
    return revocationView(reply, await this.sessions.revokeByUser(userId));
  }

  @Delete('everyone')
  @ApiOperation({ summary: 'Log all users out' })
  @ApiOkResponse({ standardSchema: revokedSchema })
  @ApiAcceptedResponse(QUEUED)
  async revokeEveryone(@Res({ passthrough: true }) reply: FastifyReply): Promise<RevocationCount> {
    return revocationView(reply, await this.sessions.revokeEveryone());
  }
}
