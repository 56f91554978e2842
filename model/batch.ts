/** Batches of token rows on their way to the decoder: checked, and turned into what the graphs take. */
import { HostArray } from '../engine/index.ts';
import type { Kosmos2Config } from './config.ts';
import { positionIds } from './positions.ts';

/** What the processor gives: rows of equal length, padded left or right. */
export interface TokenBatch {
  readonly inputIds: readonly (readonly number[])[];
  /** 1 for real tokens, 0 for pads. */
  readonly attentionMask: readonly (readonly number[])[];
  /** 1 on the slots that image vectors fill, in reading order; absent or all 0 without images. */
  readonly imageEmbedsPositionMask?: readonly (readonly number[])[];
  /** The image vector in the first slot of each row, so that rows may share pictures; default: each row has vectors of its own, in order. */
  readonly firstVector?: readonly number[];
}

export interface HostBatch {
  readonly rows: number;
  readonly length: number;
  readonly ids: HostArray;
  readonly positionIds: HostArray;
  readonly bounds: HostArray;
  /** Null without image slots. */
  readonly slots: { readonly mask: HostArray; readonly index: HostArray } | null;
  /** Image slots in all. */
  readonly slotCount: number;
  /** The largest position id. */
  readonly lastPosition: number;
}

/** First and end of the real tokens of a row; throws where pads stand between them. */
function boundsOf(mask: readonly number[], row: number): [number, number] {
  const start = mask.indexOf(1);
  const end = mask.lastIndexOf(1) + 1;
  if (start < 0) throw new Error(`row ${row} of the batch has no token that is not padding`);
  if (mask.slice(start, end).includes(0))
    throw new Error(`row ${row} of the batch has padding between its tokens; pad at one end`);
  return [start, end];
}

/** Checks a batch against the model and flattens it. */
export function hostBatch(batch: TokenBatch, { text }: Kosmos2Config): HostBatch {
  const { inputIds, attentionMask, imageEmbedsPositionMask: slotMask } = batch;
  const rows = inputIds.length;
  const length = inputIds[0]?.length ?? 0;
  if (rows === 0 || length === 0) throw new Error('the batch is empty');
  for (const [name, list] of Object.entries({
    inputIds,
    attentionMask,
    imageEmbedsPositionMask: slotMask ?? inputIds,
  })) {
    if (list.length !== rows || list.some((row) => row.length !== length))
      throw new Error(`the rows of ${name} do not all have the length ${length}`);
  }
  const wrong = inputIds.flat().find((id) => !Number.isInteger(id) || id < 0 || id >= text.vocabSize);
  if (wrong !== undefined)
    throw new Error(
      `token id ${wrong} lies outside the model's vocabulary of ${text.vocabSize}; does the tokenizer belong to the model?`,
    );
  const bounds = attentionMask.map(boundsOf);
  // padding by the mask counts, whatever token stands there
  const positions = inputIds.map((row, i) =>
    positionIds(
      row.map((id, t) => (attentionMask[i][t] ? id : text.padTokenId)),
      text.padTokenId,
    ),
  );
  const flags = slotMask?.flat() ?? [];
  const slotCount = flags.filter(Boolean).length;
  const allPositions = positions.flat();
  let next = 0;
  const index = flags.map((flag, i) => {
    if (i % length === 0 && batch.firstVector) next = batch.firstVector[i / length];
    return flag ? next++ : 0;
  });
  return {
    rows,
    length,
    ids: new HostArray(Int32Array.from(inputIds.flat()), [rows, length]),
    positionIds: new HostArray(Int32Array.from(allPositions), [rows, length]),
    bounds: new HostArray(Int32Array.from(bounds.flat()), [rows, 2]),
    slots:
      slotCount > 0
        ? {
            mask: new HostArray(Float32Array.from(flags), [rows, length, 1]),
            index: new HostArray(Int32Array.from(index), [rows, length]),
          }
        : null,
    slotCount,
    lastPosition: allPositions.reduce((last, position) => Math.max(last, position)),
  };
}
