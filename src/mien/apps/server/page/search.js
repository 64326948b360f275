// Search: who is on a picture, or nobody here. A candidate is no match.

import { count, title } from "./album.js";
import { dropzone, el } from "./dom.js";
import { thumbnail } from "./faces.js";
import { decoded, portrait } from "./overlay.js";
import { attempt, formOf, request } from "./server.js";

export function search() {
  const found = el("div", { class: "result", id: "searched", "aria-live": "polite" });

  async function look(file) {
    const answer = await attempt("Searching …", async () => {
      const [picture, said] = await Promise.all([decoded(file).catch(() => null),
        request("POST", "v1/identify", { form: formOf({ image: file }) })]);
      const numbers = [...new Set(said.faces.flatMap((face) => face.candidates.map((one) => one.subject_id)))].slice(0, 60);
      const people = await Promise.all(numbers.map((number) => person(number)));
      return { picture, faces: said.faces, people: new Map(people.map((one) => [one.subject_id, one])) };
    });
    if (answer === null) return;
    const { picture, faces, people } = answer;
    found.replaceChildren(...(faces.length ? faces.map((face, index) => outcome(face, index, picture, people))
      : [el("p", {}, "No face was found in this picture.")]));
  }

  return el("section", {},
    el("h2", {}, "Who is it?"), dropzone("Search with a picture", look, { id: "search-file" }), found);
}

/** A candidate's name and a face; galleries that are no folder have names only. */
async function person(number) {
  return request("GET", `v1/album/groups/${number}?faces=1`)
    .catch(() => request("GET", `v1/subjects/${number}`))
    .catch(() => ({ subject_id: number, name: null, external_id: null, faces: [] }));
}

function outcome(face, index, picture, people) {
  const subject = people.get(face.subject_id);
  const who = face.answer === "nobody" ? "nobody in this gallery" : subject ? title(subject) : face.name ?? `Person ${face.subject_id}`;
  const canvas = picture ? el("canvas", { role: "img", "aria-label": `Face ${index + 1} of the picture` }) : null;
  if (canvas) portrait(canvas, picture, face, picture);
  return el("div", { class: "card" },
    el("div", { class: "head" }, canvas, el("div", {},
      el("h3", {}, `Face ${index + 1}: ${who}`),
      el("p", { class: "soft small flat" }, `Named from a score of ${face.threshold.toFixed(3)} on: at most ${percent(face.target_fpir)} of strangers would be named`
        + ` in a gallery of ${count(face.gallery_size, "reference")}${face.extrapolated ? ", extrapolated beyond what was measured" : ""}.`))),
    face.candidates.length ? candidates(face, people) : el("p", { class: "soft" }, "The gallery is empty."));
}

function candidates(face, people) {
  const rows = face.candidates.map((candidate) => {
    const known = people.get(candidate.subject_id);
    return el("tr", { class: candidate.subject_id === face.subject_id && "named" },
      el("td", { class: "small-face" }, known?.faces?.length ? thumbnail(known.faces[0]) : null),
      el("td", {}, known ? title(known) : `Person ${candidate.subject_id}`),
      el("td", { class: "num" }, candidate.score.toFixed(3)),
      el("td", { class: "num" }, candidate.probability === null ? "–" : percent(candidate.probability)));
  });
  return el("div", {}, el("div", { class: "table" }, el("table", {},
    el("thead", {}, el("tr", {}, ["", "Candidate", "Score", "Probability"].map((text, column) => el("th", { scope: "col", class: column > 1 && "num" }, text)))),
    el("tbody", {}, rows))),
    el("p", { class: "soft small" }, `A candidate is no match: the gallery always has somebody who is most like the picture. The score is a cosine similarity, no probability. The probability supposes that ${percent(face.prior)} of such searches are for somebody in here.`));
}

const percent = (share) => `${(100 * share).toFixed(share < .001 ? 2 : 1).replace(/\.0+$/, "")} %`;
