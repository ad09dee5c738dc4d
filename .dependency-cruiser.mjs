/** Who may import whom: the layers of docs/architecture.md, bottom first. A layer imports only those below it, and itself. */
const LAYERS = [
  'src/common/',
  'src/modules/(redis|database)/',
  'src/modules/cache/',
  'src/modules/(invalidation|warmup|query-cache)/',
  'src/modules/(embedding|session|documents)/',
  'src/modules/(metrics|health)/',
  'src/modules/(admin|testing)/',
];

/**
 * The rooms of the cache engine, lowest first. Rooms of one line do not import each other; a room imports only rooms of the
 * lines above it, and itself. `larder-cache.ts` in `engine/` itself is the facade over all of them.
 */
const ENGINE_ROOMS = [
  ['contract', 'versions'],
  ['ports'],
  ['names', 'local'],
  ['outage'],
  ['remote', 'coherence'],
  ['parts'],
  ['load', 'write'],
  ['read'],
];

const ENGINE = '^src/modules/cache/engine/';
const engineRoomRules = ENGINE_ROOMS.flatMap((line, index) =>
  line.map((room) => ({
    name: `engine-room-${room}`,
    comment: 'A room of the engine imports only the rooms before it: see src/modules/cache/engine/README.md.',
    severity: 'error',
    from: { path: `${ENGINE}${room}/`, pathNot: '\\.spec\\.ts$' },
    to: {
      path: ENGINE,
      pathNot: [...ENGINE_ROOMS.slice(0, index).flat(), room].map((lower) => `${ENGINE}${lower}/`),
    },
  })),
);

const layerRules = LAYERS.slice(0, -1).map((layer, index) => ({
  name: `layer-${index}-only-downward`,
  comment: 'Calls go down, events go up: declare a port here and let the higher layer attach to it.',
  severity: 'error',
  from: { path: `^${layer}` },
  to: { path: LAYERS.slice(index + 1).map((higher) => `^${higher}`) },
}));

/** Rooms of one module, bottom first. A room imports itself and the rooms listed before it. */
const ROOMS = {
  embedding: [
    '(numbers|config)/',
    'providers/',
    'models/',
    'vectors/',
    'usage/',
    'tenants/',
    'embedding\\.service\\.ts$',
    '(wire|jobs)/',
    '(admin|cli)/',
  ],
  session: ['model/', '(database|stores)/', 'session\\.service\\.ts$', 'http/'],
};

const roomRules = Object.entries(ROOMS).flatMap(([module, rooms]) =>
  rooms.slice(0, -1).map((room, index) => ({
    name: `${module}-room-${index}-only-downward`,
    comment: `The rooms of ${module} import each other in one direction only.`,
    severity: 'error',
    from: { path: `^src/modules/${module}/${room}` },
    to: { path: rooms.slice(index + 1).map((higher) => `^src/modules/${module}/${higher}`) },
  })),
);

export default {
  forbidden: [
    {
      name: 'no-cycle',
      comment: "Two files may name each other's types; at run time nothing goes in circles.",
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...layerRules,
    ...roomRules,
    ...engineRoomRules,
    {
      name: 'engine-without-stores',
      comment: 'The engine knows its stores by their ports; create-cache.ts brings both together.',
      severity: 'error',
      from: { path: ENGINE, pathNot: '\\.spec\\.ts$' },
      to: {
        path: [
          '^src/modules/cache/(stores|scripts|interop|http|binding|decorators)/',
          '^src/modules/cache/[^/]+\\.ts$',
          '^src/modules/(?!cache/)',
        ],
      },
    },
    {
      name: 'module-face',
      comment:
        'Another module is imported through its index.ts. Its types alone (x.types.ts) need no face, and cost the engine no Nest.',
      severity: 'error',
      from: { path: '^src/modules/([^/]+)/' },
      to: {
        path: '^src/modules/',
        pathNot: ['^src/modules/$1/', '^src/modules/[^/]+/(index|library|nest)\\.ts$', '\\.types\\.ts$'],
      },
    },
    {
      name: 'root-uses-faces',
      comment: 'The root imports modules through their faces, and their configuration sections.',
      severity: 'error',
      from: { path: '^src/[^/]+\\.ts$' },
      to: { path: '^src/modules/', pathNot: ['^src/modules/[^/]+/(index|library)\\.ts$', '\\.config\\.ts$'] },
    },
    {
      name: 'engine-without-nest',
      comment: 'createCache() works in any program.',
      severity: 'error',
      from: { path: '^src/modules/cache/(engine|stores|codec)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^node_modules/@nestjs/' },
    },
    {
      name: 'library-without-nest',
      comment: 'Programs that import createCache() or an adapter of an ORM load no framework, however far down.',
      severity: 'error',
      from: { path: '^src/(index|entries/(keyv|drizzle|prisma|testing|typeorm))\\.ts$' },
      to: { path: '^node_modules/@nestjs/', reachable: true },
    },
    {
      name: 'entries-use-faces',
      comment: 'The entries of the package are made of faces, those of rooms included.',
      severity: 'error',
      from: { path: '^src/entries/' },
      to: {
        path: '^src/',
        pathNot: ['^src/modules/[^/]+/(index|library|nest)\\.ts$', '^src/modules/[^/]+/[^/]+/index\\.ts$'],
      },
    },
    {
      name: 'no-test-code',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.(spec|type-test)\\.ts$' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'declared-dependency',
      comment:
        'What the service runs on is a dependency in package.json, not one of another package or of the developers.',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.(spec|type-test)\\.ts$' },
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: '^node_modules/@types/',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
