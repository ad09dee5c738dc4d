import { Controller, Get, Post, RequestMethod, UseGuards } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { fastifyRouteConfigOf, guardsOf, httpMethodOf, setFastifyRouteConfig } from './nest-internals.js';

class Guard {
  canActivate(): boolean {
    return true;
  }
}

@Controller()
@UseGuards(Guard)
class Shop {
  @Get()
  @UseGuards(Guard, new Guard())
  @RouteConfig({ isPublic: true })
  find(): string {
    return 'found';
  }

  @Post()
  create(): void {}

  helper(): void {}
}

describe("Nest's metadata", () => {
  const { find, create, helper } = Shop.prototype;

  it('has the HTTP method of a handler', () => {
    expect([find, create, helper].map(httpMethodOf)).toEqual([RequestMethod.GET, RequestMethod.POST, undefined]);
  });

  it('has the guards of a controller and of a handler', () => {
    expect([Shop, find, create].map((target) => guardsOf(target).length)).toEqual([1, 2, 0]);
  });

  it('has the Fastify configuration of a route', () => {
    expect(fastifyRouteConfigOf(find)).toEqual({ isPublic: true });
    expect(fastifyRouteConfigOf(create)).toBeUndefined();
  });

  it('takes a configuration where RouteConfig() puts it', () => {
    class Other {
      @RouteConfig({ isOld: true })
      find(): void {}
    }
    setFastifyRouteConfig(Other.prototype.find, { isNew: true });
    expect(fastifyRouteConfigOf(Other.prototype.find)).toEqual({ isNew: true });
  });
});
