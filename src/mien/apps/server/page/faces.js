// Pictures of faces: asked for in batches when they come into sight, some kept, the rest forgotten.

import { el } from "./dom.js";
import { Refused, request } from "./server.js";

const BATCH = 60;
const MOST_KEPT = 1500;
const kept = new Map(); // reference_id -> address of a picture, oldest first
const waiting = new Map(); // reference_id -> elements that wait for it
let asking = false;

const sight = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    sight.unobserve(target);
    want(target);
  }
}, { rootMargin: "300px" });

/** The place of a face's picture. Without a kept picture its number stands there. */
export function thumbnail(face, { alt = "" } = {}) {
  if (!face.has_crop) {
    return el("span", { class: "thumb none", title: "No picture of this face was kept." }, `#${face.reference_id}`);
  }
  const image = el("img", { class: "thumb", alt, draggable: "false", "data-picture": face.reference_id });
  const known = kept.get(face.reference_id);
  if (known) image.src = known;
  else sight.observe(image);
  return image;
}

function want(image) {
  const number = Number(image.dataset.picture);
  if (kept.has(number)) { image.src = kept.get(number); return; }
  waiting.set(number, [...(waiting.get(number) ?? []), image]);
  if (!asking) { asking = true; setTimeout(fetchSome, 20); }
}

async function fetchSome() {
  while (waiting.size) {
    const numbers = [...waiting.keys()].slice(0, BATCH);
    const images = new Map(numbers.map((number) => [number, waiting.get(number)]));
    numbers.forEach((number) => waiting.delete(number));
    const query = numbers.map((number) => `reference_id=${number}`).join("&");
    try {
      const answer = await request("GET", `v1/album/thumbnails?size_px=144&${query}`);
      for (const { reference_id, jpeg } of answer.thumbnails) if (jpeg) put(reference_id, jpeg, images.get(reference_id));
    } catch (error) {
      if (!(error instanceof Refused)) throw error; // The faces keep their empty places.
    }
  }
  asking = false;
}

function put(number, jpeg, images) {
  const bytes = Uint8Array.from(atob(jpeg), (letter) => letter.charCodeAt(0));
  kept.set(number, URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" })));
  images.forEach((image) => { image.src = kept.get(number); });
  for (const [old, address] of kept) {
    if (kept.size <= MOST_KEPT) break;
    if (document.querySelector(`[data-picture="${old}"]`)) { kept.delete(old); kept.set(old, address); break; }
    URL.revokeObjectURL(address);
    kept.delete(old);
  }
}
