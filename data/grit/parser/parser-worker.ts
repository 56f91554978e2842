/** A thread that parses captions for `ParserPool`. Its first message names the folder of the weights. */
import { runtime } from '../../../engine/runtime/index.ts';
import type { ParsedCaption } from '../parse.ts';
import { type Caption, parseCaptions } from './captions.ts';
import { Parser } from './parser.ts';

export type ParserTask = { readonly folder: string } | { readonly captions: readonly Caption[] };
export type ParserAnswer = { readonly parses: readonly ParsedCaption[] } | { readonly error: string };

let parser: Promise<Parser> | null = null;

(await runtime()).serveWorker(async (message) => {
  const task = message as ParserTask;
  try {
    if ('folder' in task) parser = Parser.load(task.folder);
    if (parser === null) throw new Error('no folder of weights was given');
    const loaded = await parser;
    const answer: ParserAnswer = { parses: 'captions' in task ? parseCaptions(loaded, task.captions) : [] };
    return { message: answer };
  } catch (error) {
    const answer: ParserAnswer = { error: (error as Error).message };
    return { message: answer };
  }
});
