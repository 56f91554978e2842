/** Events as TensorBoard reads them: the messages `Event`, `Summary` and `SessionLog` of tensorflow's event.proto and summary.proto. */
import { bytesField, doubleField, floatField, integerField, message } from './protobuf.ts';

/** What the first event of a file says. */
const FILE_VERSION = 'brain.Event:2';
/** `SessionLog.SessionStatus.START`. */
const SESSION_START = 1;
/** Red, green and blue, in `Summary.Image`. */
const RGB = 3;

/** `wallTime` in seconds since 1970. */
export function versionEvent(wallTime: number): Uint8Array {
  return message(doubleField(1, wallTime), bytesField(3, FILE_VERSION));
}

/** Tells readers to forget what earlier files say of this step and later ones. */
export function restartEvent(wallTime: number, step: number): Uint8Array {
  return event(wallTime, step, bytesField(7, integerField(1, SESSION_START)));
}

export function scalarsEvent(wallTime: number, step: number, scalars: Readonly<Record<string, number>>): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) =>
    bytesField(1, message(bytesField(1, tag), floatField(2, value))),
  );
  return event(wallTime, step, bytesField(5, message(...values)));
}

/** @throws Error when `png` is no PNG file */
export function imageEvent(wallTime: number, step: number, tag: string, png: Uint8Array): Uint8Array {
  const { width, height } = pngSize(png);
  const image = message(integerField(1, height), integerField(2, width), integerField(3, RGB), bytesField(4, png));
  return event(wallTime, step, bytesField(5, bytesField(1, message(bytesField(1, tag), bytesField(4, image)))));
}

function event(wallTime: number, step: number, what: Uint8Array): Uint8Array {
  return message(doubleField(1, wallTime), integerField(2, step), what);
}

/** The size stands first in a PNG file: 8 bytes of signature, then length, type and data of the chunk IHDR. */
function pngSize(png: Uint8Array): { width: number; height: number } {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const IHDR = 0x49484452;
  if (png.length < 24 || view.getUint32(12) !== IHDR)
    throw new Error(`imageEvent: the ${png.length} bytes are no PNG file`);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}
