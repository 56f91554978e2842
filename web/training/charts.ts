/** The curves of the report, live. Their style sheet is the report's, so they live in a shadow tree of their own. */
import { STYLE } from '../../report/style.ts';
import type { MetricsRow } from '../../train/report/metrics.ts';
import { chartFigure } from '../../train/report/report/chart.ts';
import { curvesOf } from '../../train/report/report/curves.ts';

/** Milliseconds between two drawings. */
const PAUSE = 300;

export class LiveCharts {
  readonly #place = document.createElement('div');
  #rows: MetricsRow[] = [];
  #timer = 0;

  constructor(root: HTMLElement) {
    const shadow = root.attachShadow({ mode: 'open' });
    const style = document.createElement('style');
    style.textContent = STYLE.replaceAll(':root', ':host');
    this.#place.className = 'charts';
    shadow.append(style, this.#place);
  }

  set rows(rows: readonly MetricsRow[]) {
    this.#rows = [...rows];
    this.#schedule();
  }

  add(row: MetricsRow): void {
    this.#rows.push(row);
    this.#schedule();
  }

  #schedule(): void {
    this.#timer ||= window.setTimeout(() => {
      this.#timer = 0;
      this.#place.innerHTML = curvesOf(this.#rows).map(chartFigure).join('');
    }, PAUSE);
  }
}
