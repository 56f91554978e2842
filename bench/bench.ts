/** The run of the bench: cases in order, then the measures of this code alone, then the table. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Command, Terminal } from '../cli/command.ts';
import { BENCH_HELP, type BenchArguments, parseBenchArguments } from './arguments.ts';
import { type Case, cases, gpuCases, tinyCases } from './cases.ts';
import { compare, type Pace } from './compare.ts';
import { Contender, NotHere } from './contender.ts';
import type { EngineName } from './engines/index.ts';
import { goalsOf, torchGoal } from './goals.ts';
import { type Host, openHost } from './hosts/index.ts';
import { type MeasureCase, measureCases } from './measures.ts';
import { installPeers, packageOf } from './peers.ts';
import { type BenchRecord, type CaseRecord, hostTitle, resultsPath, systemTitle, versions } from './record.ts';
import { median } from './statistics.ts';
import { caseLines, figureLines, goalTable } from './table.ts';
import { flopsOf } from './works.ts';

export const bench: Command = async (words, terminal) => {
  const options = parseBenchArguments(words);
  if (options === 'help') {
    terminal.stdout.write(`${BENCH_HELP}\n`);
    return 0;
  }
  if (options === 'list') {
    const all = new Map([...cases, ...gpuCases, ...measureCases].map(({ name, title }) => [name, title]));
    for (const [name, title] of all) terminal.stdout.write(`${name.padEnd(32)} ${title}\n`);
    return 0;
  }
  const run = new BenchRun(options, terminal);
  try {
    const record = await run.measure();
    run.report(record);
    const wrong = record.cases.some(({ results }) => results?.some(({ engine, times }) => engine === 'own' && !times));
    return wrong ? 1 : 0;
  } finally {
    await run.close();
  }
};

/** @throws Error where the file is not what `bench/torch/rows.py` prints */
function readTorch(path: string): Record<string, number> {
  const rows: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const isTime = (value: unknown) => typeof value === 'number' && value > 0;
  if (typeof rows !== 'object' || rows === null || !Object.values(rows).every(isTime))
    throw new Error(`${path}: expected milliseconds by case, as bench/torch/rows.py prints them`);
  return rows as Record<string, number>;
}

function paceOf({ tiny, full }: BenchArguments): Pace {
  if (tiny) return { rounds: 2, turn: 0, limit: 0 };
  return full ? { rounds: 10, turn: 300, limit: 30_000 } : { rounds: 5, turn: 150, limit: 6_000 };
}

class BenchRun {
  readonly #options: BenchArguments;
  readonly #terminal: Terminal;
  readonly #contenders = new Map<EngineName, Promise<Contender>>();
  #host: Host | null = null;
  /** Milliseconds of PyTorch on the same card, by case. */
  #torch: Readonly<Record<string, number>> | null = null;
  /** Of multiply-adds, as often as they were measured. */
  readonly #rates: number[] = [];
  /** Why no peer is there. */
  #noPeers: string | null = null;

  constructor(options: BenchArguments, terminal: Terminal) {
    this.#options = options;
    this.#terminal = terminal;
  }

  async measure(): Promise<BenchRecord> {
    const { only, tiny, full, gpu, peers, torch } = this.#options;
    this.#torch = torch ? readTorch(torch) : null;
    const chosen = (tiny ? tinyCases : gpu ? gpuCases : cases).filter(
      (one) => one.name.includes(only) && (full || tiny || only !== '' || !one.full),
    );
    const measures = measureCases.filter(({ name }) => name.includes(only));
    if (chosen.length + measures.length === 0) throw new Error(`no case has «${only}» in its name; --list prints them`);
    this.#noPeers = peers
      ? chosen.length > 0
        ? installPeers((line) => this.#say(line))
        : null
      : 'left out by --no-peers';
    if (peers && this.#noPeers) this.#say(this.#noPeers);
    this.#host = await openHost(this.#options);
    const own = await this.#open('own');
    const adapter = await own.adapter();
    this.#say(`${adapter}, ${hostTitle(this.#options.host)}, ${systemTitle()}`);
    const records: CaseRecord[] = [];
    for (const one of chosen) records.push(await this.#compare(one));
    for (const one of measures) records.push(await this.#measureOne(one));
    return {
      date: new Date().toISOString(),
      adapter,
      host: hostTitle(this.#options.host),
      system: systemTitle(),
      versions: versions(),
      fmaGflops: this.#rates.length > 0 ? median(this.#rates) : null,
      options: { full, tiny, gpu },
      cases: records,
    };
  }

  async #compare(one: Case): Promise<CaseRecord> {
    this.#say(`\n${one.title}`);
    const before = one.fmaShare === undefined ? null : await this.#rate();
    const results = await compare(one, (engine) => this.#open(engine), paceOf(this.#options));
    for (const line of caseLines(results, flopsOf(one.work))) this.#say(line);
    // a shared machine is not equally fast all the time: the rate is that of just before and after
    const rate = before === null ? null : (before + (await this.#rate())) / 2;
    if (rate !== null) this.#say(`  multiply-adds of the adapter meanwhile: ${rate.toFixed(1)} GFLOP/s`);
    const goals = goalsOf(one, results, rate === null ? null : rate * 1e9);
    const torch = this.#torch?.[one.name];
    if (torch) goals.push(torchGoal(results, torch));
    return { name: one.name, title: one.title, work: one.work, results, goals };
  }

  /** Multiply-adds of the adapter, in GFLOP/s. */
  async #rate(): Promise<number> {
    const rate = (await (await this.#open('own')).measure({ kind: 'fma', tiny: this.#options.tiny }))['GFLOP/s'];
    this.#rates.push(rate);
    return rate;
  }

  async #measureOne({ name, title, kind, goals }: MeasureCase): Promise<CaseRecord> {
    this.#say(`\n${title}`);
    const figures = await (await this.#open('own')).measure({ kind, tiny: this.#options.tiny });
    for (const line of figureLines(figures)) this.#say(line);
    return { name, title, figures, goals: goals(figures) };
  }

  /** One process for each engine, kept from case to case; one that died is started again. */
  async #open(engine: EngineName): Promise<Contender> {
    if (packageOf(engine) && this.#noPeers) throw new NotHere(this.#noPeers);
    const known = await this.#contenders.get(engine);
    if (known?.alive) return known;
    const opened = this.#host!.open(engine).then((channel) => new Contender(engine, channel));
    this.#contenders.set(engine, opened);
    return opened;
  }

  report(record: BenchRecord): void {
    const rows = record.cases.flatMap(({ title, goals }) => goals.map((goal) => ({ title, goal })));
    this.#say(`\n${goalTable(rows)}`);
    if (this.#options.tiny) this.#say('\nTiny sizes: the times mean nothing.');
    const text = `${JSON.stringify(record, null, 2)}\n`;
    const { json, results } = this.#options;
    if (json === '-') this.#terminal.stdout.write(text);
    const paths = [json === '-' ? null : json, results ? resultsPath(record) : null].filter((path) => path !== null);
    for (const path of paths) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      this.#say(`\nwrote ${path}`);
    }
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#contenders.values());
    for (const result of opened) if (result.status === 'fulfilled') await result.value.close();
    await this.#host?.close();
  }

  #say(line: string): void {
    const out = this.#options.json === '-' ? this.#terminal.stderr : this.#terminal.stdout;
    out.write(`${line}\n`);
  }
}
