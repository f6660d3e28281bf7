import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';

const isQueueEvent = (event: unknown): event is SQSEvent =>
  typeof event === 'object' && event !== null && Array.isArray((event as { readonly Records?: unknown }).Records);

/** The edge of a function that both a schedule and a queue call: each event goes to its own. */
export const eitherTrigger =
  (
    bySchedule: (event: unknown) => Promise<void>,
    byQueue: (event: SQSEvent) => Promise<SQSBatchResponse>,
  ): ((event: unknown) => Promise<SQSBatchResponse | undefined>) =>
  async (event) => {
    if (isQueueEvent(event)) return byQueue(event);
    await bySchedule(event);
    return undefined;
  };
