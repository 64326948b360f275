// One person on the board: the name, the faces, and what can be done. Faces take the keyboard.

import { count, title } from "./album.js";
import { el } from "./dom.js";
import { thumbnail } from "./faces.js";

export function personCard(person, acts) {
  const name = title(person);
  const id = `person-${person.subject_id}`;
  const act = (what, text, label, work, kind = "") => el("button",
    { type: "button", class: `quiet ${kind}`, "data-act": what, "aria-label": label, onclick: () => work(person) }, text);
  const faces = el("div", { class: "faces", role: "listbox", "aria-multiselectable": "true", "aria-label": `Faces of ${name}` },
    person.faces.map((face, index) => faceOption(person, face, index, acts)));
  faces.addEventListener("keydown", (event) => keyboard(event, faces, person, acts));
  const rest = person.size - person.faces.length;
  return el("li", { class: "person", "data-person": person.subject_id, "aria-labelledby": id, style: { containIntrinsicBlockSize: `auto ${5 + 4.2 * Math.ceil(Math.min(person.faces.length, 12) / 4)}rem` } },
    el("div", { class: "who", title: "Drag onto another person to merge the two" },
      el("h3", { id, class: person.name ? "" : "soft" }, name),
      el("span", { class: "soft small" }, count(person.size, "face"))),
    el("div", { class: "acts" },
      act("rename", person.name ? "Rename" : "Name", `${person.name ? "Rename" : "Name"} ${name}`, acts.rename),
      act("merge", "Merge …", `Merge ${name} with somebody`, acts.mergeInto),
      act("erase", "Erase …", `Erase ${name}`, acts.erase, "bad")),
    person.faces.length ? faces : el("p", { class: "soft small" }, "No face is left."),
    rest > 0 && person.next !== null ? el("button", { type: "button", class: "quiet", "data-act": "more", onclick: () => acts.moreFaces(person) },
      `${count(rest, "more face", "more faces")}`) : null);
}

function faceOption(person, face, index, acts) {
  const option = el("div", { class: "face", role: "option", "data-face": face.reference_id, tabindex: index === 0 ? 0 : -1,
    "aria-selected": acts.chosen.has(face.reference_id), "aria-label": `Face ${face.reference_id}${face.source ? `, ${fileName(face.source)}` : ""}`,
    title: face.source ? `#${face.reference_id} ${face.source}` : `#${face.reference_id}`,
    onclick: (event) => {
      rove(option);
      acts.choose(person, event.shiftKey ? range(option) : [face.reference_id]);
    } }, thumbnail(face));
  return option;
}

const fileName = (path) => path.split(/[\\/]/).at(-1);

/** The faces between the last one that was chosen and this one. */
function range(option) {
  const all = [...option.parentElement.children];
  const last = all.findLastIndex((one) => one.getAttribute("aria-selected") === "true");
  const [low, high] = [last < 0 ? all.indexOf(option) : last, all.indexOf(option)].sort((a, b) => a - b);
  return all.slice(low, high + 1).filter((one) => one.getAttribute("aria-selected") !== "true").map((one) => Number(one.dataset.face));
}

/** Give the keyboard to one face of its person. */
export function rove(option) {
  for (const other of option.parentElement.children) other.tabIndex = other === option ? 0 : -1;
  option.focus();
}

function keyboard(event, faces, person, acts) {
  const option = event.target.closest(".face");
  if (!option || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = [...faces.children];
  const at = all.indexOf(option);
  const wide = Math.max(1, all.findIndex((one) => one.offsetTop > all[0].offsetTop));
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -wide, ArrowDown: wide, Home: -at, End: all.length - 1 - at };
  const number = Number(option.dataset.face);
  const picked = () => (acts.chosen.has(number) ? [...acts.chosen] : [number]);
  if (event.key in steps) rove(all[Math.max(0, Math.min(all.length - 1, at + steps[event.key]))]);
  else if (event.key === " ") acts.choose(person, [number]);
  else if (event.key === "Enter") acts.moveTo(person, picked());
  else if (event.key.toLowerCase() === "n") acts.split(person, picked());
  else if (event.key === "Escape") acts.chooseNone();
  else return;
  event.preventDefault();
}
