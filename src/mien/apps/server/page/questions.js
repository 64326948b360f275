// The same person? One question after the other: yes, no, not sure.

import { count, title } from "./album.js";
import { el, say } from "./dom.js";
import { thumbnail } from "./faces.js";
import { Refused, request } from "./server.js";

/** Albums up to this size are asked about by themselves; larger ones when somebody wants it. */
const MOST_BY_ITSELF = 3000;

export function questions(album, { answer, signal }) {
  const place = el("div", { class: "asked" });
  const element = el("section", { class: "panel", id: "questions", "aria-label": "Questions" }, place);
  const joined = new Map(); // person -> the person that it was merged into
  let queue = null;
  let total = 0;
  let busy = false;

  // Whoever stands on the board is there: an undo brings people back.
  const now = (number) => (joined.has(number) && !album.people.has(number) ? now(joined.get(number)) : number);

  function refresh() {
    if (!album.loaded || queue !== null || busy) return;
    if (album.people.size < 2) place.replaceChildren();
    else if (album.nFaces <= MOST_BY_ITSELF) find();
    else place.replaceChildren(el("span", {}, "Some people may stand here twice."),
      el("button", { type: "button", id: "find-questions", onclick: () => find(true) }, "Look for them (takes some seconds)"));
  }

  async function find(wanted = false) {
    busy = true;
    place.replaceChildren(el("span", { class: "soft", tabindex: -1 }, "Looking for people who may stand here twice …"));
    if (wanted) place.firstChild.focus();
    try {
      queue = (await request("GET", "v1/album/questions?most=20", { signal })).questions;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      queue = [];
      place.replaceChildren(el("span", { class: "soft" }, `No questions: ${error.message}`));
      return;
    } finally { busy = false; }
    total = queue.length;
    if (wanted) { show(true); return; }
    // Nothing on the page moves unless somebody wants it.
    place.replaceChildren(...(total ? [el("span", {}, `${count(total, "pair")} of people may be the same.`),
      el("button", { type: "button", id: "review", onclick: () => show(true) }, "Review")]
      : [el("span", { class: "soft" }, "Nobody seems to stand here twice.")]));
  }

  async function person(face) {
    const number = now(face.subject_id);
    return album.people.get(number) ?? request("GET", `v1/album/groups/${number}?faces=1`);
  }

  async function show(focus = false) {
    queue = queue.filter(({ left, right }) => now(left.subject_id) !== now(right.subject_id));
    if (!queue.length) {
      place.replaceChildren(el("span", { class: "soft", tabindex: -1 }, total ? "That was the last question. Thank you." : "Nobody seems to stand here twice."),
        total ? el("button", { type: "button", onclick: () => find(true) }, "Look for more") : "");
      if (focus) (place.querySelector("button") ?? place.firstChild).focus();
      return;
    }
    const [question] = queue;
    let both;
    try { both = await Promise.all([person(question.left), person(question.right)]); } catch (error) {
      if (!(error instanceof Refused)) throw error;
      queue.shift(); // One of them is gone.
      show(focus);
      return;
    }
    draw(question, both);
    if (focus) place.querySelector("[data-answer=yes]").focus();
  }

  function draw(question, [left, right]) {
    const choice = (kind, text, key) => el("button", { type: "button", "data-answer": kind, class: kind === "yes" ? "chief" : "", "aria-keyshortcuts": key,
      onclick: () => decide(kind, left, right) }, text);
    place.replaceChildren(
      el("div", { class: "pair" }, figure(question.left, left), figure(question.right, right)),
      el("div", { class: "choice" },
        el("h3", { id: "question" }, "The same person?"),
        el("div", { class: "row", role: "group", "aria-labelledby": "question" },
          choice("yes", "Yes", "y"), choice("no", "No", "n"), choice("unsure", "Not sure", "s")),
        el("p", { class: "soft small" }, `A yes puts ${count(Math.min(left.size, right.size), "face")} to the others. Question ${total - queue.length + 1} of ${total}. `
          + `Link ${question.strength.toFixed(2)}: how strongly this grouping ties the two, no probability.`)));
  }

  function figure(face, who) {
    return el("figure", {}, thumbnail(face, { alt: `Face ${face.reference_id}` }),
      el("figcaption", {}, el("span", {}, title(who)), el("span", { class: "soft small" }, count(who.size, "face"))));
  }

  async function decide(kind, left, right) {
    if (busy) return;
    busy = true;
    const [{ left: a, right: b }] = queue;
    if (kind === "unsure") { queue.shift(); say("Left open."); } else {
      if (!await answer(kind === "yes", left, right)) { busy = false; return; }
      queue.shift();
      if (kind === "yes") note(now(a.subject_id), now(b.subject_id));
    }
    busy = false;
    await show(true);
  }

  /** Which of the two went into the other is seen on the board. */
  function note(one, other) {
    if (album.people.has(one) || !album.people.has(other)) joined.set(other, one);
    else joined.set(one, other);
  }

  element.addEventListener("keydown", (event) => {
    const kind = { y: "yes", n: "no", s: "unsure" }[event.key.toLowerCase()];
    if (!kind || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    place.querySelector(`[data-answer=${kind}]`)?.click();
  }, { signal });
  return { element, refresh };
}
