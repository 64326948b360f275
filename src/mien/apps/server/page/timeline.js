// The timeline of a video job: a lane a person, a bar an appearance; a bar seeks the video.

import { el, say } from "./dom.js";
import { attempt, request } from "./server.js";

const PAGE = 200;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
const MARKS = 4;
// Times are told in tenths of milliseconds: without this, a seek may land on the frame before.
const INTO_FRAME_S = 0.001;

/** Show who is to be seen when; the video is a file of the person's own, which never leaves the browser. */
export async function timeline(job) {
  const tracks = await attempt("Reading the results …", () => results(job.job_id));
  if (tracks === null) return null;
  const people = byPerson(tracks);
  const end = Math.max(0.1, ...tracks.map((track) => track.end_s));
  const lanes = people.map((person) => lane(person, end));
  const { player, seek } = watching(lanes);
  const element = el("div", { class: "timeline" }, player,
    people.length === 0 ? el("p", { class: "soft" }, "Nobody was seen.") : chart(lanes, end));
  element.addEventListener("click", (event) => {
    const bar = event.target.closest("button[data-start]");
    if (bar) seek(Number(bar.dataset.start) + INTO_FRAME_S, bar.title);
  });
  return element;
}

async function results(number) {
  const found = [];
  for (let after = 0; after !== null;) {
    const page = await request("GET", `v1/jobs/${number}/results?after=${after}&limit=${PAGE}`);
    found.push(...page.results);
    after = page.next;
  }
  return found;
}

function byPerson(tracks) {
  const people = new Map();
  for (const track of tracks) {
    if (!people.has(track.person_id)) people.set(track.person_id, []);
    people.get(track.person_id).push(track);
  }
  return [...people.values()];
}

function lane(tracks, end) {
  const [{ name, person_id: number }] = tracks;
  const called = name ?? `Person ${number}`;
  const shown = tracks.reduce((sum, track) => sum + track.end_s - track.start_s, 0);
  const best = tracks.filter((track) => track.thumbnail).sort((a, b) => (b.quality ?? -1) - (a.quality ?? -1))[0];
  const picture = best ? el("img", { class: "thumb", alt: "", src: url(best.thumbnail), onload: (event) => URL.revokeObjectURL(event.target.src) }) : el("span", { class: "thumb none" }, String(number));
  const bars = tracks.map((track) => {
    const when = `${clock(track.start_s)} to ${clock(track.end_s)}`;
    const quality = track.quality === null ? "" : `, quality ${Math.round(track.quality)} of 100`;
    return el("button", { type: "button", class: "bar", "data-start": track.start_s, "data-end": track.end_s,
      title: `${called}, ${when}${quality}`, "aria-label": `${called}, ${when}${quality}: show it`,
      style: { left: `${100 * track.start_s / end}%`, width: `${100 * (track.end_s - track.start_s) / end}%` } });
  });
  const times = tracks.length === 1 ? `${clock(tracks[0].start_s)} to ${clock(tracks[0].end_s)}` : `${tracks.length} times, ${clock(shown)}`;
  return el("li", { class: "lane" }, picture,
    el("div", { class: "whose" }, el("b", {}, called), el("span", { class: "soft small" }, times)),
    el("div", { class: "times" }, bars, el("i", { class: "now", hidden: true })));
}

function chart(lanes, end) {
  const step = STEPS_S.find((seconds) => end / seconds <= MARKS) ?? end / MARKS;
  const marks = [];
  for (let at = 0; at <= end; at += step) {
    marks.push(el("span", { style: { left: `${100 * at / end}%` } }, clock(at)));
  }
  return el("div", {}, el("div", { class: "lane axis", "aria-hidden": "true" }, el("div", { class: "times" }, marks)),
    el("ul", { class: "lanes", "aria-label": "Who is on screen, and when", "data-end": end }, lanes));
}

/** A player for a local file, and what shows a moment of it. */
function watching(lanes) {
  const video = el("video", { controls: true, playsinline: true, preload: "auto", hidden: true });
  let wanted = null;
  const input = el("input", { type: "file", accept: "video/*", hidden: true, onchange: () => {
    if (!input.files.length) return;
    if (video.src) URL.revokeObjectURL(video.src);
    video.src = URL.createObjectURL(input.files[0]);
    video.hidden = false;
    hint.textContent = input.files[0].name;
  } });
  const hint = el("span", { class: "soft small" }, "The server sends no videos: open your copy to see the moments. It stays in this browser.");
  video.addEventListener("loadedmetadata", () => { if (wanted !== null) video.currentTime = wanted; });
  video.addEventListener("error", () => { video.hidden = true; say("This browser cannot play this file. The times below hold all the same.", "wrong"); });
  for (const event of ["timeupdate", "seeked"]) video.addEventListener(event, () => mark(lanes, video.currentTime));
  const seek = (seconds, said) => {
    wanted = seconds;
    mark(lanes, seconds);
    if (video.src && !video.hidden) { video.currentTime = seconds; say(said); }
    else say(`${said}. Open the video to see it.`);
  };
  const player = el("div", { class: "player" }, video,
    el("p", { class: "row" }, el("button", { type: "button", onclick: () => input.click() }, "Open the video"), input, hint));
  return { player, seek };
}

function mark(lanes, seconds) {
  for (const element of lanes) {
    const end = Number(element.parentElement.dataset.end);
    const now = element.querySelector(".now");
    now.hidden = false;
    now.style.left = `${Math.min(100, 100 * seconds / end)}%`;
    for (const bar of element.querySelectorAll(".bar")) {
      const there = Number(bar.dataset.start) <= seconds && seconds < Number(bar.dataset.end);
      if (there) bar.setAttribute("aria-current", "true"); else bar.removeAttribute("aria-current");
    }
  }
}

function url(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
}

function clock(seconds) {
  const tenths = Math.round(seconds * 10);
  const [minutes, rest] = [Math.floor(tenths / 600), tenths % 600];
  return `${minutes}:${String(Math.floor(rest / 10)).padStart(2, "0")}${rest % 10 ? `.${rest % 10}` : ""}`;
}
