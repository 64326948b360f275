// People: the gallery. Search, enrol, rename, erase.

import { ask, dropzone, el, say } from "./dom.js";
import { attempt, formOf, request } from "./server.js";

const title = ({ name, external_id, subject_id }) => name ?? external_id ?? `subject ${subject_id}`;

export function people() {
  const list = el("div", { id: "everybody" });
  const found = el("div", { class: "result", id: "searched", "aria-live": "polite" });

  async function refresh(after = 0) {
    const page = await attempt("Reading the gallery …", () => request("GET", `v1/subjects?after=${after}&limit=50`));
    if (page === null) return;
    list.replaceChildren(
      page.subjects.length ? table(page.subjects, refresh) : el("p", { class: "soft" }, "Nobody is enrolled yet."),
      el("p", { class: "row" },
        after ? el("button", { type: "button", onclick: () => refresh(0) }, "First page") : null,
        page.next ? el("button", { type: "button", onclick: () => refresh(page.next) }, "Next page") : null));
  }

  async function search(file) {
    const answer = await attempt("Searching …", () => request("POST", "v1/identify", { form: formOf({ image: file }) }));
    if (answer === null) return;
    found.replaceChildren(...(answer.faces.length ? answer.faces.map(outcome)
      : [el("p", {}, "No face was found in this picture.")]));
  }

  refresh();
  return el("section", {},
    el("h2", {}, "Who is it?"), dropzone("Search with a picture", search, { id: "search-file" }), found,
    el("h2", {}, "Enrol somebody"), enrolment(refresh),
    el("h2", {}, "Everybody"), list);
}

function outcome(face, index) {
  const who = face.answer === "nobody" ? "nobody in this gallery" : face.name ?? `subject ${face.subject_id}`;
  const rows = face.candidates.map((candidate) => el("tr", {},
    el("td", {}, `${candidate.rank}.`), el("td", {}, `subject ${candidate.subject_id}`),
    el("td", { class: "num" }, candidate.score.toFixed(3)),
    el("td", { class: "num" }, candidate.probability === null ? "–" : `${(100 * candidate.probability).toFixed(1)} %`)));
  return el("div", { class: "card" },
    el("h3", {}, `Face ${index + 1}: ${who}`),
    el("p", { class: "soft small" }, `Threshold ${face.threshold.toFixed(3)} for ${face.gallery_size} references: at most ${100 * face.target_fpir} % of strangers are named`
      + (face.extrapolated ? ", extrapolated beyond what was measured." : ".")),
    rows.length ? el("div", { class: "table" }, el("table", {},
      el("thead", {}, el("tr", {}, ["", "Candidate", "Score", "Probability"].map((text, column) => el("th", { class: column > 1 && "num" }, text)))),
      el("tbody", {}, rows))) : null);
}

function enrolment(refresh) {
  let picture = null;
  const chosen = el("p", { id: "chosen" }, "No picture yet.");
  const name = el("input", { required: true, maxlength: 200, id: "enrol-name" });
  const purpose = el("input", { required: true, maxlength: 200, id: "enrol-purpose", placeholder: "what they agreed to" });

  async function enrol(event) {
    event.preventDefault();
    if (picture === null) { say("Choose a picture of the person first.", "wrong"); return; }
    const form = formOf({ image: picture }, { name: name.value, purpose: purpose.value });
    const done = await attempt("Enrolling …", () => request("POST", "v1/subjects", { form }));
    if (done === null) return;
    await refresh();
    const alike = done.lookalikes.map((other) => `subject ${other.subject_id}`).join(", ");
    say(done.status === "already" ? "This picture is enrolled already." : alike
      ? `Enrolled; resembles ${alike}: the same person?` : "Enrolled.");
  }

  return el("form", { onsubmit: enrol },
    dropzone("Choose a picture", (file) => { picture = file; chosen.textContent = file.name ?? "A picture."; }, { id: "enrol-file", extra: [chosen] }),
    el("p", { class: "row" }, el("label", {}, "Name", name), el("label", {}, "Consent", purpose),
      el("button", { class: "chief", type: "submit" }, "Enrol")));
}

function table(subjects, refresh) {
  const rows = subjects.map((subject) => el("tr", { "data-subject": subject.subject_id },
    el("td", {}, title(subject)),
    el("td", { class: "soft" }, subject.consent ? subject.consent.purpose : "no consent recorded"),
    el("td", { class: "act" },
      el("button", { type: "button", "aria-label": `Rename ${title(subject)}`, onclick: () => rename(subject, refresh) }, "Rename"),
      el("button", { type: "button", class: "bad", "aria-label": `Erase ${title(subject)}`, onclick: () => erase(subject, refresh) }, "Erase"))));
  return el("div", { class: "table" }, el("table", {},
    el("thead", {}, el("tr", {}, ["Person", "Consent", ""].map((text) => el("th", {}, text)))),
    el("tbody", {}, rows)));
}

async function rename(subject, refresh) {
  const name = await ask({ title: "Rename", yes: "Rename", field: "Name", value: subject.name ?? "" });
  if (!name) return;
  if (await attempt("Renaming …", () => request("PATCH", `v1/subjects/${subject.subject_id}`, { json: { name } }))) refresh();
}

async function erase(subject, refresh) {
  const answer = await ask({ title: `Erase ${title(subject)}?`, yes: "Erase",
    text: "All references are erased from the gallery's files at once. This cannot be undone." });
  if (answer === null) return;
  const done = await attempt("Erasing …", () => request("DELETE", `v1/subjects/${subject.subject_id}`));
  if (done === null) return;
  await refresh();
  const copies = done.remaining_copies.map((copy) => copy.path).join(", ");
  say(`Erased ${done.n_references} reference(s).` + (copies ? ` Copies that may still hold them: ${copies}` : ""));
}
