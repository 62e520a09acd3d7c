// The list: search and filters choose, and only the rows in sight are elements.

const ROW = 82;
const BEYOND = 6;

const list = document.getElementById("list");
const rows = document.getElementById("rows");
const query = document.getElementById("query");
const choices = document.getElementById("choices");

let found = [];
let searched = {};
let terms = [];
let chosen = null;

const fields = {};

/** Put a select for everything that the page's samples differ in. */
function offerChoices() {
  const { facets } = FACTS;
  if (Object.keys(facets.task).length > 1) select("task", "Task", "all tasks", facets.task, "wide");
  const verdicts = facets.verdict;
  const droppedOnes = Object.values(verdicts).reduce((sum, n) => sum + n, 0) - (verdicts.kept ?? 0);
  if (Object.keys(verdicts).length > 1 || !verdicts.kept) {
    select("verdict", "Verdict", "kept and dropped", {
      ...(verdicts.kept ? { kept: verdicts.kept } : {}),
      dropped: droppedOnes,
      ...Object.fromEntries(Object.entries(verdicts).filter(([name]) => name !== "kept")),
    }, "wide");
  }
  if (Object.keys(facets.lang).length > 1) select("lang", "Language", "all", facets.lang);
  if (Object.keys(facets.split).length > 1) select("split", "Split", "all", facets.split);
  const orders = {
    "": "as in the files",
    long: "longest prompt first",
    short: "shortest prompt first",
    ...(facets.score ? { low: "lowest score first", high: "highest score first" } : {}),
  };
  fields.order = element("select", { change: refresh });
  for (const [value, name] of Object.entries(orders)) {
    fields.order.append(element("option", { value }, name));
  }
  choices.append(labelled("Order", fields.order));
  if (facets.score) offerScores(facets.score);
}

function offerScores(scores) {
  const names = Object.keys(scores);
  fields.score = element("select", { change: refresh });
  for (const name of names) fields.score.append(element("option", { value: name }, plain(name)));
  fields.from = element("input", { type: "number", step: "any", placeholder: "any", input: refresh });
  fields.to = element("input", { type: "number", step: "any", placeholder: "any", input: refresh });
  choices.append(
    element("div", { class: "from-to" }, labelled("Score", fields.score),
      labelled("from", fields.from), labelled("to", fields.to)),
  );
}

function select(name, label, all, counts, style = "") {
  fields[name] = element("select", { change: refresh }, element("option", { value: "" }, all));
  for (const [value, count] of Object.entries(counts)) {
    const shown = `${plain(value) || "not known"} (${count.toLocaleString("en")})`;
    fields[name].append(element("option", { value: `=${value}` }, shown));
  }
  choices.append(labelled(label, fields[name], style));
}

function labelled(text, field, style = "") {
  return element("label", { class: style }, element("span", {}, text), field);
}

/** Search the samples again, and draw; what is typed on to a search is looked for in what it found. */
function refresh() {
  const filters = JSON.stringify(Object.values(fields).map((field) => field.value));
  const narrower = searched.query && query.value.startsWith(searched.query) &&
    searched.filters === filters && searched.of === samples.length;
  searched = { query: query.value, filters, of: samples.length };
  // A long word is in few samples, and found fast.
  terms = fold(query.value).split(/\s+/).filter(Boolean).sort((a, b) => b.length - a.length);
  found = (narrower ? found : samples).filter(matches());
  sortFound();
  tellFound();
  rows.style.height = `${found.length * ROW}px`;
  draw();
}

/** Return the test that the filters make, as they stand now. */
function matches() {
  const wanted = Object.fromEntries(
    ["task", "verdict", "lang", "split"]
      .filter((name) => fields[name]?.value)
      .map((name) => [name, fields[name].value.slice(1)]),
  );
  const { verdict, ...equal } = wanted;
  const names = Object.keys(equal);
  const score = fields.score?.value;
  const from = number(fields.from);
  const to = number(fields.to);
  return (sample) =>
    names.every((name) => sample[name] === equal[name]) &&
    (verdict === undefined ||
      sample.verdict === verdict || (verdict === "dropped" && sample.dropped !== undefined)) &&
    (from === null || sample.scores?.[score] >= from) &&
    (to === null || sample.scores?.[score] <= to) &&
    terms.every((term) => sample.hay.includes(term));
}

function number(field) {
  return field && field.value !== "" ? Number(field.value) : null;
}

function sortFound() {
  const order = fields.order.value;
  if (!order) return;
  const score = fields.score?.value;
  const size = (sample) => (sample.row ?? sample.input_field).length;
  // A sample that has no score comes last, whichever way the others go.
  const scored = (sample, none) => sample.scores?.[score] ?? none;
  const by = {
    long: (a, b) => size(b) - size(a),
    short: (a, b) => size(a) - size(b),
    low: (a, b) => scored(a, 1e9) - scored(b, 1e9),
    high: (a, b) => scored(b, -1e9) - scored(a, -1e9),
  }[order];
  found.sort((a, b) => by(a, b) || a.place - b.place);
}

function tellFound() {
  const told = document.getElementById("found");
  const all = FACTS.samples;
  const arriving = samples.length < all ? `, ${samples.length.toLocaleString("en")} read so far` : "";
  const text = `${found.length.toLocaleString("en")} of ${all.toLocaleString("en")} samples${arriving}`;
  told.replaceChildren(element("span", { title: FACTS.drawn }, text));
  if (query.value || Object.values(fields).some((field) => field.value && field !== fields.score)) {
    told.append(element("button", { type: "button", click: clearFilters }, "clear"));
  } else if (FACTS.drawn) {
    told.append(element("span", {}, FACTS.drawn));
  }
}

function clearFilters() {
  query.value = "";
  for (const field of Object.values(fields)) if (field !== fields.score) field.value = "";
  refresh();
}

/** Draw the rows in sight, and a few beyond. */
function draw() {
  const first = Math.max(0, Math.floor(list.scrollTop / ROW) - BEYOND);
  const last = Math.min(found.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + BEYOND);
  const drawn = [];
  for (let place = first; place < last; place += 1) drawn.push(row(found[place], place));
  if (!found.length) {
    const why = samples.length < FACTS.samples ? "Unpacking …" : "Nothing is like that.";
    drawn.push(element("p", { class: "empty" }, why));
  }
  rows.replaceChildren(...drawn);
  const current = chosen ? found.indexOf(chosen) : -1;
  if (current >= first && current < last) list.setAttribute("aria-activedescendant", `row-${current}`);
  else list.removeAttribute("aria-activedescendant");
}

function row(sample, place) {
  const several = fields.task !== undefined;
  const made = element(
    "div",
    {
      class: "row", role: "option", id: `row-${place}`, "aria-selected": String(sample === chosen),
      "aria-posinset": place + 1, "aria-setsize": found.length, click: () => openSample(sample),
    },
    element("div", { class: "about" }, ...about(sample)),
    element(
      "div", { class: "meta" },
      sample.dropped ? element("span", { class: "why" }, said(sample.dropped[1])) : null,
      element("span", { class: "answer" }, sample.output_field ? said(shortened(sample.output_field, 80), terms) : ""),
      several ? element("span", { class: "task-name" }, said(sample.task)) : null,
      element("span", { class: "fixed" }, said(sample.lang || sample.locale || "")),
      sample.split && sample.split !== "train" ? element("span", { class: "fixed" }, said(sample.split)) : null,
    ),
  );
  made.style.top = `${place * ROW}px`;
  return made;
}

/** Return what a row says of a sample: where a word was found, else what it is about. */
function about(sample) {
  const text = sample.row ?? sample.input_field;
  const place = terms.length ? placeOf(text, terms[0]) : -1;
  if (place >= 0) {
    const start = place > 60 ? text.indexOf(" ", place - 40) + 1 : 0;
    return [start ? "… " : "", said(shortened(text.slice(start), 220), terms)];
  }
  // "Query: ", "Input: ": the same in every row.
  const shown = [said(shortened((sample.about || text).replace(/^[\p{L} ]{1,24}: ?/u, ""), 220), terms)];
  if (sample.about?.length < 60 && sample.options?.length) {
    shown.push(" ", element("span", { class: "more" }, said(shortened(sample.options.join(" · "), 120))));
  }
  return shown;
}

/** Return where a term stands in a text; -1 where it does not, or where folding moves places. */
function placeOf(text, term) {
  const folded = folding(text);
  return folded === null ? -1 : folded.indexOf(term);
}

function shortened(text, most) {
  return text.slice(0, most).replace(/[\s]*\n[\s]*/g, " · ").replace(/\s+/g, " ");
}

/** Bring the row of a sample into sight. */
function reveal(sample) {
  const place = found.indexOf(sample);
  if (place < 0) return;
  const top = place * ROW;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
}
