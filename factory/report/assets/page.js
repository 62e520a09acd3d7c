// The page: its two parts, the link in the address, keys and colours.

const overviewPart = document.getElementById("overview");
const samplesPart = document.getElementById("samples");
const help = document.getElementById("help");
const THEMES = { system: "as the system has them", light: "light", dark: "dark" };

/** Choose a sample: its link is put in the address, and what the address says is shown. */
function openSample(sample) {
  const link = `#${encodeURIComponent(sample.id)}`;
  if (location.hash === link) route();
  else location.hash = link;
}

function closeSample() {
  document.body.classList.remove("reading");
  location.hash = "#samples";
  list.focus();
}

/** Go to the next or the previous sample of those found. */
function step(by) {
  const place = chosen ? found.indexOf(chosen) : -1;
  const next = found[place < 0 ? 0 : place + by];
  if (next) openSample(next);
}

/** Show what the address says: the overview, a task of it, the samples or one of them. */
function route() {
  document.documentElement.dataset.at = location.hash;
  const named = decoded(location.hash.slice(1));
  const inOverview = named === "" || named === "overview" || /^task-\d+$/.test(named) || named === "overview-title";
  overviewPart.hidden = !inOverview;
  samplesPart.hidden = inOverview;
  for (const link of document.querySelectorAll(".top nav a")) {
    if ((link.hash === "#overview") === inOverview) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (inOverview) {
    const task = document.getElementById(named);
    if (task?.tagName === "DETAILS") {
      task.open = true;
      task.scrollIntoView();
    }
    return;
  }
  const sample = named === "samples" ? null : byId.get(named);
  document.body.classList.toggle("reading", Boolean(sample));
  if (sample) {
    chosen = sample;
    showDetail(sample);
  } else {
    emptyDetail(named);
  }
  // The list knows its height only once it is shown.
  draw();
  if (sample) {
    reveal(sample);
    draw();
  }
}

function emptyDetail(named) {
  if (chosen && named === "samples") return;
  const missing = named !== "samples" && samples.length === FACTS.samples;
  const text = missing ? "The page has no such sample." : "Choose a sample. j and k go through them, / searches, ? tells the other keys.";
  detail.replaceChildren(element("p", { class: "empty" }, text));
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function copy(text, told) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = element("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  tell(told);
}

function copyJson() {
  if (chosen) copy(JSON.stringify(whole(chosen), null, 2), "Copied as JSON");
}

function copyLink() {
  if (chosen) copy(`${location.href.split("#")[0]}#${encodeURIComponent(chosen.id)}`, "Link copied");
}

let telling = 0;
function tell(text) {
  const told = document.getElementById("told");
  told.textContent = text;
  told.classList.add("shown");
  clearTimeout(telling);
  telling = setTimeout(() => told.classList.remove("shown"), 1400);
}

const KEYS = {
  j: () => step(1),
  ArrowDown: () => step(1),
  ArrowRight: () => step(1),
  k: () => step(-1),
  ArrowUp: () => step(-1),
  ArrowLeft: () => step(-1),
  c: copyJson,
  l: copyLink,
};

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  const field = event.target.closest?.("input, select, textarea");
  if (event.key === "Escape") {
    if (field) list.focus();
    else if (!samplesPart.hidden && document.body.classList.contains("reading")) closeSample();
    return;
  }
  if (field) {
    if (field === query && (event.key === "Enter" || event.key === "ArrowDown")) {
      event.preventDefault();
      list.focus();
      step(chosen && found.includes(chosen) ? 0 : 1);
    }
    return;
  }
  // There they scroll what is being read.
  if (detail.contains(event.target) && event.key.startsWith("Arrow")) return;
  if (event.key === "?") help.showModal();
  else if (event.key === "o") location.hash = "#overview";
  else if (event.key === "s") location.hash = "#samples";
  else if (event.key === "/") {
    if (samplesPart.hidden) location.hash = "#samples";
    // The part is shown when the address has changed.
    setTimeout(() => query.select());
  } else if (!samplesPart.hidden && KEYS[event.key]) KEYS[event.key]();
  else return;
  event.preventDefault();
}

function setTheme(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  document.getElementById("theme").setAttribute("aria-label", `Colours: ${THEMES[theme]}`);
  document.getElementById("theme").title = `Colours: ${THEMES[theme]}`;
}

function nextTheme() {
  const names = Object.keys(THEMES);
  const next = names[(names.indexOf(document.documentElement.dataset.theme ?? "system") + 1) % names.length];
  setTheme(next);
  tell(`Colours: ${THEMES[next]}`);
  // A page that is opened from a disk may have no storage.
  try {
    localStorage.setItem("theme", next);
  } catch {}
}

function savedTheme() {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null;
  }
}

setTheme(THEMES[savedTheme()] ? savedTheme() : "system");
document.getElementById("theme").addEventListener("click", nextTheme);
document.getElementById("keys").addEventListener("click", () => help.showModal());
document.getElementById("more").addEventListener("click", (event) => {
  const open = choices.classList.toggle("open");
  event.currentTarget.setAttribute("aria-expanded", String(open));
});
document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
query.addEventListener("input", refresh);
list.addEventListener("scroll", draw, { passive: true });
addEventListener("resize", draw);
addEventListener("hashchange", route);
document.addEventListener("keydown", pressed);
offerChoices();
refresh();
route();
document.addEventListener("DOMContentLoaded", async () => {
  let drawn = 0;
  await unpack(() => {
    // Searching all that has arrived after every part would take longer than unpacking it.
    const due = performance.now() - drawn > 400 || samples.length === FACTS.samples;
    if (due) refresh();
    if (chosen === null && (due || byId.has(decoded(location.hash.slice(1))))) route();
    if (due) drawn = performance.now();
  });
  document.documentElement.dataset.ready = "true";
});
