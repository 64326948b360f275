// The album as the page knows it: people, edits, and what undo takes back. No elements here.

import { request } from "./server.js";

export const FACES = 12;
const MOST_FACES = 500;

export const title = ({ name, external_id, subject_id }) => name ?? external_id ?? `Person ${subject_id}`;
export const count = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

/** People by number, in the order in which they are shown. */
export class Album {
  people = new Map();
  next = null;
  nPeople = 0;
  nFaces = 0;
  lastEdit = null;
  keepsCrops = false;
  loaded = false;

  async more({ name = "", again = false } = {}) {
    if (again) { this.people.clear(); this.next = null; }
    const query = new URLSearchParams({ limit: 40, faces: FACES });
    if (this.next) query.set("after", this.next);
    if (name) query.set("name", name);
    const page = await request("GET", `v1/album/groups?${query}`);
    const fresh = page.groups.filter((group) => !this.people.has(group.subject_id));
    for (const group of fresh) this.people.set(group.subject_id, group);
    Object.assign(this, { next: page.next, nPeople: page.n_groups, nFaces: page.n_faces,
      lastEdit: page.last_edit, keepsCrops: page.keeps_crops, loaded: true });
    return fresh;
  }

  async moreFaces(person, n = 96) {
    const page = await request("GET", `v1/album/groups/${person.subject_id}?after=${person.next}&faces=${n}`);
    person.faces.push(...page.faces);
    Object.assign(person, { next: page.next, size: page.size, version: page.version });
  }

  /** Edit with what was seen of these people; returns who changed and who is gone. */
  async edit(verb, body, people) {
    const seen = Object.fromEntries(people.map((person) => [person.subject_id, person.version]));
    return this.#after(await request("POST", `v1/album/${verb}`, { json: { ...body, seen, faces: this.#shown(people) } }));
  }

  async undo() {
    const edit_id = this.lastEdit?.edit_id ?? null;
    return this.#after(await request("POST", "v1/album/undo", { json: { edit_id, faces: this.#shown([...this.people.values()]) } }));
  }

  /** Read one person anew. */
  async reread(person) {
    Object.assign(person, await request("GET", `v1/album/groups/${person.subject_id}?faces=${this.#shown([person])}`));
  }

  forget(person) {
    this.nPeople -= this.people.delete(person.subject_id) ? 1 : 0;
    this.nFaces -= person.size;
  }

  #shown(people) {
    return Math.min(MOST_FACES, Math.max(FACES, ...people.map((person) => person.faces.length)));
  }

  #after(answer) {
    const before = [...this.people.keys()];
    const changed = [];
    for (const group of answer.groups) {
      const known = this.people.get(group.subject_id);
      if (known) changed.push(Object.assign(known, group));
      else { this.#insert(group, answer, before); changed.push(group); this.nPeople += 1; }
    }
    const gone = answer.gone.filter((number) => this.people.delete(number));
    this.nPeople -= gone.length;
    this.lastEdit = answer.last_edit;
    return { edit: answer.edit, changed, gone };
  }

  /** A new person stands behind the one whom the faces came from, where the eye is. */
  #insert(group, { edit }, before) {
    const beside = before.find((number) => edit.groups.includes(number));
    const entries = [...this.people];
    const place = entries.findIndex(([number]) => number === beside);
    entries.splice(place < 0 ? 0 : place + 1, 0, [group.subject_id, group]);
    this.people = new Map(entries);
  }
}
