// @ts-check
/**
 * What this browser remembers of unfinished uploads, so that they go on after a reload: an address, by account and file.
 * No names and no claims are kept, only a hash of them: others may use the same computer.
 */

const PREFIX = "candor-upload";
/** Days after which an address is forgotten; the server has forgotten the upload by then. */
const DAYS = 60;

/** A short hash of a text, enough to tell one person's files apart (FNV-1a, twice 32 bits). @param {string} text */
export function shortHash(text) {
  let [one, two] = [0x811c9dc5, 0x01000193];
  for (let at = 0; at < text.length; at += 1) {
    one = Math.imul(one ^ text.charCodeAt(at), 0x01000193);
    two = Math.imul(two ^ text.charCodeAt(text.length - 1 - at), 0x85ebca6b);
  }
  return (one >>> 0).toString(16).padStart(8, "0") + (two >>> 0).toString(16).padStart(8, "0");
}

/**
 * Storage as tus-js-client wants it (its `urlStorage`).
 * @param {Storage} storage
 * @param {string} account
 * @param {number} now milliseconds since 1970
 */
export function remembering(storage, account, now) {
  /** @param {string} fingerprint */
  const keyOf = (fingerprint) => `${PREFIX}:${account}:${shortHash(fingerprint)}`;
  for (const key of Object.keys(storage)) {
    if (!key.startsWith(`${PREFIX}:`)) continue;
    const at = Number(JSON.parse(storage.getItem(key) ?? "{}").at ?? 0);
    if (now - at > DAYS * 86400_000) storage.removeItem(key);
  }
  /** @param {string} key */
  const entry = (key) => {
    const held = JSON.parse(storage.getItem(key) ?? "null");
    return held ? [{ size: held.size, metadata: {}, creationTime: new Date(held.at).toString(), uploadUrl: held.url, parallelUploadUrls: null, urlStorageKey: key }] : [];
  };
  return {
    findAllUploads: async () => Object.keys(storage).filter((key) => key.startsWith(`${PREFIX}:${account}:`)).flatMap(entry),
    /** @param {string} fingerprint */
    findUploadsByFingerprint: async (fingerprint) => entry(keyOf(fingerprint)),
    /** @param {string} key */
    removeUpload: async (key) => storage.removeItem(key),
    /** @param {string} fingerprint @param {any} upload */
    addUpload: async (fingerprint, upload) => {
      const key = keyOf(fingerprint);
      storage.setItem(key, JSON.stringify({ url: upload.uploadUrl, size: upload.size, at: now }));
      return key;
    },
  };
}
