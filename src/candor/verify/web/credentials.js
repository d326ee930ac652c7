// @ts-check
/**
 * Taking content credentials (C2PA) out of a copy again, so that it can be compared with the copy that was proven.
 * The rules are those of `credentials.py`: one pass, everything bounded, and what cannot be taken out exactly is refused.
 * @module
 */

import { VerifyError } from "./tlog.js";

/** There are no credentials in the file. */
export class NoCredentials extends VerifyError {}

const CREDENTIALS = "d8fec3d61b0e483c92975828877ec481";
const MAX_CREDENTIALS = 64 * 1024 * 1024;
const MAX_BOXES = 200_000;
const PIECE = 1024 * 1024;

const TABLE = "moov/trak/mdia/minf/stbl/";
const WITHIN = new Set(["moov", "moov/trak", "moov/trak/mdia", "moov/trak/mdia/minf", TABLE.slice(0, -1), "moof", "moof/traf"]);
/** Bytes of an offset; 0: it depends. */
const WIDTHS = new Map([[`${TABLE}stco`, 4], [`${TABLE}co64`, 8], [`${TABLE}saio`, 0]]);
const HEADER = "moof/traf/tfhd";
const NOT_EXACTLY = new Map([
  ["mfra", "it is a film in fragments with an index, which the signing program writes anew"],
  ["meta", "it has items, whose places the signing program may have moved"],
]);

/** @typedef {{name: string, header: Uint8Array, size: number, openEnded: boolean}} Box size: of what follows the header */

/** @param {string} reason */
function malformed(reason) {
  return new VerifyError(
    `This is not a valid film with content credentials: ${reason}. It was changed, cut short or made by something else.`,
  );
}

/** @param {Uint8Array} bytes */
function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * The file without its credentials, in pieces of up to 1 MiB. Fails with a VerifyError, and with NoCredentials, which is
 * known only at the end.
 * @param {Blob} file @returns {AsyncGenerator<Uint8Array>}
 */
export function withoutCredentials(file) {
  return new Stripping(file).pieces();
}

class Stripping {
  /** @param {Blob} file */
  constructor(file) {
    this.file = file;
    this.at = 0;
    this.boxes = 0;
    this.moved = 0;
    this.tables = false;
    this.from = 0;
    this.window = new Uint8Array(0);
  }

  /** @returns {AsyncGenerator<Uint8Array>} */
  async *pieces() {
    const ends = [this.file.size];
    /** @type {string[]} */
    const path = [];
    for (;;) {
      while (ends.length > 1 && this.at === ends[ends.length - 1]) {
        ends.pop();
        path.pop();
      }
      const left = ends[ends.length - 1] - this.at;
      if (left < 8) {
        if (left) yield await this.take(left);
        if (ends.length === 1) break;
        continue;
      }
      const box = await this.nextBox(left, path);
      const refused = NOT_EXACTLY.get(box.name);
      if (refused !== undefined) throw malformed(`credentials cannot be taken out of it exactly: ${refused}`);
      if (box.name === "uuid" && box.size >= 16) {
        yield* this.uuid(box);
        continue;
      }
      yield box.header;
      if (WITHIN.has(box.name) && !box.openEnded) {
        ends.push(this.at + box.size);
        path.push(box.name.slice(box.name.lastIndexOf("/") + 1));
      } else if (WIDTHS.has(box.name)) yield* this.table(box);
      else if (box.name === HEADER) yield await this.fragment(box);
      else yield* this.through(box.size);
    }
    if (!this.moved) {
      throw new NoCredentials("There are no content credentials in this file: they were taken out, or never put in.");
    }
  }

  /** @param {number} left @param {string[]} path @returns {Promise<Box>} */
  async nextBox(left, path) {
    if (++this.boxes > MAX_BOXES) throw malformed("it has more boxes than any film");
    let header = await this.take(8);
    let size = viewOf(header).getUint32(0);
    const name = [...path, String.fromCharCode(...header.subarray(4, 8))].join("/");
    const openEnded = size === 0;
    if (size === 1) {
      if (left < 16) throw malformed("a box ends within its header");
      const more = await this.take(8);
      const wide = viewOf(more).getBigUint64(0);
      if (wide > BigInt(left)) throw malformed("a box does not fit into what it lies in");
      size = Number(wide);
      const both = new Uint8Array(16);
      both.set(header);
      both.set(more, 8);
      header = both;
    } else if (openEnded) {
      if (path.length) throw malformed("a box within another one has no size");
      size = left;
    }
    if (size < header.length || size > left) throw malformed("a box does not fit into what it lies in");
    return { name, header, size: size - header.length, openEnded };
  }

  /** @param {Box} box @returns {AsyncGenerator<Uint8Array>} */
  async *uuid(box) {
    const uuid = await this.take(16);
    if ([...uuid].map((byte) => byte.toString(16).padStart(2, "0")).join("") !== CREDENTIALS) {
      yield box.header;
      yield uuid;
      yield* this.through(box.size - 16);
      return;
    }
    if (this.moved) throw malformed("there are credentials in it twice");
    if (box.openEnded || this.tables) throw malformed("its credentials do not stand at its beginning");
    if (box.size > MAX_CREDENTIALS) throw malformed("its credentials are larger than any are");
    this.moved = box.header.length + box.size;
    this.at += box.size - 16;
  }

  /** A box with a count, and that many offsets from the beginning of the file. @param {Box} box */
  async *table(box) {
    this.tables = true;
    let width = WIDTHS.get(box.name) ?? 0;
    if (box.size < 8) throw malformed("a table of offsets is cut short");
    let head = await this.take(8);
    let counted = viewOf(head).getUint32(4);
    let told = 8;
    yield head;
    if (!width) {
      width = head[0] ? 8 : 4;
      if (head[3] & 1) {
        if (box.size < 16) throw malformed("a table of offsets is cut short");
        head = await this.take(8);
        counted = viewOf(head).getUint32(4);
        told = 16;
        yield head;
      }
    }
    const rest = box.size - told - counted * width;
    if (rest < 0) throw malformed("a table of offsets is longer than the box it lies in");
    for (let left = counted * width; left; ) {
      const piece = await this.take(Math.min(left, PIECE));
      left -= piece.length;
      yield this.back(piece, width);
    }
    yield* this.through(rest);
  }

  /** The header of a fragment's track; it may say from where in the file it counts. @param {Box} box */
  async fragment(box) {
    this.tables = true;
    if (box.size < 8 || box.size > 64) throw malformed("the header of a fragment has another size than there is");
    const data = await this.take(box.size);
    if (!(data[3] & 1)) return data;
    if (data.length < 16) throw malformed("the header of a fragment is cut short");
    const made = new Uint8Array(data);
    made.set(this.back(data.subarray(8, 16), 8), 8);
    return made;
  }

  /** @param {Uint8Array} piece @param {number} width */
  back(piece, width) {
    const made = new Uint8Array(piece);
    const view = viewOf(made);
    const [narrow, wide] = [this.moved, BigInt(this.moved)];
    for (let at = 0; at < made.length; at += width) {
      const before = width === 8 ? view.getBigUint64(at) < wide : view.getUint32(at) < narrow;
      if (before) throw malformed("a table says that something lies before the beginning of the file");
      if (width === 8) view.setBigUint64(at, view.getBigUint64(at) - wide);
      else view.setUint32(at, view.getUint32(at) - narrow);
    }
    return made;
  }

  /** @param {number} left @returns {AsyncGenerator<Uint8Array>} */
  async *through(left) {
    while (left) {
      const piece = await this.take(Math.min(left, PIECE));
      left -= piece.length;
      yield piece;
    }
  }

  /** Exactly `count` bytes, at most a piece of them, read through a window. @param {number} count */
  async take(count) {
    if (this.at < this.from || this.at + count > this.from + this.window.length) {
      this.from = this.at;
      const until = Math.min(this.file.size, this.at + PIECE);
      this.window = new Uint8Array(await this.file.slice(this.at, until).arrayBuffer());
    }
    const begin = this.at - this.from;
    if (begin + count > this.window.length) throw malformed("it ends earlier than it should");
    this.at += count;
    return this.window.subarray(begin, begin + count);
  }
}
