// The server's answers. Its refusals become errors with a sentence for people.

import { ask, say } from "./dom.js";

const KEY = "mien-key";

export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Ask the server; once more after the time it names when it is busy. */
export async function request(method, path, options = {}) {
  return (await open(method, path, options)).json();
}

/** Ask, and give the answer as it comes; a refusal becomes an error. */
export async function open(method, path, { form, json, signal, headers: more = {}, again = true } = {}) {
  const headers = { ...more };
  const key = sessionStorage.getItem(KEY);
  if (key) headers.Authorization = `Bearer ${key}`;
  if (json !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, signal, body: json === undefined ? form : JSON.stringify(json) });
  } catch (error) {
    if (signal?.aborted) throw new Refused(0, "left", "");
    throw new Refused(0, "unreachable", "The server does not answer. Is it still running?");
  }
  if (answer.ok) return answer;
  const document_ = await answer.json().catch(() => ({}));
  const problem = document_.error ?? { code: "unknown", message: `The server answered with status ${answer.status}.` };
  if (answer.status === 401 && again && await askForKey()) {
    return open(method, path, { form, json, signal, headers: more, again: false });
  }
  if ((answer.status === 429 || answer.status === 503) && again) {
    const seconds = Number(answer.headers.get("Retry-After") ?? 1);
    await countdown(seconds, problem.code);
    return open(method, path, { form, json, signal, headers: more, again: false });
  }
  throw new Refused(answer.status, problem.code, kindly(problem));
}

/** A form with pictures and options. */
export function formOf(pictures, options = {}) {
  const form = new FormData();
  for (const [name, file] of Object.entries(pictures)) form.append(name, file, "picture");
  for (const [name, value] of Object.entries(options)) {
    if (value !== "" && value !== null && value !== undefined) form.append(name, String(value));
  }
  return form;
}

/** Do something, and tell the person in one sentence when it fails. */
export async function attempt(doing, work) {
  say(doing);
  try {
    const result = await work();
    say("");
    return result;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.message, error.status === 429 ? "wait" : "wrong");
    return null;
  }
}

/** Do something that nobody asked for by itself: only a failure is told. */
export async function quietly(work) {
  try { return await work(); } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.message, error.status === 429 ? "wait" : "wrong");
    return null;
  }
}

async function countdown(seconds, code) {
  const why = code === "rate_limited" ? "This key has used up its requests for the moment."
    : code === "busy" ? "The server is busy at the moment." : "The gallery is away at the moment.";
  for (let left = Math.min(seconds, 60); left > 0; left -= 1) {
    say(`${why} Trying again in ${left} s.`, "wait");
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  say("Trying again …", "wait");
}

export async function askForKey() {
  const key = await ask({ title: "This server needs a key", yes: "Use it", field: "Key", secret: true,
    text: "Whoever runs the server makes one with: mien keys create. It is kept until this tab closes." });
  if (key) sessionStorage.setItem(KEY, key);
  return Boolean(key);
}

function kindly({ code, message }) {
  const words = {
    busy: "The server is still busy. Please try again in a moment.",
    rate_limited: "This key has no requests left for the moment. Please wait a minute.",
    no_face: "No face was found in a picture where one is needed.",
    several_faces: "A picture shows several faces where one is needed. Crop it, or choose the largest.",
    unreadable_image: "This file is no picture that can be read.",
    image_too_large: "This picture has more pixels than the server takes.",
    too_large: "This file is larger than the server takes.",
    forbidden: "Your key does not allow this.",
    conflict: "Somebody else changed this meanwhile. Nothing was done; this is how it is now.",
    opted_out: "This person has opted out of being enrolled.",
  };
  return words[code] ?? message;
}
