// Why: what in each picture speaks for the score, laid over it, and a bar for each region.

import { el } from "./dom.js";
import { attempt, formOf, request } from "./server.js";

/** A button that asks why; the answer stands below it. */
export function why(files, options) {
  const place = el("div", { id: "why", "aria-live": "polite" });
  const button = el("button", { id: "ask-why", type: "button", onclick: run }, "Why?");

  async function run() {
    button.disabled = true;
    const found = await attempt("Looking for reasons …", () =>
      request("POST", "v1/explain", { form: formOf(files, options) }));
    button.disabled = false;
    if (found === null) return;
    const [probe, reference] = found.explanations;
    place.replaceChildren(
      el("p", { class: "soft small" }, "Orange speaks for the score, blue against it."),
      el("div", { class: "two" }, reason(probe, files.probe, "First picture"), reason(reference, files.reference, "Second picture")));
  }

  return [el("p", {}, button), place];
}

function reason(found, file, name) {
  return el("figure", { class: "reason" },
    el("div", { class: "layers" }, picture(file, name), picture(png(found.layer_png), "")),
    el("p", {}, found.words),
    el("div", { class: "signed" }, bars(found.regions)),
    el("p", { class: "soft small" }, `${found.model_calls} altered crops were scored. ${found.notes.join("; ")}.`));
}

function picture(blob, alt) {
  const image = el("img", { alt, src: URL.createObjectURL(blob), onload: () => URL.revokeObjectURL(image.src) });
  return image;
}

function png(text) {
  return new Blob([Uint8Array.from(atob(text), (char) => char.charCodeAt(0))], { type: "image/png" });
}

function bars(regions) {
  const rows = Object.entries(regions).sort(([, a], [, b]) => b.score - a.score);
  const most = Math.max(...rows.map(([, { score }]) => Math.abs(score)), 1e-12);
  return rows.flatMap(([name, { score }]) => {
    const width = `${50 * Math.abs(score) / most}%`;
    const bar = score < 0 ? { right: "50%", width } : { left: "50%", width };
    return [el("span", {}, name.replace("_", " ")),
      el("i", {}, el("b", { class: score < 0 ? "against" : "for", style: bar })),
      el("span", { class: "num" }, score.toFixed(4))];
  });
}
