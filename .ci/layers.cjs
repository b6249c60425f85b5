// The layers of src/, as rules: the core on the ground floor, everything else above it, nothing below imports anything
// above, and no two things of the upper floor know each other. It runs on any platform, so it imports none.
//
// Upper floor: one folder a place (thread, net), a bridge (node, web), the flow and the controls. What all bridges share is
// in src/bridge, on the ground floor.

module.exports = {
  forbidden: [
    {
      name: 'core-knows-nothing-above',
      comment: 'A file of the core (src/*.ts) imports only files of the core.',
      severity: 'error',
      from: { path: '^src/[^/]+$' },
      to: { path: '^src/[^/]+/' },
    },
    {
      name: 'folders-are-strangers',
      comment: 'A place, a bridge, the flow and the controls stand on the core, and none knows another.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/', pathNot: ['^src/$1/', '^src/bridge/'] },
    },
    {
      name: 'only-bridges-use-the-bridge-floor',
      comment: 'The flow and the controls have nothing foreign on their other side.',
      severity: 'error',
      from: { path: '^src/(control|flow)/' },
      to: { path: '^src/bridge/' },
    },
    {
      name: 'no-cycles',
      comment:
        'Two files that need each other are one, or one too many. A type is no need: it is gone when the code runs.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-platform',
      comment: 'Nothing in src/ imports a module of the platform, but for the two that are made for Node.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(node|diagnostics)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-packages',
      comment: 'Nothing in src/ imports a package, or a file outside of src/.',
      severity: 'error',
      from: { path: '^src/' },
      to: { pathNot: '^src/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'no-orphans',
      comment: 'A file that nothing imports is not part of the package.',
      severity: 'error',
      from: { path: '^src/', orphan: true, pathNot: ['[.]d[.]ts$', '^src/index[.]ts$', '^src/.+/index[.]ts$'] },
      to: {},
    },
  ],
  options: {
    tsPreCompilationDeps: true, // sees the imports of types too
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
