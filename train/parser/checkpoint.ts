/** Checkpoints of a parser's training, and the folder of weights that comes out of it. */
import { PARSER_FILES } from '../../data/grit/parser/parser.ts';
import type { Vocabulary } from '../../data/grit/parser/vocabulary.ts';
import {
  type Device,
  openSafetensorsFile,
  readJson,
  runtime,
  type Tensor,
  type TensorToWrite,
  toFloat16Bits,
  toFloat32,
  writeSafetensors,
} from '../../engine/index.ts';
import { checkpointSteps } from '../checkpoint.ts';
import type { ParserTraining } from './config.ts';
import type { DataPosition } from './data.ts';
import type { ParserState } from './trainer.ts';

const STATE = 'training_state.json';
const TENSORS = 'training_state.safetensors';
const FORMAT = 1;

/** What a run knows besides its tensors; plain JSON. */
export interface ParserRunState {
  readonly step: number;
  readonly data: DataPosition;
  /** Of training, over all starts. */
  readonly seconds: number;
  /** The best score of a validation so far; its parser lies in `model/`. */
  readonly bestLas: number;
  readonly training: ParserTraining;
}

/** A checkpoint appears under its name when it is whole; older ones than the newest `keep` go. */
export async function saveParserCheckpoint(
  { path, keep }: { path: string; keep: number },
  tensors: ParserState,
  state: ParserRunState,
): Promise<void> {
  const here = await runtime();
  const folder = `${path}/${nameOf(state.step)}`;
  const beside = `${folder}.partial`;
  await here.remove(beside);
  await here.makeFolder(beside);
  await writeSafetensors(`${beside}/${TENSORS}`, stateRecords(tensors));
  await here.writeFileAtomic(`${beside}/${STATE}`, `${JSON.stringify({ format: FORMAT, ...state }, null, 2)}\n`);
  await here.remove(folder);
  await here.rename(beside, folder);
  const old = (await checkpointSteps(path)).filter((step) => step <= state.step).slice(0, -keep);
  for (const step of old) await here.remove(`${path}/${nameOf(step)}`);
}

/** The newest checkpoint below `path`, or null. */
export async function newestParserCheckpoint(path: string): Promise<{ folder: string; state: ParserRunState } | null> {
  const step = (await checkpointSteps(path)).at(-1);
  if (step === undefined) return null;
  const folder = `${path}/${nameOf(step)}`;
  const { format, ...state } = (await readJson(`${folder}/${STATE}`)) as ParserRunState & { format?: number };
  if (format !== FORMAT)
    throw new Error(`${folder}/${STATE} has the format ${format}, this version reads ${FORMAT}; start the run anew`);
  return { folder, state };
}

/** @throws Error where the file lacks a tensor of these names and shapes */
export async function loadParserState(
  folder: string,
  shapes: Readonly<Record<string, readonly number[]>>,
  device: Device,
): Promise<ParserState> {
  const file = await openSafetensorsFile(`${folder}/${TENSORS}`);
  try {
    const load = async (which: string): Promise<Record<string, Tensor>> => {
      const tensors: Record<string, Tensor> = {};
      for (const [name, shape] of Object.entries(shapes)) {
        const found = file.tensors.get(`${which}.${name}`)?.shape;
        if (found?.join() !== shape.join())
          throw new Error(
            `${file.name}: ${which}.${name} is [${found ?? 'missing'}] and should be [${shape}]; was the treebank another one?`,
          );
        tensors[name] = device.tensor(toFloat32(await file.read(`${which}.${name}`), 'F32'), shape);
      }
      return tensors;
    };
    return {
      parameters: await load('parameters'),
      moments: { first: await load('first'), second: await load('second') },
      average: await load('average'),
    };
  } finally {
    await file.close();
  }
}

/** Writes a folder for `Parser.load`, with weights in f16. */
export async function writeParserFolder(
  folder: string,
  { model }: ParserTraining,
  vocabulary: Vocabulary,
  weights: Readonly<Record<string, Float32Array>>,
  shapes: Readonly<Record<string, readonly number[]>>,
): Promise<void> {
  const here = await runtime();
  await here.makeFolder(folder);
  const records = Object.entries(weights).map(
    ([name, data]): TensorToWrite => ({ name, dtype: 'F16', shape: shapes[name]!, data: toFloat16Bits(data) }),
  );
  await writeSafetensors(`${folder}/${PARSER_FILES.weights}`, records);
  await here.writeFileAtomic(`${folder}/${PARSER_FILES.vocabulary}`, `${JSON.stringify(vocabulary.file)}\n`);
  await here.writeFileAtomic(`${folder}/${PARSER_FILES.config}`, `${JSON.stringify(model, null, 2)}\n`);
}

function stateRecords({ parameters, moments, average }: ParserState): TensorToWrite[] {
  const trees = { parameters, first: moments.first, second: moments.second, average };
  return Object.entries(trees).flatMap(([which, tree]) =>
    Object.entries(tree).map(
      ([name, tensor]): TensorToWrite => ({
        name: `${which}.${name}`,
        dtype: 'F32',
        shape: tensor.shape,
        data: async () => tensor.read(),
      }),
    ),
  );
}

function nameOf(step: number): string {
  return `step-${String(step).padStart(7, '0')}`;
}
