// Compare: two faces, the score, the threshold behind the decision, and a probability.

import { dropzone, el } from "./dom.js";
import { attempt, formOf, request } from "./server.js";
import { why } from "./why.js";

export function compare() {
  const files = { probe: null, reference: null };
  const result = el("div", { class: "result", id: "compared", "aria-live": "polite" });
  const fmr = el("select", {}, ["0.01", "0.001", "0.0001"].map((rate) =>
    el("option", { value: rate, selected: rate === "0.001" }, `1 in ${Math.round(1 / rate).toLocaleString("en")}`)));
  const prior = el("input", { type: "number", min: ".0001", max: ".9999", step: "any", value: "0.5" });
  const choose = el("select", {}, [["single", "refuse"], ["largest", "the largest"], ["central", "the central one"]]
    .map(([value, text]) => el("option", { value }, text)));

  function slot(name, label) {
    const place = el("div");
    const put = (file) => {
      files[name] = file;
      const image = el("img", { alt: label, src: URL.createObjectURL(file), onload: () => URL.revokeObjectURL(image.src) });
      place.replaceChildren(image);
      run();
    };
    const zone = dropzone(label, put, { id: `compare-${name}` });
    zone.classList.add("slot");
    zone.append(place);
    return zone;
  }

  async function run() {
    if (!files.probe || !files.reference) return;
    const options = { fmr: fmr.value, prior: prior.value, choose: choose.value };
    const match = await attempt("Comparing …", () =>
      request("POST", "v1/verify", { form: formOf(files, options) }));
    const reasons = { fmr: fmr.value, choose: choose.value };
    result.replaceChildren(...(match === null ? [] : [...answer(match), ...why({ ...files }, reasons)]));
  }

  for (const control of [fmr, prior, choose]) control.addEventListener("change", run);
  return el("section", {},
    el("h2", {}, "Do two pictures show the same person?"),
    el("div", { class: "two" }, slot("probe", "First picture"), slot("reference", "Second picture")),
    el("p", { class: "row" },
      el("label", {}, "False matches of the threshold", fmr),
      el("label", {}, "Share of such pairs that show one person", prior),
      el("label", {}, "Several faces in a picture", choose)),
    result);
}

function answer(match) {
  const said = [
    el("p", { class: `verdict ${match.decision ? "yes" : "no"}` }, match.decision ? "Match" : "No match"),
    scale(match),
    el("p", {}, `Score ${match.score.toFixed(3)}, threshold ${match.threshold.toFixed(3)}: a cosine similarity, no probability. `
      + "A match is the decision of the threshold; it is no proof."),
  ];
  if (match.probability !== null) {
    const within = match.probability_low === null ? "" : ` (95 %: ${percent(match.probability_low)} to ${percent(match.probability_high)})`;
    said.push(el("p", {}, `Probability of one person: ${percent(match.probability)}${within}, where a share of ${match.prior} of such pairs shows one person.`),
      el("p", { class: "soft small" }, `Calibrated on ${match.calibrated_on}.`));
  } else {
    said.push(el("p", { class: "soft" }, "No probability: this model was not calibrated."));
  }
  said.push(el("p", { class: "soft small" }, `Model ${match.model_id}; quality of the worse picture ${match.quality?.toFixed(0) ?? "unknown"} of 100.`));
  return said;
}

function percent(share) {
  return share > .999 ? "over 99.9 %" : share < .001 ? "under 0.1 %" : `${(100 * share).toFixed(1)} %`;
}

function scale({ score, threshold }) {
  // Scores of this recogniser crowd near 1: the scale shows the part where decisions fall.
  const low = Math.min(score, threshold) - .1;
  const place = (value) => `${Math.max(16, Math.min(84, 100 * (value - low) / (1 - low)))}%`;
  return el("div", { class: "scale", "aria-hidden": "true" },
    el("div", { class: "track" }),
    el("div", { class: "mark", style: { left: place(score) } }, `score ${score.toFixed(3)}`),
    el("div", { class: "mark below", style: { left: place(threshold) } }, `threshold ${threshold.toFixed(3)}`));
}
