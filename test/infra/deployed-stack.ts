import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ENV_KEYS as adminApiKeys } from '../../functions/admin-api/config.ts';
import { ENV_KEYS as answerKeys } from '../../functions/answer/config.ts';
import { ENV_KEYS as checkReleaseKeys } from '../../functions/check-release/config.ts';
import { ENV_KEYS as contentKeys } from '../../functions/content/config.ts';
import { ENV_KEYS as crawlMirrorKeys } from '../../functions/crawl-mirror/config.ts';
import { ENV_KEYS as hostsApiKeys } from '../../functions/hosts-api/config.ts';
import { ENV_KEYS as lockApiKeys } from '../../functions/lock-api/config.ts';
import { ENV_KEYS as planCrawlsKeys } from '../../functions/plan-crawls/config.ts';
import { ENV_KEYS as publishSnapshotKeys } from '../../functions/publish-snapshot/config.ts';
import { ENV_KEYS as recordLockEventsKeys } from '../../functions/record-lock-events/config.ts';
import { ENV_KEYS as scanMasterKeys } from '../../functions/scan-master/config.ts';
import { ENV_KEYS as sweepDrainsKeys } from '../../functions/sweep-drains/config.ts';
import { ENV_KEYS as sweepLocksKeys } from '../../functions/sweep-locks/config.ts';
import { ENV_KEYS as sweepVolumesKeys } from '../../functions/sweep-volumes/config.ts';
import { ENV_KEYS as updateVolumeKeys } from '../../functions/update-volume/config.ts';
import { ENV_KEYS as volumesApiKeys } from '../../functions/volumes-api/config.ts';
import { type Environment, environments } from '../../infra/environments.ts';
import { type MirrorNetworkProps, MirrorNetworkStack } from '../../infra/mirror-network-stack.ts';

/** Of every stage, the environment that its config names. */
export const STAGE_KEYS: Readonly<Record<string, readonly string[]>> = {
  'admin-api': adminApiKeys,
  answer: answerKeys,
  'check-release': checkReleaseKeys,
  content: contentKeys,
  'crawl-mirror': crawlMirrorKeys,
  'hosts-api': hostsApiKeys,
  'lock-api': lockApiKeys,
  'plan-crawls': planCrawlsKeys,
  'publish-snapshot': publishSnapshotKeys,
  'record-lock-events': recordLockEventsKeys,
  'scan-master': scanMasterKeys,
  'sweep-drains': sweepDrainsKeys,
  'sweep-locks': sweepLocksKeys,
  'sweep-volumes': sweepVolumesKeys,
  'update-volume': updateVolumeKeys,
  'volumes-api': volumesApiKeys,
};

export interface Resource {
  readonly Properties: unknown;
}

/** A template, and how tests ask it. */
export interface DeployedStack {
  readonly template: Template;
  resources(type: string): [string, Resource][];
  /** The statements that a stage's role has, as text. */
  policyOf(stage: string): string;
}

type Changes = Partial<Environment> & Partial<Pick<MirrorNetworkProps, 'hostNames'>>;

export interface StackFolder {
  /** The stack of the default environment with something changed, checked by cdk-nag. */
  deploy(changes: Changes): DeployedStack;
  remove(): Promise<void>;
}

const edgeFile = (name: string): string => fileURLToPath(new URL(`../../functions/edge/${name}`, import.meta.url));

const asked = (template: Template): DeployedStack => {
  const resources = (type: string): [string, Resource][] => Object.entries(template.findResources(type)) as [string, Resource][];
  return {
    template,
    resources,
    policyOf: (stage) =>
      JSON.stringify(
        resources('AWS::IAM::Policy').find(([id]) => id.startsWith(`${stage.replaceAll('-', '')}Role`))?.[1].Properties,
      ),
  };
};

/** Every stage has a bundle that does nothing: what they do is not looked at here. */
export const stackFolder = async (): Promise<StackFolder> => {
  const bundles = await mkdtemp(join(tmpdir(), 'mirrortide-bundles-'));
  for (const stage of Object.keys(STAGE_KEYS)) {
    await mkdir(join(bundles, stage));
    await writeFile(join(bundles, stage, 'index.mjs'), 'export const handler = () => undefined;');
  }
  return {
    deploy({ hostNames, ...changes }) {
      const environment = environments['default'];
      if (environment === undefined) throw new Error('there is no default environment');
      const app = new App();
      const stack = new MirrorNetworkStack(app, 'test', {
        environment: { ...environment, ...changes },
        categories: [
          { id: 'fedora', scanEveryMs: 600_000 },
          { id: 'epel', scanEveryMs: 30_000 },
        ],
        hostNames,
        bundles,
        edge: {
          answer: edgeFile('viewer-request.js'),
          objects: edgeFile('object-request.js'),
          objectAnswers: edgeFile('object-response.js'),
          content: edgeFile('content-request.js'),
        },
      });
      Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
      return asked(Template.fromStack(stack));
    },
    remove: () => rm(bundles, { recursive: true, force: true }),
  };
};
