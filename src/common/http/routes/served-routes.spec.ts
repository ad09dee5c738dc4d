import { ServedRoutes } from './served-routes.js';

describe('the methods of a path', () => {
  const routes = new ServedRoutes();
  routes.add('/documents', ['GET', 'HEAD']);
  routes.add('/documents', 'POST');
  routes.add('/documents/:id', 'PATCH');
  routes.add('/documents/search', 'GET');
  routes.add('/models/:model::embed', 'POST');
  routes.add('/models/:model(^[^A-Z:]+)::count', 'POST');
  routes.add('/docs/*', 'GET');

  it.each([
    ['/documents', ['GET', 'HEAD', 'POST']],
    ['/documents/7', ['PATCH']],
    ['/documents/search', ['GET', 'PATCH']],
    ['/documents/7/more', []],
    ['/documents/', []],
    ['/models/gemini-2.5:embed', ['POST']],
    ['/models/gemini-2.5:count', ['POST']],
    ['/models/GEMINI:count', []],
    ['/models/m:other', []],
    ['/documents/7:other', []],
    ['/docs/a/b', ['GET']],
    ['/other', []],
  ])('%s', (path, methods) => {
    expect(routes.methodsOf(path)).toEqual(methods);
  });
});
