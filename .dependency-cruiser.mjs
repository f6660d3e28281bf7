// The direction of dependencies. Each rule has a violation in test/architecture.test.ts that shows it still bites.
const SDK = '(^|node_modules/)(@aws-sdk|@smithy|@aws-crypto)/';
const CDK = '(^|node_modules/)(aws-cdk-lib|constructs|cdk-nag)(/|$)';
const LAMBDA = '(^|node_modules/)(@types/)?aws-lambda';
const WIRE_PACKAGES = 'node_modules/(valibot|yaml|ipaddr\\.js|fast-xml-parser)/';
const rule = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to });

export default {
  forbidden: [
    rule('no-cycles', {}, { circular: true }, 'a cycle means two folders are one folder'),
    rule('domain-is-pure', { path: '^shared/domain/' }, { pathNot: '^shared/domain/' }, 'the domain imports only the domain'),
    rule(
      'wire-and-ports-see-only-domain',
      { path: '^shared/(wire|ports)/' },
      { path: '.', pathNot: `^shared/(domain|wire|ports)/|${WIRE_PACKAGES}` },
      'contracts do not know how they are carried',
    ),
    rule(
      'adapters-do-not-know-stages',
      { path: '^shared/' },
      { path: '^(functions|infra|agent|web|local|bench|test)/' },
      'shared never looks up',
    ),
    rule(
      'sdk-only-in-aws-adapters',
      { path: '.', pathNot: '^(shared/adapters/aws/|functions/[^/]+/handler\\.ts|local/(emulators|runtime)/|test/|bench/)' },
      { path: SDK },
      'one place to fix an SDK call',
    ),
    rule(
      'event-shapes-only-at-the-edge',
      { path: '.', pathNot: '^(shared/lambda/|functions/[^/]+/handler\\.ts|local/|test/)' },
      { path: LAMBDA },
      'aws-lambda types stop at the handler',
    ),
    rule(
      'cdk-only-in-infra',
      { path: '.', pathNot: '^(infra/|test/infra/)' },
      { path: CDK },
      'bundling CDK into a function is a 30 MB mistake',
    ),
    rule(
      'infra-does-not-run-functions',
      { path: '^infra/' },
      { path: '^(functions|shared/(adapters|lambda))/', pathNot: '^functions/[^/]+/config\\.ts$' },
      'infra imports only the list of environment keys',
    ),
    rule(
      'stages-do-not-import-stages',
      { path: '^functions/([^/]+)/' },
      { path: '^functions/([^/]+)/', pathNot: '^functions/$1/' },
      'stages talk through queues, tables and objects',
    ),
    rule(
      'stories-see-no-adapters',
      { path: '^functions/[^/]+/', pathNot: 'handler\\.ts$' },
      { path: '^shared/(adapters|lambda)/' },
      'only handler.ts wires',
    ),
    rule(
      'agent-stands-alone',
      { path: '^agent/' },
      { path: '.', pathNot: '^(agent|shared/(domain|wire))/', dependencyTypesNot: ['core'] },
      'one file on a host without node_modules; what it shares with the service are shapes',
    ),
    rule(
      'nobody-imports-a-handler',
      { path: '.', pathNot: '^test/' },
      { path: '^functions/[^/]+/handler\\.ts$' },
      'handlers are entry points',
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|cdk\\.out|test/fixtures)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
