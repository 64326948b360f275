// Dragging with mouse, pen or finger: what is held follows the pointer, places light up, drops land.

import { el } from "./dom.js";

const START_PX = 6;
const HOLD_MS = 350;
const EDGE_PX = 70;

/**
 * Let elements in `root` be dragged. `take(element)` says what a press holds ({ what, picture, from })
 * or null; `place(element)` which place is under the pointer; `drop(what, place)` what happens then.
 */
export function draggable(root, { take, place, drop, signal }) {
  let held = null; // what is pressed or dragged

  root.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || held) return;
    const found = take(event.target);
    if (!found) return;
    held = { ...found, id: event.pointerId, x: event.clientX, y: event.clientY, on: false, over: null };
    if (event.pointerType === "touch") held.timer = setTimeout(() => begin(event.clientX, event.clientY), HOLD_MS);
    held.touch = event.pointerType === "touch";
  }, { signal });

  addEventListener("pointermove", (event) => {
    if (!held || event.pointerId !== held.id) return;
    const far = Math.hypot(event.clientX - held.x, event.clientY - held.y);
    if (!held.on && held.touch && far > START_PX) { end(); return; } // a finger that scrolls
    if (!held.on && far > START_PX) begin(event.clientX, event.clientY);
    if (held?.on) follow(event.clientX, event.clientY);
  }, { signal });

  addEventListener("pointerup", (event) => {
    if (!held || event.pointerId !== held.id) return;
    const { on, over, what } = held;
    end();
    if (!on) return;
    // The click that follows a drop is none.
    addEventListener("click", (click) => { click.stopPropagation(); click.preventDefault(); }, { capture: true, once: true, signal: AbortSignal.timeout(50) });
    if (over) drop(what, over.place);
  }, { signal });

  addEventListener("pointercancel", end, { signal });
  addEventListener("keydown", (event) => { if (event.key === "Escape" && held?.on) { event.preventDefault(); end(); } }, { signal });
  addEventListener("blur", end, { signal });
  // A finger that holds something must not scroll the page.
  root.addEventListener("touchmove", (event) => { if (held?.on) event.preventDefault(); }, { passive: false, signal });
  root.addEventListener("contextmenu", (event) => { if (held?.touch) event.preventDefault(); }, { signal });
  signal.addEventListener("abort", end);

  function begin(x, y) {
    held.on = true;
    held.ghost = el("div", { class: "ghost", "aria-hidden": "true" }, held.picture());
    document.body.append(held.ghost);
    document.body.classList.add("dragging");
    held.from.classList.add("held");
    getSelection()?.removeAllRanges();
    follow(x, y);
    held.scroll = setInterval(() => {
      const speed = held.at.y < EDGE_PX ? held.at.y - EDGE_PX : Math.max(0, held.at.y - innerHeight + EDGE_PX);
      if (speed) { scrollBy(0, speed / 3); aim(); }
    }, 16);
  }

  function follow(x, y) {
    held.at = { x, y };
    held.ghost.style.transform = `translate(${x + 10}px, ${y + 10}px)`;
    aim();
  }

  function aim() {
    const under = document.elementFromPoint(held.at.x, held.at.y);
    const found = under && place(under, held.what);
    if (held.over?.element === found?.element) return;
    held.over?.element.classList.remove("over");
    held.over = found ?? null;
    held.over?.element.classList.add("over");
  }

  function end() {
    if (!held) return;
    clearTimeout(held.timer);
    clearInterval(held.scroll);
    held.ghost?.remove();
    held.over?.element.classList.remove("over");
    held.from.classList.remove("held");
    document.body.classList.remove("dragging");
    held = null;
  }
}
