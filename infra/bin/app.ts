import { fileURLToPath } from 'node:url';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { loadNetworkFile } from '../../agent/network/load-network-file.ts';
import { bundleFunctions } from '../bundling.ts';
import { environments } from '../environments.ts';
import { MirrorNetworkStack } from '../mirror-network-stack.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const app = new App();
const name = String(app.node.tryGetContext('environment') ?? 'default');
const environment = environments[name];
if (environment === undefined)
  throw new Error(`no environment "${name}" in infra/environments.ts; there are: ${Object.keys(environments).join(', ')}`);
const networkFile = String(app.node.tryGetContext('network') ?? environment.networkFile);
const network = await loadNetworkFile(networkFile);
if (network.kind === 'invalid')
  throw new Error(`${networkFile} is not a valid network file; npm start -- --network ${networkFile} says why`);

new MirrorNetworkStack(app, environment.stackName, {
  environment,
  categories: network.inventory.categories.map((category) => ({ id: category.id, scanEveryMs: category.schedule.scanMasterMs })),
  hostNames: network.inventory.content?.names,
  bundles: await bundleFunctions(`${root}dist/functions`),
  edge: {
    answer: `${root}functions/edge/viewer-request.js`,
    objects: `${root}functions/edge/object-request.js`,
    objectAnswers: `${root}functions/edge/object-response.js`,
    content: `${root}functions/edge/content-request.js`,
  },
});
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
