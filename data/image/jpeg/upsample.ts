/**
 * Chroma upsampling as libjpeg-turbo does it by default ("fancy upsampling"): a triangle filter for the factors 2:1 in
 * either direction, replication for all others.
 */
import type { Component, Frame } from './frame.ts';

/** Writes row `y` of the whole picture, at full width (a few samples more at the right), into `out`. */
export type RowUpsampler = (y: number, out: Uint8Array) => void;

export function createRowUpsampler(component: Component, frame: Frame): RowUpsampler {
  const x = frame.maxHorizontal / component.horizontal;
  const y = frame.maxVertical / component.vertical;
  if (!Number.isInteger(x) || !Number.isInteger(y)) {
    throw new Error('JPEG: sampling factors that do not divide each other are not supported');
  }
  // The reference filters horizontally only where there are more than two samples.
  const smooth = component.width > 2;
  if (x === 2 && y === 1 && smooth) return horizontalTriangle(component);
  if (x === 1 && y === 2) return verticalTriangle(component);
  if (x === 2 && y === 2 && smooth) return bothTriangles(component);
  return replication(component, x, y);
}

/** Length that a row buffer needs. */
export function upsampledWidth(component: Component, frame: Frame): number {
  return Math.ceil(frame.maxHorizontal / component.horizontal) * component.width;
}

function rowOf(component: Component, row: number): Uint8ClampedArray {
  const stride = component.storedColumns * 8;
  const inside = Math.min(Math.max(row, 0), component.height - 1);
  return component.samples!.subarray(inside * stride, inside * stride + component.width);
}

function replication(component: Component, x: number, y: number): RowUpsampler {
  return (row, out) => {
    const samples = rowOf(component, Math.floor(row / y));
    if (x === 1) {
      out.set(samples);
      return;
    }
    for (let i = 0; i < samples.length; i++) out.fill(samples[i], i * x, (i + 1) * x);
  };
}

/** 3/4 of the nearer sample, 1/4 of the farther; rounding alternates between down and up. */
function horizontalTriangle(component: Component): RowUpsampler {
  return (row, out) => {
    const samples = rowOf(component, row);
    const last = samples.length - 1;
    for (let i = 0; i <= last; i++) {
      const near = 3 * samples[i];
      out[2 * i] = i === 0 ? samples[0] : (near + samples[i - 1] + 1) >> 2;
      out[2 * i + 1] = i === last ? samples[last] : (near + samples[i + 1] + 2) >> 2;
    }
  };
}

/** The row above for even rows of the picture, the row below for odd ones; beyond the edges the last row repeats. */
function neighbourRow(row: number): number {
  return (row >> 1) + (row & 1 ? 1 : -1);
}

function verticalTriangle(component: Component): RowUpsampler {
  return (row, out) => {
    const near = rowOf(component, row >> 1);
    const far = rowOf(component, neighbourRow(row));
    const rounding = row & 1 ? 2 : 1;
    for (let i = 0; i < near.length; i++) out[i] = (3 * near[i] + far[i] + rounding) >> 2;
  };
}

function bothTriangles(component: Component): RowUpsampler {
  const sums = new Int32Array(component.width);
  return (row, out) => {
    const near = rowOf(component, row >> 1);
    const far = rowOf(component, neighbourRow(row));
    const last = sums.length - 1;
    for (let i = 0; i <= last; i++) sums[i] = 3 * near[i] + far[i];
    for (let i = 0; i <= last; i++) {
      const center = 3 * sums[i];
      out[2 * i] = i === 0 ? (4 * sums[0] + 8) >> 4 : (center + sums[i - 1] + 8) >> 4;
      out[2 * i + 1] = i === last ? (4 * sums[last] + 7) >> 4 : (center + sums[i + 1] + 7) >> 4;
    }
  };
}
