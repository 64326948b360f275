// Which page is shown: the part of the address after #.

import { compare } from "./compare.js";
import { say } from "./dom.js";
import { jobs } from "./jobs.js";
import { look } from "./look.js";
import { models } from "./models.js";
import { people } from "./people.js";
import { search } from "./search.js";

const PAGES = { look, compare, search, people, jobs, models };
let leave = new AbortController();

function show() {
  const name = location.hash.slice(1) in PAGES ? location.hash.slice(1) : "look";
  if (location.hash === "#content") return;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  // What a page listens to ends with it.
  leave.abort();
  leave = new AbortController();
  say("");
  document.title = `mien: ${name}`;
  document.getElementById("content").replaceChildren(PAGES[name](leave.signal));
  scrollTo(0, 0);
}

addEventListener("hashchange", show);
addEventListener("dragover", (event) => event.preventDefault());
// A picture dropped beside its place must not replace the page.
addEventListener("drop", (event) => event.preventDefault());
show();
