/** One line of a golden report. */
export interface GoldenCase {
  /** File and case, e.g. `images.json jpeg_444_500x375.jpg decoded`. */
  name: string;
  /** Largest deviation found; a string where it is not a number (`equal`, `differs`, a hash). */
  deviation: number | string;
  /** The deviation allowed by the folder's README, in the same form. */
  tolerance: number | string;
  /** Whether the deviation is within the tolerance. */
  ok: boolean;
  /** What a person wants to know about a failure (or about a case that is accepted for a reason). */
  detail?: string;
}
