/** uvu for a page: the same interface, but suites wait in a list, and each test is told by its name. */
import type { SuiteOutcome } from '../../outcome.ts';
import { reasonToSkip, takeUsed } from './absent.ts';

type State = Record<string, unknown>;
type Callback = (state: State) => unknown;

interface Case {
  readonly name: string;
  readonly run: Callback;
}

interface Plan {
  readonly name: string;
  readonly state: State;
  tests: Case[];
  only: Case[];
  skipped: number;
  before: Callback[];
  after: Callback[];
  beforeEach: Callback[];
  afterEach: Callback[];
}

const waiting: Plan[] = [];

function emptyPlan(name: string, state: State): Plan {
  return { name, state, tests: [], only: [], skipped: 0, before: [], after: [], beforeEach: [], afterEach: [] };
}

export function suite(name = '', state: State = {}) {
  let plan = emptyPlan(name, state);
  const hook = (all: 'before' | 'after', each: 'beforeEach' | 'afterEach') =>
    Object.assign((run: Callback) => void plan[all].push(run), {
      each: (run: Callback) => void plan[each].push(run),
    });
  return Object.assign((title: string, run: Callback) => void plan.tests.push({ name: title, run }), {
    only: (title: string, run: Callback) => void plan.only.push({ name: title, run }),
    skip: () => {
      plan.skipped++;
    },
    before: hook('before', 'beforeEach'),
    after: hook('after', 'afterEach'),
    run() {
      waiting.push(plan);
      plan = emptyPlan(name, state);
    },
  });
}

export const test = suite();

/** Runs all suites that wait. What a browser cannot do is printed as skipped. */
export async function runWaiting(): Promise<SuiteOutcome> {
  const outcome: SuiteOutcome = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const plan of waiting.splice(0)) await runPlan(plan, outcome);
  return outcome;
}

async function runPlan(plan: Plan, outcome: SuiteOutcome): Promise<void> {
  const { state, before, after, beforeEach, afterEach } = plan;
  const tests = plan.only.length > 0 ? plan.only : plan.tests;
  outcome.skipped += plan.skipped + plan.tests.length * Number(plan.only.length > 0);
  takeUsed();
  try {
    for (const run of before) await run(state);
  } catch (error) {
    for (const { name } of tests) note(outcome, name, error, takeUsed());
    return;
  }
  for (const { name, run } of tests) {
    takeUsed();
    try {
      for (const prepare of beforeEach) await prepare(state);
      await run(state);
      outcome.passed++;
    } catch (error) {
      note(outcome, name, error, takeUsed());
    }
    for (const clean of afterEach) await Promise.resolve(clean(state)).catch(() => undefined);
  }
  try {
    for (const run of after) await run(state);
  } catch (error) {
    // what a hook cannot clean up goes away with the page
    if (reasonToSkip(error, takeUsed()) === null) note(outcome, `${plan.name}: after`, error, []);
  }
}

function note(outcome: SuiteOutcome, name: string, error: unknown, used: readonly string[]): void {
  const reason = reasonToSkip(error, used);
  if (reason !== null) {
    outcome.skipped++;
    console.log(`skipped: ${name} (${reason})`);
    return;
  }
  outcome.failed++;
  const { message, stack = '', details } = error as Error & { details?: string };
  const lines = [message, details, stack.replace(message, '')].filter(Boolean).join('\n');
  outcome.failures.push(`  FAIL "${name}"\n${lines.replaceAll(/^/gm, '    ')}\n`);
}
