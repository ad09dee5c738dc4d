import {
  Body,
  Controller,
  Delete,
  ForbiddenException,
  Get,
  Header,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  Patch,
  Post,
  Query,
  Res,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiCookieAuth,
  ApiForbiddenResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type SessionConfig, sessionConfig } from '../session.config.js';
import { SessionService } from '../session.service.js';
import type { Session, SessionData } from '../session.types.js';
import { CurrentSession } from './current-session.decorator.js';
import { CurrentCredential } from './current-credential.decorator.js';
import type { RequestSession } from './request-session.js';
import { SessionCookie } from './session-cookie.js';
import { SessionGuard } from './session.guard.js';
import {
  type IssuedSessionView,
  issuedSessionSchema,
  type MergeSessionBody,
  mergeSessionSchema,
  type Queued,
  QUEUED,
  queuedIn,
  reissuedView,
  type RevocationCount,
  revocationView,
  revokedSchema,
  type RevokeOwnQuery,
  revokeOwnSchema,
  sessionIdSchema,
  type SessionList,
  sessionListSchema,
  type SessionView,
  sessionViewSchema,
  viewOf,
} from './session.schemas.js';

/** Requests of a session's own client: about this session and the other sessions of its user. */
@ApiTags('sessions')
@ApiBearerAuth()
@ApiCookieAuth()
@UseGuards(SessionGuard)
@Controller('sessions')
export class OwnSessionController {
  constructor(
    private readonly sessions: SessionService,
    private readonly cookie: SessionCookie,
    @Inject(sessionConfig.KEY) private readonly config: SessionConfig,
  ) {}

  @Get('current')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'The session of this request' })
  @ApiOkResponse({ standardSchema: sessionViewSchema })
  current(@CurrentSession() session: Session): SessionView {
    return viewOf(session);
  }

  @Patch('current')
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary: 'Merge into the data of this session',
    description:
      'A JSON Merge Patch (RFC 7396): null removes a member. SESSION_CLIENT_DATA lists the members that may be changed.',
  })
  @ApiOkResponse({ standardSchema: sessionViewSchema })
  @ApiForbiddenResponse({ description: 'The patch has a member that only the application may change.' })
  async merge(
    @CurrentSession('id') id: string,
    @Body({ schema: mergeSessionSchema }) { data }: MergeSessionBody,
  ): Promise<SessionView> {
    this.assertWritable(data);
    return viewOf((await this.sessions.merge(id, data)) ?? failEnded());
  }

  @Post('current/rotate')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary: 'Replace the token of this session',
    description:
      'The old token is dead at once. The new token is sent as a cookie, or in the body if the request had a bearer token.',
  })
  @ApiOkResponse({ standardSchema: issuedSessionSchema })
  @ApiAcceptedResponse(QUEUED)
  async rotate(
    @CurrentSession('id') id: string,
    @CurrentCredential() via: RequestSession['via'],
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<IssuedSessionView> {
    const issued = (await this.sessions.rotate(id)) ?? failEnded();
    if (via === 'cookie') this.cookie.set(reply, issued);
    return { ...reissuedView(issued.token, issued.session, via), ...queuedIn(reply, issued) };
  }

  @Delete('current')
  @HttpCode(204)
  @ApiOperation({ summary: 'Log out' })
  @ApiNoContentResponse()
  @ApiAcceptedResponse(QUEUED)
  async revokeCurrent(
    @CurrentSession('id') id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Queued | undefined> {
    const end = await this.sessions.revoke(id);
    this.cookie.clear(reply);
    return queuedIn(reply, end);
  }

  @Get()
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'List all sessions of the same user' })
  @ApiOkResponse({ standardSchema: sessionListSchema })
  async list(@CurrentSession() current: Session): Promise<SessionList> {
    const sessions = await this.ofSameUser(current);
    return {
      sessions: sessions.map((session) => Object.assign(viewOf(session), { isCurrent: session.id === current.id })),
    };
  }

  @Delete()
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Log out everywhere', description: '`keep=current` keeps the session of this request.' })
  @ApiOkResponse({ standardSchema: revokedSchema })
  @ApiAcceptedResponse(QUEUED)
  async revokeOwn(
    @CurrentSession() { id, userId }: Session,
    @Query({ schema: revokeOwnSchema }) { keep }: RevokeOwnQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RevocationCount> {
    const isKept = keep === 'current';
    if (!isKept) this.cookie.clear(reply);
    if (userId !== null)
      return revocationView(reply, await this.sessions.revokeByUser(userId, isKept ? id : undefined));
    return isKept ? { revoked: 0 } : revocationView(reply, await this.sessions.revoke(id));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'End one session of the same user' })
  @ApiNoContentResponse()
  @ApiAcceptedResponse(QUEUED)
  async revokeOne(
    @CurrentSession() current: Session,
    @Param('id', { schema: sessionIdSchema }) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Queued | undefined> {
    const isOwn = (await this.ofSameUser(current)).some((session) => session.id === id);
    // The session of another user and an unknown id get the same 404.
    if (!isOwn) throw new NotFoundException('You have no such session.');
    return queuedIn(reply, await this.sessions.revoke(id));
  }

  /** @throws ForbiddenException naming the first member that the client may not change. */
  private assertWritable(patch: SessionData): void {
    const { clientMembers } = this.config;
    if (clientMembers.includes('*')) return;
    const member = Object.keys(patch).find((name) => !clientMembers.includes(name));
    if (member === undefined) return;
    throw new ForbiddenException(
      `A client may not change the member ${JSON.stringify(member.slice(0, 100))} of its session (SESSION_CLIENT_DATA).`,
    );
  }

  private async ofSameUser(current: Session): Promise<readonly Session[]> {
    return current.userId === null ? [current] : this.sessions.listByUser(current.userId);
  }
}

/** For a session that ended between the guard and the change. */
function failEnded(): never {
  throw new UnauthorizedException('The session has ended.');
}
