/** `training-sequences.json`: captions, collation, packing and instructions of the training data. */
import { join } from 'node:path';
import { captionSequence, groundedSequence } from '../../data/corpora/caption-sequence.ts';
import { collate, IGNORED } from '../../data/corpora/collate.ts';
import type { TrainingSequence } from '../../data/corpora/example.ts';
import { groundingSequence, referringSequence } from '../../data/corpora/grounded-instruction.ts';
import { packDocuments } from '../../data/corpora/packing.ts';
import { boxView, groupRegions, type RegionGroup, seenRegions } from '../../data/corpora/regions.ts';
import { tokenRange } from '../../data/corpora/tagged-text.ts';
import type { SequenceContext } from '../../data/corpora/tags.ts';
import { CodePoints } from '../../data/grit/spans.ts';
import { boxToTrainingPatches } from '../../data/grounding.ts';
import type { GoldenCase } from './case.ts';
import { equalCase, type Json, readJson } from './json.ts';
import { loadTokenizer } from './tokenizer-file.ts';

const FILE = 'training-sequences.json';
/** Pictures of this source with a shorter side are left out by the published loader. */
const SIZE_FILTER = { source: 'laion2b', side: 200 };

export async function checkTrainingSequences(folder: string, tokenizerFile: string | null): Promise<GoldenCase[]> {
  const { settings, captions, collation, packing, instructions } = await readJson(join(folder, FILE));
  const context: SequenceContext = {
    tokenizer: await loadTokenizer(tokenizerFile),
    imageSize: settings.side,
    gridSize: settings.grid,
    latents: settings.image_slots,
    sequenceLength: 2048,
  };
  return [
    ...captions.flatMap((entry: Json) => checkCaption(entry, settings, context)),
    ...collation.map((entry: Json) => checkCollation(entry, captions)),
    ...packing.map((entry: Json) => checkPacking(entry, context)),
    ...instructions.map((entry: Json) => checkInstruction(entry, context)),
  ];
}

function checkCaption(entry: Json, settings: Json, context: SequenceContext): GoldenCase[] {
  const name = `${FILE} ${entry.id}`;
  const { caption } = entry.record;
  return [
    ...checkRegions(entry, settings),
    ...['expression', 'phrase'].flatMap((mode) => checkGrounded(`${name} ${mode}`, entry, mode, settings, context)),
    equalCase(`${name} plain`, inFile(captionSequence(caption, context)), scoredOnly(entry.plain)),
  ];
}

/** What needs no tokenizer: the view, which boxes are left, and what they are then. */
export function checkRegions(entry: Json, settings: Json): GoldenCase[] {
  const name = `${FILE} ${entry.id}`;
  const { width, height, source } = entry.record;
  const { resizedWidth, resizedHeight, left, top } = boxView(width, height, settings.side);
  const view = { resized_width: resizedWidth, resized_height: resizedHeight, crop_left: left, crop_top: top };
  const isSmall = source === SIZE_FILTER.source && Math.min(width, height) < SIZE_FILTER.side;
  const checkMode = (mode: string) => {
    const filter = regionsOf(entry, mode, settings).map(({ index, start, end, score, keptArea, box, dropped }) => ({
      index,
      span: [start, end],
      score,
      ...(keptArea === null ? {} : { kept_area: keptArea }),
      ...(dropped ? { dropped } : { box }),
    }));
    const expected = entry[mode].filter.map(({ box, ...rest }: Json) => (rest.dropped ? rest : { box, ...rest }));
    return equalCase(`${name} ${mode} filter`, filter, expected);
  };
  return [
    equalCase(`${name} view`, view, entry.view),
    equalCase(`${name} size_filtered`, isSmall, entry.size_filtered),
    checkMode('expression'),
    checkMode('phrase'),
  ];
}

function regionsOf({ record }: Json, mode: string, settings: Json) {
  const view = boxView(record.width, record.height, settings.side);
  return seenRegions(mode === 'expression' ? record.ref_exps : record.noun_chunks, view, {
    minScore: settings.score_threshold,
    minKeptArea: settings.min_kept_area,
    maximalOnly: mode === 'expression',
  });
}

function checkGrounded(
  name: string,
  entry: Json,
  mode: string,
  settings: Json,
  context: SequenceContext,
): GoldenCase[] {
  const { caption } = entry.record;
  const expected = entry[mode];
  const groups = groupRegions(regionsOf(entry, mode, settings), caption);
  const points = new CodePoints(caption);
  const inGolden = groups.map((group, index) => {
    const range = tokenRange(context.tokenizer, points, group);
    return {
      text: group.text,
      span: [group.start, group.end],
      boxes: group.boxes,
      patches: group.boxes.map((box) => boxToTrainingPatches(box, settings.grid)),
      scores: group.scores,
      // Of a sample that is dropped the file names no ranges.
      ...(expected.groups[index]?.tokens && range ? { tokens: [range.from, range.to] } : {}),
    };
  });
  const withoutRule = expected.groups.map(({ rule, ...rest }: Json) => rest);
  return [
    equalCase(`${name} groups`, inGolden, withoutRule),
    checkGroundedSequence(`${name} grounded`, groups, entry, mode, context),
  ];
}

function checkGroundedSequence(
  name: string,
  groups: readonly RegionGroup[],
  entry: Json,
  mode: string,
  context: SequenceContext,
): GoldenCase {
  const { grounded: expected, reference_quirk: quirk } = entry[mode];
  const sequence = groups.length > 0 ? groundedSequence(entry.record.caption, groups, context) : null;
  if (expected?.dropped || expected === null) return equalCase(name, sequence, null);
  const result = equalCase(name, sequence && inFile(sequence), scoredOnly(expected));
  if (result.ok || !quirk) return result;
  const ok = sequence === null || isBalanced(sequence, context);
  return { name, deviation: 'differs', tolerance: 'equal or balanced', ok, detail: quirk };
}

/** Whether every phrase is closed before the next one opens. */
function isBalanced({ ids }: TrainingSequence, { tokenizer }: SequenceContext): boolean {
  const tags = ids.map((id) => tokenizer.idToToken(id)).filter((token) => /^<\/?(phrase|object)>$/.test(token ?? ''));
  return /^(<phrase><\/phrase><object><\/object>)*$/.test(tags.join(''));
}

function inFile({ ids, imageMask, lossMask }: TrainingSequence): Json {
  return { ids, input_mask: imageMask, loss_mask: lossMask.slice(0, -1) };
}

/** Without the mask of the last token, behind which there is nothing to predict. */
function scoredOnly({ ids, input_mask, loss_mask }: Json): Json {
  return { ids, input_mask, loss_mask: loss_mask.slice(0, -1) };
}

function checkCollation(entry: Json, captions: readonly Json[]): GoldenCase {
  const sequences = entry.records.map(([id, version]: [string, string]): TrainingSequence => {
    const found = captions.find((caption) => caption.id === id);
    const { ids, input_mask, loss_mask } = version === 'plain' ? found.plain : found.expression.grounded;
    return { ids, imageMask: input_mask, lossMask: loss_mask };
  });
  const { inputIds, labels, attentionMask, imageEmbedsPositionMask } = collate(sequences, { padId: PAD });
  const scored = labels.map((row) => row.map((label) => (label === IGNORED ? 0 : 1)));
  const { source, target, input_mask, loss_mask_effective, scored_targets } = entry;
  return equalCase(
    `${FILE} ${entry.id}`,
    {
      source: inputIds,
      labels,
      attention: attentionMask,
      input_mask: imageEmbedsPositionMask,
      loss_mask_effective: scored,
      scored_targets: scored.flat().filter((one) => one === 1).length,
    },
    {
      source,
      labels: target.map((row: number[], at: number) =>
        row.map((id, i) => (loss_mask_effective[at][i] === 1 ? id : IGNORED)),
      ),
      attention: source.map((row: number[]) => row.map((id) => (id === PAD ? 0 : 1))),
      input_mask,
      loss_mask_effective,
      scored_targets,
    },
  );
}

/** Id of `<pad>`, as the folder's README gives it. */
const PAD = 1;

function checkPacking(entry: Json, context: SequenceContext): GoldenCase {
  const sequences = packDocuments(entry.documents, { ...context, sequenceLength: entry.block });
  const isScored = sequences.every(({ lossMask }) => lossMask.slice(0, -1).every((scored) => scored === 1));
  return equalCase(
    `${FILE} ${entry.id}`,
    { sequences: sequences.map(({ ids }) => ids), isScored },
    { sequences: entry.sequences, isScored: true },
  );
}

/** Either form of the prompt is right. */
function checkInstruction(entry: Json, context: SequenceContext): GoldenCase {
  const name = `${FILE} ${entry.id}`;
  const { expression, box, template } = entry;
  const options = { groundingTag: entry.grounding_tag };
  const sequence =
    template === null
      ? groundingSequence(expression, [box], context, options)
      : referringSequence(expression, box, template - 1, context, options);
  const cases = [entry.insertion, entry.retokenised].filter(Boolean).map((form: Json) =>
    equalCase(name, sequence && { ...inFile(sequence), response_start: sequence.lossMask.indexOf(1) + 1 }, {
      ...scoredOnly(form),
      response_start: form.response_start,
    }),
  );
  return cases.find(({ ok }) => ok) ?? cases[0]!;
}
