// Uploads files with tus-js-client: node upload.mjs '{"endpoint", "headers", "parallel", "files": [path, …]}'
// Prints one JSON document: what became of each.
import { createReadStream, statSync } from "node:fs";
import * as tus from "tus-js-client";

const given = JSON.parse(process.argv[2]);

const send = (path) =>
  new Promise((resolve) => {
    const parallel = given.parallel ?? 1;
    const upload = new tus.Upload(createReadStream(path), {
      endpoint: given.endpoint,
      headers: given.headers,
      metadata: { name: path.split("/").pop() },
      retryDelays: [0, 100, 200, 500, 1000, 1000, 1000, 1000, 2000, 2000],
      ...(parallel > 1 ? { parallelUploads: parallel } : { uploadSize: statSync(path).size, chunkSize: given.chunk ?? 1 << 20 }),
      onError: (error) => resolve({ path, error: String(error) }),
      onSuccess: () => resolve({ path, url: upload.url }),
    });
    upload.start();
  });

console.log(JSON.stringify(await Promise.all(given.files.map(send))));
