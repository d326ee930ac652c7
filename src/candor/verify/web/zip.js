// @ts-check
/**
 * A bag in a zip, read in place by a reader that takes only the plainest zips (PKWARE APPNOTE 6.3.10): what is said
 * before a member and in the directory must agree, members lie one after another without gap or overlap, everything
 * lies under one top folder. The rules are those of `zipbag.py`, and one more: members must be stored, as Candor
 * makes them, not compressed.
 * @module
 */

import { Bag, MAX_FILES, UnreadableBag, UnsafeBag, checkNames, quoted } from "./bag.js";
import { decoded } from "./tlog.js";

/** @typedef {{name: string, rawName: Uint8Array, flags: number, method: number, crc: number, packed: number, size: number, offset: number, start: number}} Member */

const MAX_DIRECTORY = 64 * 1024 * 1024;
const WINDOW = 1024 * 1024;
const NONE32 = 0xffffffff;
const NONE16 = 0xffff;

/** Reads a zip through a window of 1 MiB: thousands of small members cost a few reads, not one each. */
class Reader {
  /** @param {Blob} zip */
  constructor(zip) {
    this.size = zip.size;
    this.zip = zip;
    this.from = 0;
    this.window = new ArrayBuffer(0);
  }

  /** Exactly `count` bytes from `at` on. @param {number} at @param {number} count @returns {Promise<DataView>} */
  async view(at, count) {
    if (at < 0 || at + count > this.size) {
      throw new UnreadableBag("The zip ends too early: it was cut short or is still downloading.");
    }
    if (at < this.from || at + count > this.from + this.window.byteLength) {
      this.from = at;
      this.window = await this.zip.slice(at, at + Math.max(count, WINDOW)).arrayBuffer();
    }
    return new DataView(this.window, at - this.from, count);
  }
}

/** @param {DataView} data @param {number} at */
function u64(data, at) {
  const value = data.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new UnsafeBag("A size in the zip is not believable.");
  return Number(value);
}

/** @param {Reader} zip */
async function findDirectory(zip) {
  if (zip.size < 22) throw new UnreadableBag("It is neither a folder nor a zip.");
  let endAt = zip.size - 22;
  const end = await zip.view(endAt, 22);
  if (end.getUint32(0, true) !== 0x06054b50) {
    const asZip = (await zip.view(0, 4)).getUint32(0, true) === 0x04034b50;
    throw new UnreadableBag(
      asZip
        ? "The zip has no end: it was cut short, or something was added after it."
        : "It is neither a folder nor a zip.",
    );
  }
  if (end.getUint16(20, true)) throw new UnsafeBag("The zip carries a comment, which no package has.");
  let [disk, startDisk, here, count] = [4, 6, 8, 10].map((at) => end.getUint16(at, true));
  let [size, offset] = [12, 16].map((at) => end.getUint32(at, true));
  if (endAt >= 20) {
    const locator = await zip.view(endAt - 20, 20);
    if (locator.getUint32(0, true) === 0x07064b50) {
      const at = u64(locator, 8);
      if (at + 56 !== endAt - 20 || locator.getUint32(16, true) > 1) {
        throw new UnsafeBag("The zip's end record is not where it says.");
      }
      const end64 = await zip.view(at, 56);
      if (end64.getUint32(0, true) !== 0x06064b50 || u64(end64, 4) !== 44) {
        throw new UnsafeBag("The zip's end record cannot be read.");
      }
      const wide = [24, 32, 40, 48].map((from) => u64(end64, from));
      const narrow = [here, count, size, offset];
      const none = [NONE16, NONE16, NONE32, NONE32];
      if (narrow.some((value, i) => value !== wide[i] && value !== none[i])) {
        throw new UnsafeBag("The zip's two end records do not agree.");
      }
      [here, count, size, offset] = wide;
      [disk, startDisk] = [end64.getUint32(16, true), end64.getUint32(20, true)];
      endAt = at;
    }
  }
  if (disk || startDisk || here !== count) throw new UnsafeBag("The zip is split over several files.");
  if (offset + size !== endAt) throw new UnsafeBag("The zip's directory is not where it says.");
  if (count > MAX_FILES || size > MAX_DIRECTORY) throw new UnsafeBag(`The zip holds more than ${MAX_FILES} files.`);
  return { offset, size, count };
}

/** Sizes with the Zip64 field put in where the narrow ones say so. @param {DataView} extra @param {number[]} values */
function widened(extra, values) {
  /** @type {Map<number, [number, number]>} */
  const fields = new Map();
  let at = 0;
  while (at + 4 <= extra.byteLength) {
    const tag = extra.getUint16(at, true);
    const length = extra.getUint16(at + 2, true);
    at += 4 + length;
    if (fields.has(tag) || at > extra.byteLength) break;
    fields.set(tag, [at - length, at]);
  }
  if (at !== extra.byteLength) throw new UnsafeBag("The zip's directory cannot be read.");
  if (fields.has(0x7075)) throw new UnsafeBag("A file in the zip has two names.");
  let [from, to] = fields.get(1) ?? [0, 0];
  return values.map((value, i) => {
    if (value !== (i === 3 ? NONE16 : NONE32)) return value;
    const width = i === 3 ? 4 : 8;
    if (from + width > to) throw new UnsafeBag("A size in the zip is missing.");
    from += width;
    return i === 3 ? extra.getUint32(from - 4, true) : u64(extra, from - 8);
  });
}

/** @param {DataView} data @param {number} at @param {number} length */
function part(data, at, length) {
  return new DataView(data.buffer, data.byteOffset + at, length);
}

/** @param {DataView} data @param {number} at @param {number} length */
function bytesOf(data, at, length) {
  return new Uint8Array(data.buffer, data.byteOffset + at, length);
}

/** @param {DataView} data @param {number} at @returns {[Member, number]} The member and where the next line begins. */
function directoryLine(data, at) {
  if (at + 46 > data.byteLength) throw new UnsafeBag("The zip's directory is shorter than it says.");
  const u16 = (/** @type {number} */ from) => data.getUint16(at + from, true);
  const u32 = (/** @type {number} */ from) => data.getUint32(at + from, true);
  const [nameLength, extraLength, noteLength] = [u16(28), u16(30), u16(32)];
  const next = at + 46 + nameLength + extraLength + noteLength;
  if (u32(0) !== 0x02014b50 || next > data.byteLength || noteLength) {
    throw new UnsafeBag("The zip's directory cannot be read.");
  }
  const rawName = bytesOf(data, at + 46, nameLength);
  const flags = u16(8);
  if (!(flags & 0x0800) && rawName.some((byte) => byte > 127)) throw new UnsafeBag("A name in the zip is not UTF-8 text.");
  let name = "";
  try {
    name = decoded(rawName, "A name in the zip");
  } catch {
    throw new UnsafeBag("A name in the zip is not UTF-8 text.");
  }
  if (flags & (0x0001 | 0x0040 | 0x2000)) throw new UnsafeBag(`${quoted(name)} is encrypted.`);
  const method = u16(10);
  if (method !== 0) {
    throw new UnreadableBag(
      "This zip was compressed again, after Candor made it. Unpack it and choose the folder, or use the command.",
    );
  }
  const kind = (u32(38) >>> 16) & 0o170000;
  if (u16(4) >> 8 === 3 && ![0, 0o100000, 0o040000].includes(kind)) {
    throw new UnsafeBag(`${quoted(name)} is a link or a special file.`);
  }
  const extra = part(data, at + 46 + nameLength, extraLength);
  const [size = 0, packed = 0, offset = 0, disk = 0] = widened(extra, [u32(24), u32(20), u32(42), u16(34)]);
  if (disk) throw new UnsafeBag("The zip is split over several files.");
  if (size !== packed) throw new UnsafeBag(`The zip gives two sizes for ${quoted(name)}.`);
  return [{ name, rawName, flags, method, crc: u32(16), packed, size, offset, start: 0 }, next];
}

/** Compare a member's header with the directory; where its data starts. @param {Reader} zip @param {Member} member */
async function checkLocal(zip, member) {
  const head = await zip.view(member.offset, 30);
  const [nameLength, extraLength] = [head.getUint16(26, true), head.getUint16(28, true)];
  const rest = await zip.view(member.offset + 30, nameLength + extraLength);
  const [flags, method] = [head.getUint16(6, true), head.getUint16(8, true)];
  const rawName = bytesOf(rest, 0, nameLength);
  const sameName = rawName.length === member.rawName.length && rawName.every((byte, i) => byte === member.rawName[i]);
  if (head.getUint32(0, true) !== 0x04034b50 || !sameName || flags !== member.flags || method !== member.method) {
    throw new UnsafeBag(`The zip says two things about ${quoted(member.name)}.`);
  }
  const [crc, narrowPacked, narrowSize] = [14, 18, 22].map((at) => head.getUint32(at, true));
  const later = Boolean(flags & 0x0008);
  const extra = part(rest, nameLength, extraLength);
  const open = later && [0, NONE32].includes(narrowSize) && [0, NONE32].includes(narrowPacked);
  const [size, packed] = widened(extra, open ? [0, 0] : [narrowSize, narrowPacked]);
  if (!open && (size !== member.size || packed !== member.packed)) {
    throw new UnsafeBag(`The zip gives two sizes for ${quoted(member.name)}.`);
  }
  if (crc !== member.crc && !(later && crc === 0)) throw new UnsafeBag(`The zip gives two check sums for ${quoted(member.name)}.`);
  return member.offset + 30 + nameLength + extraLength;
}

/** Length of the data descriptor after a member. @param {Reader} zip @param {Member} member @param {number} at */
async function descriptorLength(zip, member, at) {
  for (const [signed, wide] of [[4, 8], [4, 4], [0, 8], [0, 4]]) {
    const length = signed + 4 + 2 * wide;
    if (at + length > zip.size) continue;
    const data = await zip.view(at, length);
    if (signed && data.getUint32(0, true) !== 0x08074b50) continue;
    const sizes = [signed + 4, signed + 4 + wide].map((from) => (wide === 8 ? u64(data, from) : data.getUint32(from, true)));
    if (data.getUint32(signed, true) === member.crc && sizes[0] === member.packed && sizes[1] === member.size) return length;
  }
  throw new UnsafeBag(`The zip says two things about ${quoted(member.name)}.`);
}

/** Every member lies after the one before, without gap or overlap. @param {Reader} zip @param {Member[]} members @param {number} end */
async function checkLayout(zip, members, end) {
  let expected = 0;
  for (const member of [...members].sort((a, b) => a.offset - b.offset)) {
    if (member.offset !== expected) {
      throw new UnsafeBag(`The zip hides something before ${quoted(member.name)}, or files overlap.`);
    }
    member.start = await checkLocal(zip, member);
    expected = member.start + member.packed;
    if (member.flags & 0x0008) expected += await descriptorLength(zip, member, expected);
    if (expected > end) throw new UnreadableBag("The zip ends too early: it was cut short.");
  }
  if (expected !== end) throw new UnsafeBag("Something lies hidden in the zip before its directory.");
}

/** A bag in a stored zip, under one top folder. @param {Blob} zip */
export async function zipBag(zip) {
  const reader = new Reader(zip);
  const directory = await findDirectory(reader);
  const data = await reader.view(directory.offset, directory.size);
  /** @type {Member[]} */
  const members = [];
  let at = 0;
  for (let i = 0; i < directory.count; i++) {
    const [member, next] = directoryLine(data, at);
    members.push(member);
    at = next;
  }
  if (at !== directory.size) throw new UnsafeBag("The zip's directory is longer than it says.");
  await checkLayout(reader, members, directory.offset);
  const files = members.filter((member) => !member.name.endsWith("/"));
  const folders = members.filter((member) => member.name.endsWith("/"));
  checkNames(files.map((member) => member.name));
  checkNames(folders.map((member) => `${member.name}_`));
  if (folders.some((folder) => folder.size || files.some((file) => `${file.name}/` === folder.name))) {
    throw new UnsafeBag("A folder in the zip holds bytes of its own.");
  }
  const tops = new Set(members.map((member) => member.name.split("/")[0]));
  if (tops.size !== 1 || members.some((member) => !member.name.includes("/"))) {
    throw new UnsafeBag("The zip does not hold its files under one top folder.");
  }
  const top = [...tops][0]?.length ?? 0;
  return new Bag(
    new Map(files.map((member) => [member.name.slice(top + 1), zip.slice(member.start, member.start + member.size)])),
  );
}
