import { expect, test } from 'vitest';
import { terminalReport } from '../../../agent/report/report.ts';

const shownBy = (columns: number | undefined): string => {
  let [err, nowMs] = ['', 0];
  const report = terminalReport({
    out: () => {},
    err: (text) => {
      err += text;
    },
    columns,
    json: false,
    nowMs: () => nowMs,
  });
  for (let files = 0; files <= 30; files += 10) {
    report.progress('asking', files, 100, 'files');
    nowMs += 10_000;
  }
  report.end();
  return err;
};

test('files are counted as bytes are, in lines or in a bar', () => {
  expect(shownBy(undefined).split('\n')).toEqual([
    'asking 10 files of 100 files (10 %), 1 files/s, 1 min 30 s left',
    'asking 20 files of 100 files (20 %), 1 files/s, 1 min 20 s left',
    'asking 30 files of 100 files (30 %), 1 files/s, 1 min 10 s left',
    '',
  ]);
  expect(shownBy(90).split('\r').at(-1)).toBe(
    '[######-----------------] asking 30 files of 100 files (30 %), 1 files/s, 1 min 10 s left\n',
  );
});
