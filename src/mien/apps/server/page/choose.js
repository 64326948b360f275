// Choosing a person: a list that can be filtered by typing, with the keyboard or the pointer.

import { count, title } from "./album.js";
import { el } from "./dom.js";
import { thumbnail } from "./faces.js";
import { request } from "./server.js";

/** Ask for a person; "new" for a new one, null when cancelled. */
export function choosePerson({ heading, without, people, withNew = true }) {
  const dialog = document.getElementById("choose");
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("ul");
  dialog.querySelector("h2").textContent = heading;
  let options = [];
  let at = 0;
  let asked = 0;

  function show(found) {
    const fresh = withNew && !input.value.trim() ? ["new"] : [];
    options = [...fresh, ...found.filter((person) => person.subject_id !== without).slice(0, 60)];
    at = 0;
    list.replaceChildren(...options.map(option));
    if (!options.length) list.append(el("li", { class: "soft", role: "presentation" }, "Nobody has a name like this."));
    mark();
  }

  function option(person, index) {
    const said = person === "new" ? [el("span", { class: "thumb none", "aria-hidden": "true" }, "+"), el("span", {}, "A new person")]
      : [person.faces.length ? thumbnail(person.faces[0]) : el("span", { class: "thumb none" }, "–"),
        el("span", {}, title(person)), el("span", { class: "soft small" }, count(person.size, "face"))];
    return el("li", { role: "option", id: `option-${index}`, onclick: () => done(person) }, said);
  }

  function mark() {
    [...list.children].forEach((item, index) => {
      if (item.role !== "option") return;
      item.setAttribute("aria-selected", index === at);
      if (index === at) item.scrollIntoView({ block: "nearest" });
    });
    input.setAttribute("aria-activedescendant", options.length ? `option-${at}` : "");
  }

  async function filter() {
    const text = input.value.trim();
    const turn = asked += 1;
    if (!text) { show(people); return; }
    await new Promise((resolve) => setTimeout(resolve, 150));
    if (turn !== asked) return;
    const here = people.filter((person) => title(person).toLowerCase().includes(text.toLowerCase()));
    const query = new URLSearchParams({ name: text, limit: 60, faces: 1 });
    const page = await request("GET", `v1/album/groups?${query}`).catch(() => ({ groups: [] }));
    if (turn !== asked) return;
    const known = new Set(here.map((person) => person.subject_id));
    show([...here, ...page.groups.filter((group) => !known.has(group.subject_id))]);
  }

  let done;
  input.value = "";
  input.oninput = filter;
  input.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); at = Math.max(0, Math.min(options.length - 1, at + step)); mark(); }
    if (event.key === "Enter") { event.preventDefault(); if (options.length) done(options[at]); }
  };
  dialog.querySelector("button").onclick = () => dialog.close();
  return new Promise((resolve) => {
    let chosen = null;
    done = (person) => { chosen = person; dialog.close(); };
    dialog.addEventListener("close", () => resolve(chosen), { once: true });
    dialog.showModal();
    show(people);
    input.focus();
  });
}
