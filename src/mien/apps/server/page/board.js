// The board: a card a person with the faces; faces and people are dragged, or moved by keyboard.

import { count, title } from "./album.js";
import { choosePerson } from "./choose.js";
import { draggable } from "./drag.js";
import { ask, el, say } from "./dom.js";
import { personCard, rove } from "./person.js";
import { Refused, request } from "./server.js";
import { thumbnail } from "./faces.js";

const BACK = " Ctrl+Z takes it back.";

export function board(album, { changed, signal }) {
  const list = el("ul", { class: "board", "aria-label": "People" });
  const chosen = new Set();
  let owner = null; // whose faces are chosen
  const bar = el("div", { id: "bar", role: "region", "aria-label": "Chosen faces" });
  const fresh = el("div", { id: "new-person" }, "Drop here: a new person");
  const cardOf = (person) => list.querySelector(`[data-person="${person.subject_id}"]`);
  const personOf = (element) => album.people.get(Number(element.closest("[data-person]")?.dataset.person));

  // --- what is chosen

  function choose(person, numbers) {
    if (owner !== person) { chosen.clear(); owner = person; }
    numbers.forEach((number) => (chosen.has(number) ? chosen.delete(number) : chosen.add(number)));
    if (!chosen.size) owner = null;
    marks();
  }

  function chooseNone() {
    const back = bar.contains(document.activeElement) ? list.querySelector("[aria-selected=true]") : null;
    chosen.clear();
    owner = null;
    marks();
    back?.focus();
  }

  function marks() {
    for (const face of list.querySelectorAll("[data-face]")) {
      const on = chosen.has(Number(face.dataset.face));
      if ((face.getAttribute("aria-selected") === "true") !== on) face.setAttribute("aria-selected", on);
    }
    bar.classList.toggle("up", chosen.size > 0);
    bar.inert = chosen.size === 0;
    bar.replaceChildren(...(chosen.size === 0 ? [] : [
      el("span", {}, `${count(chosen.size, "face")} of ${title(owner)}`),
      el("button", { type: "button", class: "chief", onclick: () => moveTo(owner, [...chosen]) }, "Move to …"),
      el("button", { type: "button", onclick: () => split(owner, [...chosen]) }, "New person"),
      el("button", { type: "button", class: "bad", onclick: () => eraseFaces(owner, [...chosen]) }, "Erase …"),
      el("button", { type: "button", onclick: chooseNone }, "Choose none"),
    ]));
  }

  // --- cards

  const acts = { choose, chooseNone, rename, mergeInto, erase, moreFaces, moveTo, split, chosen };

  function all() {
    chooseNone();
    list.replaceChildren(...[...album.people.values()].map((person) => personCard(person, acts)));
  }

  function add(people) {
    list.append(...people.map((person) => personCard(person, acts)));
  }

  /** Draw people anew after an edit; the focus stays where it was, or goes to the nearest place. */
  function redraw(people, gone) {
    const before = focused();
    for (const number of gone) list.querySelector(`[data-person="${number}"]`)?.remove();
    const order = [...album.people.keys()];
    for (const person of people) {
      const card = personCard(person, acts);
      const old = cardOf(person);
      if (old) { old.replaceWith(card); continue; }
      const beside = order.slice(0, order.indexOf(person.subject_id)).reverse()
        .map((number) => list.querySelector(`[data-person="${number}"]`)).find(Boolean);
      if (beside) beside.after(card); else list.prepend(card);
    }
    marks();
    changed();
    if (before) refocus(before);
  }

  function focused() {
    const active = document.activeElement;
    if (active && !list.contains(active) && !bar.contains(active)) return null;
    const from = active && list.contains(active) ? active : list.querySelector(".face[tabindex='0'][aria-selected='true']") ?? list.querySelector("[aria-selected='true']");
    const card = from?.closest("[data-person]");
    if (!card) return null;
    return { person: card.dataset.person, place: [...list.children].indexOf(card), act: from.dataset.act,
      face: [...card.querySelectorAll(".face")].indexOf(from), number: from.dataset.face };
  }

  function refocus({ person, place, act, face, number }) {
    const card = list.querySelector(`[data-person="${person}"]`) ?? list.children[Math.min(place, list.children.length - 1)];
    const faces = card ? [...card.querySelectorAll(".face")] : [];
    const same = faces.find((one) => one.dataset.face === number);
    const target = same ?? (face >= 0 ? faces[Math.min(face, faces.length - 1)] : null)
      ?? card?.querySelector(`[data-act="${act ?? "rename"}"]`) ?? document.getElementById("find");
    if (target?.classList.contains("face")) rove(target);
    else target?.focus();
  }

  // --- edits

  /** Edit; draw what changed; say what was done. Returns whether it was done. */
  async function edit(doing, people, change, said) {
    say(doing);
    try {
      const { changed: now, gone, edit: made } = await change();
      chosen.clear();
      owner = null;
      redraw(now, gone);
      say(said(made, now) + BACK);
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.code === "conflict" || error.code === "not_found") await lookAgain(people);
      say(error.message, error.status === 429 ? "wait" : "wrong");
      return false;
    }
  }

  async function lookAgain(people) {
    const gone = [];
    const here = people.filter((person) => album.people.has(person.subject_id));
    for (const person of here) {
      try { await album.reread(person); } catch (error) {
        if (!(error instanceof Refused)) throw error;
        album.people.delete(person.subject_id);
        gone.push(person.subject_id);
      }
    }
    await lastEdit();
    redraw(here.filter((person) => !gone.includes(person.subject_id)), gone);
  }

  async function lastEdit() {
    const { edits } = await request("GET", "v1/album/edits?limit=1").catch(() => ({ edits: [] }));
    album.lastEdit = edits.at(-1) ?? null;
  }

  function move(person, numbers, into) {
    return edit("Moving …", [person, into],
      () => album.edit("move", { reference_ids: numbers, into: into.subject_id }, [person, into].filter((one) => album.people.has(one.subject_id))),
      () => `${count(numbers.length, "face")} moved to ${title(into)}.`);
  }

  async function split(person, numbers) {
    if (numbers.length === person.size) { say(`These are all faces of ${title(person)}: one person already.`); return; }
    await edit("Moving …", [person], () => album.edit("split", { reference_ids: numbers }, [person]),
      () => `${count(numbers.length, "face")} of ${title(person)}: a new person now.`);
  }

  async function moveTo(person, numbers) {
    const people = [...album.people.values()];
    const into = await choosePerson({ heading: `Who is on ${numbers.length === 1 ? "this face" : `these ${numbers.length} faces`}?`,
      without: person.subject_id, people, withNew: numbers.length < person.size });
    if (into === "new") await split(person, numbers);
    else if (into !== null) await move(person, numbers, into);
  }

  async function merge(into, other) {
    const bound = (person) => person.has_consent || person.external_id !== null;
    if (bound(into) && bound(other)) {
      say(`${title(into)} and ${title(other)} each have a consent or an id of their own, which the gallery will not lose. Move the faces, then erase the other.`, "wrong");
      return false;
    }
    const [keeps, joins] = bound(other) ? [other, into] : [into, other];
    const names = [title(other), title(into)];
    return edit("Merging …", [into, other],
      () => album.edit("merge", { into: keeps.subject_id, other: joins.subject_id }, [into, other].filter((one) => album.people.has(one.subject_id))),
      (_, now) => `${names[0]} and ${names[1]} are one person now${now[0] ? `: ${title(now[0])}` : ""}.`);
  }

  async function mergeInto(person) {
    const into = await choosePerson({ heading: `${title(person)} is the same person as …`, without: person.subject_id,
      people: [...album.people.values()], withNew: false });
    if (into !== null) await merge(into, person);
  }

  async function rename(person) {
    const name = await ask({ title: "Who is it?", yes: "Rename", field: "Name (empty: none)", value: person.name ?? "" });
    if (name === null || (name || null) === person.name) return;
    await edit("Renaming …", [person], () => album.edit("name", { subject_id: person.subject_id, name: name || null }, [person]),
      () => (name ? `Renamed to ${name}.` : "The name was taken away."));
  }

  async function undo() {
    if (album.lastEdit === null) { say("There is nothing to take back."); return; }
    say("Taking back …");
    try {
      const { changed: now, gone } = await album.undo();
      chosen.clear();
      owner = null;
      redraw(now, gone);
      say("Taken back.");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await lastEdit();
      changed();
      say(error.code === "conflict" ? "Somebody else made the last edit. The button says what it is now; undo again to take that back." : error.message, "wrong");
    }
  }

  // --- erasure: for good

  async function erase(person) {
    const word = title(person);
    const answer = await ask({ title: `Erase ${word}?`, yes: "Erase for good", field: `Type “${word}” to erase`, match: word,
      text: `${count(person.size, "face")}, the name and all edits about this person are erased from the gallery’s files at once. This cannot be undone.` });
    if (answer === null) return;
    await erased(() => request("DELETE", `v1/subjects/${person.subject_id}`), () => {
      album.forget(person);
      redraw([], [person.subject_id]);
    }, person);
  }

  async function eraseFaces(person, numbers) {
    const whole = numbers.length === person.size ? " The person stays, without a face." : "";
    const answer = await ask({ title: `Erase ${count(numbers.length, "face")} of ${title(person)}?`, yes: "Erase for good", field: "Type “erase” to erase", match: "erase",
      text: `They are erased from the gallery’s files at once. This cannot be undone.${whole}` });
    if (answer === null) return;
    await erased(async () => {
      let done;
      for (const number of numbers) done = await request("DELETE", `v1/references/${number}`);
      return { ...done, n_references: numbers.length };
    }, async () => {
      album.nFaces -= numbers.length;
      await lookAgain([person]);
      if (!person.size && title(person) === `Person ${person.subject_id}`) {
        album.people.delete(person.subject_id);
        redraw([], [person.subject_id]);
      }
    }, person);
  }

  async function erased(work, after, person) {
    say("Erasing …");
    try {
      const done = await work();
      chooseNone();
      await lastEdit();
      await after();
      const copies = done.remaining_copies.map((copy) => copy.path).join(", ");
      say(`Erased ${count(done.n_references, "face")}.${copies ? ` Copies that may still hold them: ${copies}` : ""}`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await lookAgain([person]);
      say(error.message, "wrong");
    }
  }

  async function moreFaces(person) {
    try {
      const first = person.faces.length;
      await album.moreFaces(person);
      redraw([person], []);
      cardOf(person).querySelectorAll(".face")[first]?.focus();
      say(`${count(person.faces.length, "face")} of ${person.size} shown.`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      say(error.message, "wrong");
    }
  }

  /** An answer to a question: yes, these two are one person; no, they are two. */
  async function answer(yes, left, right) {
    if (yes) return merge(left, right);
    return edit("Noting …", [left, right],
      () => album.edit("apart", { one: left.subject_id, other: right.subject_id }, []),
      () => `${title(left)} and ${title(right)}: two people, which grouping will not forget.`);
  }

  draggable(list, {
    signal,
    take(element) {
      const person = personOf(element);
      const face = element.closest(".face");
      if (!person || element.closest("button")) return null;
      if (face) {
        const number = Number(face.dataset.face);
        const numbers = chosen.has(number) ? [...chosen] : [number];
        return { what: { person, numbers }, from: face,
          picture: () => [thumbnail(person.faces.find((one) => one.reference_id === number)), numbers.length > 1 ? el("b", {}, numbers.length) : null].filter(Boolean) };
      }
      if (!element.closest(".who")) return null;
      return { what: { person }, from: element.closest(".person"), picture: () => [el("span", {}, title(person))] };
    },
    place(element, { person, numbers }) {
      if (numbers && element.closest("#new-person")) return { element: fresh, place: "new" };
      const card = element.closest(".person");
      const other = card && personOf(card);
      return other && other !== person ? { element: card, place: other } : null;
    },
    drop({ person, numbers }, place) {
      if (!numbers) merge(place, person);
      else if (place === "new") split(person, numbers);
      else move(person, numbers, place);
    },
  });
  signal.addEventListener("abort", () => bar.remove());
  marks();
  return { element: el("div", {}, list, bar, fresh), all, add, undo, answer };
}
