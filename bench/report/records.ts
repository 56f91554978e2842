/** The results that are kept, as files of `bench/results`. */
import { readdirSync, readFileSync } from 'node:fs';
import type { BenchRecord } from '../record.ts';

/** «Node» of «Node 20.20.2». */
export function hostName({ host }: BenchRecord): string {
  const [name] = host.split(' ');
  return name[0].toUpperCase() + name.slice(1);
}

/** «llvmpipe» of «llvmpipe: Mesa 25.0.7 (LLVM 15.0.6), software». */
export function adapterName({ adapter }: BenchRecord): string {
  return adapter
    .split(/[:(,]/)[0]
    .replace(/ driver.*$/, '')
    .trim();
}

/** What makes two records answers to the same question. */
function subjectOf(record: BenchRecord): string {
  return [adapterName(record), hostName(record), record.options.gpu ?? false].join();
}

/** Of each adapter and host the newest, those with most works first, then Node; tiny sizes do not count. */
export function newestRecords(folder: string): BenchRecord[] {
  const newest = new Map<string, BenchRecord>();
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  for (const name of names) {
    const record = JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as BenchRecord;
    const known = newest.get(subjectOf(record));
    if (!record.options.tiny && (!known || known.date < record.date)) newest.set(subjectOf(record), record);
  }
  const measured = ({ cases }: BenchRecord) => cases.filter(({ results }) => results).length;
  const onNode = (record: BenchRecord) => Number(hostName(record) === 'Node');
  return [...newest.values()].sort(
    (a, b) => measured(b) - measured(a) || onNode(b) - onNode(a) || subjectOf(a).localeCompare(subjectOf(b)),
  );
}
