import { setTimeout as delay } from 'node:timers/promises';

/** What goes wrong with one attempt of one command. */
export type Fault =
  /** Refused for going too fast, and not carried out. DynamoDB names it after the table's throughput, other services ThrottlingException. */
  | { readonly kind: 'throttled'; readonly name?: 'ProvisionedThroughputExceededException' | 'ThrottlingException' }
  /** A DynamoDB transaction cancelled because another one was at the same items; not carried out. `items` is the number of reasons, 1 by default. */
  | { readonly kind: 'transaction-conflict'; readonly items?: number }
  /** The connection broke before the request left. */
  | { readonly kind: 'request-lost' }
  /** Carried out, and the connection broke before the answer came. */
  | { readonly kind: 'reply-lost' }
  | { readonly kind: 'delayed'; readonly delayMs: number };

export interface Attempt {
  /** `PutItemCommand` */
  readonly command: string;
  readonly input: unknown;
  /** From 1, over every attempt of this client that reached the injector, retries included. */
  readonly number: number;
}

/** Decides for each attempt; undefined lets it through. */
export type FaultPlan = (attempt: Attempt) => Fault | undefined;

export interface InjectedFault {
  readonly attempt: Attempt;
  readonly fault: Fault;
}

export interface FaultInjection {
  /** What was done so far, in order. */
  readonly injected: readonly InjectedFault[];
  /** Every attempt that reached the injector, hit or not. */
  attempts(): number;
  /** Lets everything through from now on. */
  stop(): void;
}

type Next = (args: { input: object }) => Promise<object>;
type Middleware = (next: Next, context: { commandName?: string }) => Next;

/** The part of an SDK client that is used here; the clients' own types differ in input and output only. */
interface FaultyClient {
  readonly middlewareStack: {
    // biome-ignore lint/suspicious/noExplicitAny: each client types its own stack, and no common supertype exists
    add(middleware: any, options: { step: 'finalizeRequest'; name: string; priority: 'low' }): void;
  };
}

/** The faults in order, one for each attempt; `undefined` in the script lets that attempt through, and so does its end. */
export function scripted(...script: readonly (Fault | undefined)[]): FaultPlan {
  return ({ number }) => script[number - 1];
}

/** The given faults for the first attempts of one command; every other command is left alone. */
export function onCommand(command: string, ...script: readonly (Fault | undefined)[]): FaultPlan {
  let seen = 0;
  return (attempt) => {
    if (attempt.command !== command) return undefined;
    seen += 1;
    return script[seen - 1];
  };
}

/**
 * Makes attempts of this client fail. It sits below the SDK's retry, so each retry is an attempt of its own and the SDK's own
 * classification of errors decides what is retried.
 */
export function injectFaults(client: FaultyClient, plan: FaultPlan): FaultInjection {
  const injected: InjectedFault[] = [];
  let attempts = 0;
  let active = true;
  const middleware: Middleware = (next, context) => async (args) => {
    attempts += 1;
    const attempt: Attempt = { command: context.commandName ?? '', input: args.input, number: attempts };
    const fault = active ? plan(attempt) : undefined;
    if (fault === undefined) return next(args);
    injected.push({ attempt, fault });
    return suffer(fault, () => next(args));
  };
  // Low priority in finalizeRequest: after the retry middleware (high), so inside its loop.
  client.middlewareStack.add(middleware, { step: 'finalizeRequest', name: `injectFaults${Math.random()}`, priority: 'low' });
  return {
    injected,
    attempts: () => attempts,
    stop: () => {
      active = false;
    },
  };
}

async function suffer(fault: Fault, send: () => Promise<object>): Promise<object> {
  switch (fault.kind) {
    case 'throttled':
      throw serviceError(
        fault.name ?? 'ProvisionedThroughputExceededException',
        'The level of configured provisioned throughput was exceeded.',
        {},
      );
    case 'transaction-conflict':
      throw serviceError(
        'TransactionCanceledException',
        'Transaction cancelled, please refer cancellation reasons for specific reasons',
        {
          CancellationReasons: Array.from({ length: fault.items ?? 1 }, (_, index) =>
            index === 0 ? { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' } : { Code: 'None' },
          ),
        },
      );
    case 'request-lost':
      throw connectionError('connect ECONNREFUSED (injected)', 'ECONNREFUSED');
    case 'reply-lost':
      await send();
      throw connectionError('socket hang up (injected)', 'ECONNRESET');
    case 'delayed':
      await delay(fault.delayMs);
      return send();
  }
}

/** Looks like what the SDK's deserializer throws: name, $fault and $metadata are what callers and its retry strategy read. */
function serviceError(name: string, message: string, fields: object): Error {
  return Object.assign(new Error(message), {
    name,
    $fault: 'client',
    $metadata: { httpStatusCode: 400, requestId: 'INJECTED', attempts: 1, totalRetryDelay: 0 },
    ...fields,
  });
}

/** Looks like what node:http throws. */
function connectionError(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}

interface Received {
  readonly Messages?: readonly object[];
}

/**
 * Makes ReceiveMessage bring each message twice in the same answer, as at-least-once delivery may. `chosen` picks which (all by default).
 * The copies share their receipt handle, as two deliveries before a deletion effectively do on a standard queue.
 */
export function duplicateDeliveries(client: FaultyClient, chosen: (message: object) => boolean = () => true): void {
  const middleware: Middleware = (next, context) => async (args) => {
    const result = await next(args);
    if (context.commandName !== 'ReceiveMessageCommand') return result;
    const { output } = result as { output: Received };
    const Messages = output.Messages?.flatMap((message) => (chosen(message) ? [message, { ...message }] : [message]));
    return { ...result, output: Messages === undefined ? output : { ...output, Messages } };
  };
  client.middlewareStack.add(middleware, { step: 'finalizeRequest', name: 'duplicateDeliveries', priority: 'low' });
}
