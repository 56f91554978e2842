/** Records in numbered files of parquet and JSONL, and a summary: what is made of records that were there before. */
import { runtime } from '../../engine/runtime/index.ts';
import { WHOLE } from './pairs/units.ts';
import { gritParquet } from './parquet.ts';
import { gritJsonLine } from './record-files.ts';
import type { GritRecord } from './records.ts';
import { partName } from './run/shard-names.ts';

/** Records of a shard; all of them are in memory until it is written. */
export const DEFAULT_SHARD_SIZE = 10_000;

const SHARD_NAME = /^grit-(\d{5,})\.(?:parquet|jsonl)$/;

export class ShardWriter {
  readonly #folder: string;
  readonly #size: number;
  #records: GritRecord[] = [];
  #shards = 0;
  readonly #written: string[] = [];

  constructor(folder: string, size = DEFAULT_SHARD_SIZE) {
    this.#folder = folder;
    this.#size = size;
  }

  async add(record: GritRecord): Promise<void> {
    this.#records.push(record);
    if (this.#records.length >= this.#size) await this.#flush();
  }

  /**
   * Writes what is left and the summary, and takes away shards of an earlier, longer run, so that the folder holds this run alone.
   *
   * @returns the names of the files
   */
  async finish(summary: object): Promise<string[]> {
    if (this.#records.length > 0) await this.#flush();
    const here = await runtime();
    await here.makeFolder(this.#folder);
    for (const { name } of await here.listFolder(this.#folder)) {
      const number = SHARD_NAME.exec(name)?.[1];
      if (number !== undefined && Number(number) >= this.#shards) await here.remove(`${this.#folder}/${name}`);
    }
    await here.writeFileAtomic(`${this.#folder}/summary.json`, `${JSON.stringify(summary, null, 2)}\n`);
    this.#written.push('summary.json');
    return this.#written;
  }

  async #flush(): Promise<void> {
    const name = partName(WHOLE, this.#shards);
    await (await runtime()).makeFolder(this.#folder);
    this.#written.push(...(await writeRecords(`${this.#folder}/${name}`, this.#records)));
    this.#shards++;
    this.#records = [];
  }
}

/**
 * Writes `PATH.parquet` and `PATH.jsonl`, each beside and then renamed: a file that has its name is whole.
 *
 * @returns the names without the folder
 */
export async function writeRecords(path: string, records: readonly GritRecord[]): Promise<string[]> {
  const here = await runtime();
  await here.writeFileAtomic(`${path}.parquet`, await gritParquet(records));
  await here.writeFileAtomic(`${path}.jsonl`, records.map((record) => `${gritJsonLine(record)}\n`).join(''));
  const name = path.slice(path.lastIndexOf('/') + 1);
  return [`${name}.parquet`, `${name}.jsonl`];
}
