/** The output folder: numbered shards of records in parquet and JSONL, and a summary. */
import { runtime } from '../../engine/runtime/index.ts';
import { gritParquet } from './parquet.ts';
import { gritJsonLine } from './record-files.ts';
import type { GritRecord } from './records.ts';

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
    await this.#write('summary.json', `${JSON.stringify(summary, null, 2)}\n`);
    return this.#written;
  }

  async #flush(): Promise<void> {
    const name = `grit-${String(this.#shards).padStart(5, '0')}`;
    await (await runtime()).makeFolder(this.#folder);
    await this.#write(`${name}.parquet`, await gritParquet(this.#records));
    await this.#write(`${name}.jsonl`, this.#records.map((record) => `${gritJsonLine(record)}\n`).join(''));
    this.#shards++;
    this.#records = [];
  }

  /** Beside, then renamed: a file that has its name is whole. */
  async #write(name: string, content: string | Uint8Array): Promise<void> {
    await (await runtime()).writeFileAtomic(`${this.#folder}/${name}`, content);
    this.#written.push(name);
  }
}
