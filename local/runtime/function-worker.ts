/**
 * Runs one bundle in a thread of its own, as one instance of a Lambda function: its module state and its environment are its own,
 * and it gets one event at a time.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { InstanceReply, InstanceRequest, InstanceSettings } from './function-messages.ts';

type Handler = (event: unknown, context: unknown) => Promise<unknown>;

const settings = workerData as InstanceSettings;
const port = parentPort;
if (port === null) throw new Error('function-worker.ts runs in a worker thread');
const { handler } = (await import(settings.bundleUrl)) as { readonly handler: Handler };

async function run(request: InstanceRequest): Promise<InstanceReply> {
  const untilMs = Date.now() + settings.timeoutMs;
  const context = {
    functionName: settings.name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:local:000000000000:function:${settings.name}`,
    memoryLimitInMB: '1024',
    awsRequestId: request.id,
    logGroupName: settings.name,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, untilMs - Date.now()),
  };
  try {
    return { id: request.id, kind: 'result', result: await handler(request.event, context) };
  } catch (error) {
    const known = error instanceof Error ? error : new Error(String(error));
    return { id: request.id, kind: 'error', name: known.name, message: known.message, stack: known.stack ?? '' };
  }
}

port.on('message', (request: InstanceRequest) => {
  void run(request).then((reply) => port.postMessage(reply));
});
port.postMessage({ id: '', kind: 'loaded' } satisfies InstanceReply);
