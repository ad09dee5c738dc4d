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
  type MergeSession,
  mergeSessionSchema,
  reissuedView,
  type Revoked,
  revokedSchema,
  type RevokeOwn,
  revokeOwnSchema,
  sessionIdSchema,
  type SessionList,
  sessionListSchema,
  type SessionView,
  sessionViewSchema,
  viewOf,
} from './session.schemas.js';

/** What the holder of a session may do with it and with their others. */
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
    summary: 'Merge into its data',
    description: 'A JSON Merge Patch (RFC 7396): null removes a member. SESSION_CLIENT_DATA says which may be changed.',
  })
  @ApiOkResponse({ standardSchema: sessionViewSchema })
  @ApiForbiddenResponse({ description: 'A member that only the application changes.' })
  async merge(
    @CurrentSession('id') id: string,
    @Body({ schema: mergeSessionSchema }) { data }: MergeSession,
  ): Promise<SessionView> {
    this.demandWritable(data);
    return viewOf((await this.sessions.merge(id, data)) ?? ended());
  }

  @Post('current/rotate')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary: 'A new token for it',
    description: 'The old one is dead at once. Sent as a cookie, or in the body to who sent a bearer token.',
  })
  @ApiOkResponse({ standardSchema: issuedSessionSchema })
  async rotate(
    @CurrentSession('id') id: string,
    @CurrentCredential() via: RequestSession['via'],
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<IssuedSessionView> {
    const issued = (await this.sessions.rotate(id)) ?? ended();
    if (via === 'cookie') this.cookie.set(reply, issued);
    return reissuedView(issued.token, issued.session, via);
  }

  @Delete('current')
  @HttpCode(204)
  @ApiOperation({ summary: 'Log out' })
  @ApiNoContentResponse()
  async revokeCurrent(
    @CurrentSession('id') id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.sessions.revoke(id);
    this.cookie.clear(reply);
  }

  @Get()
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'All sessions of the same user' })
  @ApiOkResponse({ standardSchema: sessionListSchema })
  async list(@CurrentSession() current: Session): Promise<SessionList> {
    const sessions = await this.ofSameUser(current);
    return {
      sessions: sessions.map((session) => Object.assign(viewOf(session), { isCurrent: session.id === current.id })),
    };
  }

  @Delete()
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Log out everywhere', description: '`keep=current` keeps this one.' })
  @ApiOkResponse({ standardSchema: revokedSchema })
  async revokeOwn(
    @CurrentSession() { id, userId }: Session,
    @Query({ schema: revokeOwnSchema }) { keep }: RevokeOwn,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Revoked> {
    const isKept = keep === 'current';
    if (!isKept) this.cookie.clear(reply);
    if (userId !== null) return { revoked: await this.sessions.revokeByUser(userId, isKept ? id : undefined) };
    return { revoked: !isKept && (await this.sessions.revoke(id)) ? 1 : 0 };
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'End one session of the same user' })
  @ApiNoContentResponse()
  async revokeOne(
    @CurrentSession() current: Session,
    @Param('id', { schema: sessionIdSchema }) id: string,
  ): Promise<void> {
    const isOwn = (await this.ofSameUser(current)).some((session) => session.id === id);
    // Someone else's and nobody's look the same.
    if (!isOwn) throw new NotFoundException('You have no such session.');
    await this.sessions.revoke(id);
  }

  /** @throws ForbiddenException naming the first member that is not the holder's to change. */
  private demandWritable(patch: SessionData): void {
    const { clientMembers } = this.config;
    if (clientMembers.includes('*')) return;
    const refused = Object.keys(patch).find((member) => !clientMembers.includes(member));
    if (refused === undefined) return;
    throw new ForbiddenException(
      `${JSON.stringify(refused.slice(0, 100))} is not for the holder of a session to change (SESSION_CLIENT_DATA).`,
    );
  }

  private async ofSameUser(current: Session): Promise<readonly Session[]> {
    return current.userId === null ? [current] : this.sessions.listByUser(current.userId);
  }
}

/** It ended between the guard and the change. */
function ended(): never {
  throw new UnauthorizedException('The session has ended.');
}
