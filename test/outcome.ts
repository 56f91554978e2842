/** What `suite.ts` tells `run.ts`, as JSON in one line. */

/** Begins the line by which `run.ts` finds the outcome among whatever a test prints. */
export const OUTCOME = 'suite-outcome ';

export interface SuiteOutcome {
  passed: number;
  failed: number;
  skipped: number;
  /** Formatted for people. */
  failures: string[];
}

export type ProbeOutcome = { description: string } | { missing: string };
