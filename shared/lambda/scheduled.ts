import type { Log } from '#ports/log.ts';

/**
 * The edge of a function that a schedule calls: parses the event, runs the story, and logs how it ended as one line. A failure
 * is logged and thrown on, so that Lambda counts it and retries.
 */
export const scheduled =
  <Input, Outcome>(
    log: Log,
    parse: (event: unknown) => Input,
    story: (input: Input) => Promise<Outcome>,
  ): ((event: unknown) => Promise<void>) =>
  async (event) => {
    const started = performance.now();
    const tookMs = () => Math.round(performance.now() - started);
    try {
      const outcome = await story(parse(event));
      log.info('run ended', { outcome, tookMs: tookMs() });
    } catch (error) {
      log.error('run failed', { error, tookMs: tookMs() });
      throw error;
    }
  };
