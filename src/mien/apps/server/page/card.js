// One face as a card: what models read, with how sure they are.

import { bars, el } from "./dom.js";
import { portrait } from "./overlay.js";

const degrees = (value) => value === null || value === undefined ? "–" : `${value.toFixed(0)}°`;

export function card(face, index, picture, size) {
  const canvas = el("canvas", { role: "img", "aria-label": `Face ${index + 1}` });
  portrait(canvas, picture, face, size);
  return el("li", { class: "card", "data-face": index },
    el("div", { class: "head" }, canvas, el("div", {},
      el("h3", {}, `Face ${index + 1}`),
      el("div", { class: "soft small" }, `detection score ${face.detection_score.toFixed(2)}`))),
    facts(face), shares(face), quality(face));
}

function facts(face) {
  const rows = [];
  const age = face.apparent_age;
  if (age) rows.push(["Apparent age", `${age.value.toFixed(0)} ± ${age.spread?.toFixed(0) ?? "?"} years`]);
  if (face.apparent_gender) rows.push(["Apparent gender", reading(face.apparent_gender)]);
  if (face.apparent_ancestry) rows.push(["Apparent ancestry", reading(face.apparent_ancestry)]);
  if (face.pose) rows.push(["Head", `${turned(face.pose.yaw_deg, "left", "right")}, ${turned(face.pose.pitch_deg, "up", "down")}`]);
  if (face.gaze) rows.push(["Gaze", `${turned(face.gaze.yaw_deg, "left", "right")}, ${turned(face.gaze.pitch_deg, "up", "down")}`]);
  return el("dl", {}, rows.flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, text)]));
}

function reading({ label, probabilities }) {
  return `${label} (${(100 * probabilities[label]).toFixed(0)} %)`;
}

function turned(angle, positive, negative) {
  if (angle === null || angle === undefined) return "not measurable";
  return Math.abs(angle) < 3 ? `ahead` : `${degrees(Math.abs(angle))} ${angle > 0 ? positive : negative}`;
}

function shares(face) {
  if (!face.expression) return null;
  const best = Object.entries(face.expression.probabilities).sort((a, b) => b[1] - a[1]).slice(0, 3);
  return el("div", {}, el("h3", {}, "Shown expression"), bars(best));
}

function quality(face) {
  if (!face.quality) return null;
  const { unified, ...parts } = face.quality;
  const named = Object.entries(parts).map(([name, value]) => [name.replaceAll("_", " "), value]);
  return el("details", {}, el("summary", {}, `Quality ${unified === null ? "–" : unified.toFixed(0)} of 100`),
    bars(named, { scale: 100, unit: "" }));
}
