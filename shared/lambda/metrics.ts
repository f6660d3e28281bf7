const NAMESPACE = 'Mirrortide';

export type MetricUnit = 'Count' | 'Milliseconds' | 'Seconds' | 'Bytes' | 'Percent' | 'None';

/**
 * One metric as a line of CloudWatch's embedded metric format: the log agent makes the metric, so it costs no request and no
 * permission. `dimensions` multiply the number of metrics that are paid for: stage and category, never host.
 */
export const metric = (
  name: string,
  value: number,
  unit: MetricUnit,
  dimensions: Readonly<Record<string, string>> = {},
  write: (line: string) => unknown = (line) => process.stdout.write(line),
  nowMs: () => number = Date.now,
): void => {
  const definition = { Namespace: NAMESPACE, Dimensions: [Object.keys(dimensions)], Metrics: [{ Name: name, Unit: unit }] };
  write(`${JSON.stringify({ ...dimensions, [name]: value, _aws: { Timestamp: nowMs(), CloudWatchMetrics: [definition] } })}\n`);
};
