// Run an original TensorFlow.js network on its plain JavaScript backend, for verification.
// Arguments: a job file {model, feed, shape, dtype, input, outputs}, and an output folder.
// Arrays are raw little-endian float32 files; shapes of the outputs go to standard output.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';

const [jobFile, outputFolder, modulesFolder] = process.argv.slice(2);
const tf = createRequire(join(modulesFolder, 'package.json'))('@tensorflow/tfjs');
const job = JSON.parse(readFileSync(jobFile, 'utf8'));

function artifacts() {
  const document = JSON.parse(readFileSync(job.model, 'utf8'));
  const files = document.weightsManifest.flatMap((group) => group.paths);
  const data = Buffer.concat(files.map((name) => readFileSync(join(dirname(job.model), name))));
  return {
    modelTopology: document.modelTopology,
    format: document.format,
    signature: document.signature,
    weightSpecs: document.weightsManifest.flatMap((group) => group.weights),
    weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.length),
  };
}

await tf.setBackend('cpu');
const model = await tf.loadGraphModel({ load: async () => artifacts() });
const bytes = readFileSync(job.feed);
const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const feed = tf.tensor(floats, job.shape).cast(job.dtype);
const results = model.execute({ [job.input]: feed }, job.outputs);
const list = Array.isArray(results) ? results : [results];
for (const [index, tensor] of list.entries()) {
  writeFileSync(join(outputFolder, `${index}.bin`), Buffer.from(new Float32Array(await tensor.data()).buffer));
}
console.log(JSON.stringify(list.map((tensor) => tensor.shape)));
