// Jobs: what the server works on by itself, how far it is, and stopping it.

import { ask, el, say } from "./dom.js";
import { attempt, Refused, request } from "./server.js";
import { events } from "./stream.js";
import { timeline } from "./timeline.js";

const STATES = { queued: "waits", running: "at work", done: "done", failed: "failed", cancelled: "stopped" };
const GOING = new Set(["queued", "running"]);
const AGAIN_MS = 2000;

export function jobs(signal) {
  const list = el("ul", { class: "jobs", id: "job-list" });
  const empty = el("p", { class: "soft" }, "No jobs yet.");
  const rows = new Map();

  async function read() {
    const page = await attempt("Reading the jobs …", () => request("GET", "v1/jobs?limit=50"));
    if (page === null) return;
    list.replaceChildren(...page.jobs.map((job) => row(job)));
    empty.hidden = page.jobs.length > 0;
  }

  function row(job) {
    const parts = { title: el("h3", {}), state: el("span", { class: "state" }), bar: el("progress", { max: 1 }), text: el("p", { class: "soft small flat" }),
      acts: el("div", { class: "acts" }), found: el("div", { class: "found" }) };
    const element = el("li", { class: "card job", "data-job": job.job_id },
      el("div", { class: "title" }, parts.title, parts.state), parts.bar, parts.text, parts.acts, parts.found);
    parts.bar.setAttribute("aria-label", `Progress of ${job.title ?? job.kind}`);
    rows.set(job.job_id, { element, parts, going: null });
    show(job);
    if (GOING.has(job.state)) follow(job.job_id);
    return element;
  }

  function show(job) {
    const { element, parts, going } = rows.get(job.job_id);
    const words = job.title ?? job.kind;
    parts.title.textContent = words.charAt(0).toUpperCase() + words.slice(1);
    parts.state.textContent = STATES[job.state] ?? job.state;
    element.dataset.state = job.state;
    if (job.total) parts.bar.value = job.done / job.total;
    else if (GOING.has(job.state)) parts.bar.removeAttribute("value");
    else parts.bar.value = job.state === "done" ? 1 : 0;
    parts.text.textContent = said(job);
    const now = GOING.has(job.state);
    if (going === now) return;
    const focused = parts.acts.contains(document.activeElement);
    parts.acts.replaceChildren(now ? el("button", { type: "button", class: "quiet bad", "data-act": "stop", onclick: () => stop(job) }, "Stop")
      : el("button", { type: "button", class: "quiet", "data-act": "remove", onclick: () => remove(job) }, "Remove from the list"),
      job.state === "failed" || job.state === "cancelled" ? el("button", { type: "button", class: "quiet", "data-act": "resume", onclick: () => resume(job) }, "Go on with it") : "",
      !now && job.kind === "video" ? el("button", { type: "button", class: "quiet", "data-act": "timeline", "aria-expanded": "false", onclick: (event) => unfold(job, event.currentTarget) }, "Who is seen when") : "");
    parts.found.replaceChildren();
    if (focused) parts.acts.querySelector("button").focus();
    rows.get(job.job_id).going = now;
  }

  /** Follow a job until it ends; when the connection breaks, ask again. */
  async function follow(number) {
    while (!signal.aborted) {
      try {
        let over = false;
        await events(`v1/jobs/${number}/events`, (name, job) => {
          show(job);
          if (name === "end") { over = true; say(`${rows.get(number).parts.title.textContent}: ${STATES[job.state] ?? job.state}. ${said(job)}`, job.state === "failed" ? "wrong" : ""); }
        }, { signal });
        if (over) return;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Refused && error.status === 404) return;
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  async function start(path, json) {
    const job = await attempt("Starting …", () => request("POST", path, { json }));
    if (job === null) return;
    empty.hidden = true;
    list.prepend(row(job));
    say("Started.");
  }

  /** Show or hide the timeline of a video. */
  async function unfold(job, button) {
    const { found } = rows.get(job.job_id).parts;
    const open = found.children.length === 0;
    const shown = open ? await timeline(job) : null;
    found.replaceChildren(...(shown ? [shown] : []));
    button.setAttribute("aria-expanded", String(shown !== null));
  }

  async function stop(job) {
    const sure = await ask({ title: "Stop this job?", yes: "Stop", text: "What it has done stays done. It can go on later." });
    if (sure === null) return;
    const now = await attempt("Stopping …", () => request("DELETE", `v1/jobs/${job.job_id}`));
    if (now) show(now);
  }

  async function resume(job) {
    const now = await attempt("Going on …", () => request("POST", `v1/jobs/${job.job_id}/resume`));
    if (now === null) return;
    show(now);
    follow(job.job_id);
  }

  async function remove(job) {
    const gone = await attempt("Removing …", () => request("DELETE", `v1/jobs/${job.job_id}?forget=true`));
    if (gone === null) return;
    const { element } = rows.get(job.job_id);
    const beside = (element.nextElementSibling ?? element.previousElementSibling)?.querySelector("button") ?? starter;
    element.remove();
    beside.focus();
    empty.hidden = list.children.length > 0;
  }

  const starter = el("button", { type: "button", class: "chief", id: "start-cluster", onclick: () => start("v1/cluster-jobs", {}) }, "Group new faces by person");
  const file = el("input", { id: "video-file", required: true, maxlength: 4096, autocomplete: "off", placeholder: "2024/party.mp4" });
  const name = el("input", { id: "video-name", type: "checkbox" });
  const videoForm = el("form", { class: "row", onsubmit: (event) => {
    event.preventDefault();
    start("v1/jobs", { kind: "video", file: file.value.trim(), name: name.checked });
  } }, el("label", {}, "Video on the server", file), el("label", { class: "tick" }, name, "name people by the gallery"),
  el("button", { id: "start-video" }, "Follow its faces"));
  read();
  return el("section", {},
    el("h2", {}, "Jobs"),
    el("p", { class: "row" }, starter),
    el("p", { class: "soft small flat" }, "Faces that are alone and nameless join each other or somebody; named people keep their faces. Jobs go on when this page is closed, and after the server was stopped."),
    el("details", { class: "panel", id: "video-job" }, el("summary", {}, "Who is seen when in a video"), videoForm,
      el("p", { class: "soft small flat" }, "A file below the folders that the operator allows. After a stop or a restart a video begins again.")),
    list, empty);
}

function said({ state, done, total, message, error, eta_s: eta }) {
  const far = total ? `${done.toLocaleString("en")} of ${total.toLocaleString("en")}` : "";
  const left = state === "running" && eta ? `about ${eta < 90 ? `${Math.ceil(eta)} s` : `${Math.ceil(eta / 60)} min`} left` : "";
  return [far, left, error ? error.message : message].filter(Boolean).join(" · ");
}
