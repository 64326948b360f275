// People: everybody in the gallery as faces on a board, and what can be done with them.

import { Album, count } from "./album.js";
import { board } from "./board.js";
import { el, say } from "./dom.js";
import { enrolment } from "./enrol.js";
import { questions } from "./questions.js";
import { attempt, quietly, request } from "./server.js";

const EDITS = { merge: "merge", split: "new person", name: "name", apart: "“two people”" };

export function people(signal) {
  const album = new Album();
  const sizes = el("span", { class: "soft", id: "sizes" });
  const undo = el("button", { type: "button", id: "undo", onclick: () => work.undo() }, "Undo");
  const find = el("input", { type: "search", id: "find", placeholder: "all", oninput: () => look() });
  const more = el("button", { type: "button", id: "more", hidden: true, onclick: () => load() }, "Show more people");
  const tail = el("div", { class: "tail open" }, more);
  const hint = el("p", { class: "soft small", id: "hint", hidden: true });
  const place = el("div", { id: "everybody" });
  const work = board(album, { changed: toolbar, signal });
  const strip = questions(album, { answer: work.answer, signal });
  let looks = 0;
  let loading = false;

  function toolbar() {
    const last = album.lastEdit;
    sizes.textContent = album.loaded ? `${count(album.nPeople, "person", "people")}, ${count(album.nFaces, "face")}` : "";
    undo.setAttribute("aria-disabled", last === null);
    undo.textContent = last === null ? "Undo" : `Undo: ${described(last)}`;
    more.hidden = album.next === null;
    tail.classList.toggle("open", !album.loaded || album.next !== null);
    strip.refresh();
    const empty = album.loaded && album.people.size === 0;
    place.replaceChildren(...(empty ? [nobody()] : []));
    const bare = [...album.people.values()].some((person) => person.faces.some((face) => !face.has_crop));
    hint.hidden = !bare;
    hint.replaceChildren("Faces without a picture are shown as numbers: the gallery kept only their templates. ", album.keepsCrops
      ? "New faces keep a small encrypted picture when they are enrolled with “keep a picture”, or by mien enrol --keep-crops."
      : "An encrypted gallery (mien gallery rotate-key) can keep small pictures of new faces: mien enrol --keep-crops, or the box below “Enrol somebody”.");
  }

  function nobody() {
    return el("p", { class: "soft" }, find.value ? "Nobody has a name like this."
      : "Nobody is enrolled yet. Enrol somebody above, or group a folder of photos: mien cluster photos --gallery …");
  }

  async function load(again = false) {
    if (loading && !again) return;
    const turn = looks;
    loading = true;
    const read = () => album.more({ name: find.value.trim(), again });
    const fresh = await (again ? attempt("Reading the gallery …", read) : quietly(read));
    loading = false;
    if (fresh === null || turn !== looks) return;
    if (again) work.all(); else work.add(fresh);
    toolbar();
    // Asked anew whether the end is near: it may have been all the time.
    end.unobserve(more);
    end.observe(more);
  }

  async function look() {
    const turn = looks += 1;
    await new Promise((resolve) => setTimeout(resolve, 200));
    if (turn === looks) load(true);
  }

  async function group() {
    const job = await attempt("Starting …", () => request("POST", "v1/cluster-jobs", { json: {} }));
    if (job) location.hash = "jobs";
  }

  addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement || document.querySelector("dialog[open]");
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z" && !typing) {
      event.preventDefault();
      work.undo();
    }
  }, { signal });
  // The next people come before the last ones are reached.
  const end = new IntersectionObserver((entries) => { if (entries.at(-1).isIntersecting && !more.hidden) load(); }, { rootMargin: "800px" });
  signal.addEventListener("abort", () => end.disconnect());

  load(true);
  return el("section", { class: "wide" },
    el("div", { class: "title" }, el("h2", {}, "People"), sizes),
    el("div", { class: "row tools" },
      el("label", {}, "Find a name", find),
      undo,
      el("button", { type: "button", id: "group", onclick: group, title: "Faces that are alone and nameless join others; named people stay as they are." }, "Group new faces")),
    el("div", { class: "beside" },
      strip.element, el("details", { class: "panel" }, el("summary", {}, "Enrol somebody"), enrolment(album, () => load(true))),
      el("details", { class: "panel keyboard" }, el("summary", {}, "With the keyboard"), keys())),
    hint, work.element, place,
    tail);
}

function described({ kind, moved }) {
  return kind === "move" ? `move of ${count(moved.length, "face")}` : EDITS[kind] ?? kind;
}

function keys() {
  const rows = [["Tab", "from person to person, and to what can be done with each"], ["Arrows, Home, End", "from face to face"],
    ["Space", "choose a face, or leave it out again"], ["Enter", "put the chosen faces to somebody: type a name, arrows, Enter"],
    ["N", "make the chosen faces a new person"], ["Esc", "choose none"], ["Ctrl+Z", "take back the last edit, also somebody else’s"],
    ["Y, N, S", "yes, no, not sure, while a question has the focus"]];
  return el("dl", { class: "keys" }, rows.flatMap(([key, text]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, text)]));
}
