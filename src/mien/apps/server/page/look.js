// Look: one photo or the webcam, every face with a card.

import { card } from "./card.js";
import { dropzone, el } from "./dom.js";
import { decoded, draw } from "./overlay.js";
import { attempt, formOf, Refused, request } from "./server.js";
import { webcam } from "./webcam.js";

const UNREADABLE = "This file is no picture that can be read by this browser.";

export function look(signal) {
  const canvas = el("canvas", { "aria-label": "The picture with its faces" });
  const stage = el("div", { class: "stage" }, el("p", { class: "soft" }, "The picture appears here."));
  const cards = el("ul", { class: "cards", "aria-label": "Faces" });
  const summary = el("p", { class: "soft", id: "found" });

  async function show(file) {
    const result = await attempt("Looking …", async () => {
      const [picture, analysis] = await Promise.all([
        decoded(file).catch(() => { throw new Refused(0, "unreadable_image", UNREADABLE); }),
        request("POST", "v1/analyze", { form: formOf({ image: file }, { landmarks: "five,ibug68,mesh478" }) }),
      ]);
      return { picture, analysis };
    });
    if (result === null) return;
    const { picture, analysis } = result;
    draw(canvas, picture, analysis.faces, analysis);
    stage.replaceChildren(canvas);
    const n = analysis.faces.length;
    summary.textContent = n === 0 ? "No face was found." : n === 1 ? "One face." : `${n} faces.`;
    cards.replaceChildren(...analysis.faces.map((face, index) => card(face, index, picture, analysis)));
  }

  const camera = webcam(stage, show, signal);
  return el("section", {},
    el("h2", {}, "Look at a picture"),
    dropzone("Choose a picture", show, { id: "look-file", extra: [camera] }),
    el("div", { style: { height: ".8rem" } }), stage, summary, cards);
}
