import { MicroserviceAnnouncements } from './microservice-announcements.js';

describe('announcements that the microservice receives', () => {
  it('reach every cache that listens to their channel, also after another was closed', async () => {
    const announcements = new MicroserviceAnnouncements();
    const heard: string[] = [];
    const [a, b] = ['a', 'b'].map((name) => {
      const source = announcements.source();
      source.subscribe(name === 'a' ? 'one' : 'two', (message) => heard.push(`${name} ${String(message)}`));
      source.onSubscribed(() => heard.push(`${name} confirmed`));
      return source;
    });
    announcements.deliver('one', 1);
    announcements.deliver('two', 2);
    announcements.confirmed();
    expect(heard.splice(0)).toEqual(['a 1', 'b 2', 'a confirmed', 'b confirmed']);
    await a!.close();
    announcements.deliver('one', 3);
    announcements.deliver('two', 4);
    announcements.confirmed();
    expect(heard).toEqual(['b 4', 'b confirmed']);
    await b!.close();
  });
});
