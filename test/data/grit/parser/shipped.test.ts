/** The parser that ships, on the golden captions: noun chunks and expressions from the raw text. */
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { scoreRawCaptions } from '../../../golden/grit-raw-captions.ts';
import { readJson } from '../../../golden/json.ts';
import { skipUnlessShared } from '../../../shared.ts';

/** What its figures in `weights/README.md` are, rounded down: a parser that is worse is not to be shipped by accident. */
const LEAST = { chunks: 0.99, expressions: 0.92 };

skipUnlessShared(test, 'goldens/grit', 'chunks and expressions of the golden captions', async (folder) => {
  const { chunks, expressions } = await scoreRawCaptions(await readJson(join(folder, 'captions.json')));
  console.log(`chunks F1 ${chunks.toFixed(4)}, expressions F1 ${expressions.toFixed(4)}`);
  assert.ok(chunks >= LEAST.chunks, `chunks F1 ${chunks}`);
  assert.ok(expressions >= LEAST.expressions, `expressions F1 ${expressions}`);
});

test.run();
