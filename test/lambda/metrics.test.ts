import { expect, test } from 'vitest';
import { metric } from '#lambda/metrics.ts';

test('a metric is one line in the embedded metric format', () => {
  const lines: string[] = [];
  metric(
    'Crawls',
    3,
    'Count',
    { stage: 'crawl-mirror' },
    (line) => lines.push(line),
    () => 1_700_000_000_000,
  );
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      stage: 'crawl-mirror',
      Crawls: 3,
      _aws: {
        Timestamp: 1_700_000_000_000,
        CloudWatchMetrics: [{ Namespace: 'Mirrortide', Dimensions: [['stage']], Metrics: [{ Name: 'Crawls', Unit: 'Count' }] }],
      },
    },
  ]);
});
