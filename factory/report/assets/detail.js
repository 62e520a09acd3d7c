// One sample: what a model is shown and must print, then how both came to be.

const detail = document.getElementById("detail");
const MARKED = new Set(["multiple-choice", "retrieval", "ranking", "classification"]);

/** Show the whole story of a sample. */
function showDetail(sample) {
  const record = whole(sample);
  const parts = [bar(sample), byline(record)];
  if (sample.dropped) parts.push(why(sample.dropped));
  if (sample.row !== undefined) {
    parts.push(part("What the view gave", "it was dropped before it became a sample", values(record.row)));
  } else {
    parts.push(part("Prompt", `${count(sample.input_field)} characters`, block(sample.input_field)));
    parts.push(part("Answer", "the exact text", block(sample.output_field, "answer")));
    if (sample.reasoning) parts.push(part("Reasoning", "how a model came to it", steps(sample.reasoning)));
    if (sample.options.length) parts.push(part("Arrangement", "as displayed", arrangement(record)));
    if (sample.scores) parts.push(part("Scores", "", scores(sample.scores)));
    parts.push(part("What the view gave", "the slots of the template", values(record.slots)));
    parts.push(part("Checks", "", checks(record.verdicts)));
    parts.push(part("Where it comes from", "", origin(record)));
  }
  detail.replaceChildren(...parts);
  detail.scrollTop = 0;
}

function bar(sample) {
  const place = found.indexOf(sample);
  const button = (text, name, action, enabled = true) =>
    element("button", { class: "button", type: "button", "aria-label": name, disabled: !enabled, click: action }, text);
  return element(
    "header", { class: "bar" },
    element("button", { class: "button back", type: "button", click: closeSample }, "← List"),
    element("h2", {}, said(sample.id)),
    element("span", { class: sample.dropped ? "verdict dropped" : "verdict kept" }, sample.dropped ? "dropped" : "kept"),
    element(
      "div", { class: "buttons" },
      button("←", "Previous sample", () => step(-1), place > 0),
      button("→", "Next sample", () => step(1), place >= 0 ? place < found.length - 1 : found.length > 0),
      button("Copy link", "Copy the link to this sample", copyLink),
      button("Copy JSON", "Copy this sample as JSON", copyJson),
    ),
  );
}

function byline(record) {
  const shop = record.locale === record.lang ? "" : record.locale;
  const words = [record.task, record.task_type, record.metric, record.lang, shop, record.split];
  const line = element("p", { class: "byline" });
  words.filter(Boolean).forEach((word, place) => line.append(place ? "  ·  " : "", said(word)));
  return line;
}

function why([filter, reason, more]) {
  return element(
    "p", { class: "reason" },
    "Dropped by ", element("strong", {}, said(filter)), ": ", element("strong", {}, said(reason)),
    ...(more ? [" — ", said(more)] : []),
  );
}

function part(title, note, ...content) {
  const heading = element("h3", {}, title, note ? element("span", { class: "note" }, note) : null);
  return element("section", { class: "part" }, heading, ...content);
}

function block(text, style = "") {
  return element("div", { class: `said ${style}`, dir: "auto" }, said(text, terms));
}

function steps(reasoning) {
  return element("ol", { class: "steps" }, ...reasoning.split("\n").filter(Boolean).map((line) => element("li", {}, said(line, terms))));
}

/** Return the options in the order of the prompt, with what makes each right. */
function arrangement({ task_type: kind, options, gold, output_field: answer }) {
  const first = kind === "multiple-choice" ? 0 : 1;
  const order = kind === "ranking" ? answer.split(",").map(Number) : [];
  const best = kind === "ranking" && Array.isArray(gold) ? Math.max(...gold) : null;
  const right = (place) => {
    if (kind === "multiple-choice") return gold === place;
    if (kind === "retrieval") return Array.isArray(gold) && gold.includes(place + 1);
    if (kind === "ranking") return best !== null && gold[place] === best;
    return Array.isArray(gold) && gold.includes(options[place]);
  };
  const head = ["number", "option", ...(kind === "ranking" ? ["rank", "relevance"] : MARKED.has(kind) ? ["right"] : [])];
  const body = options.map((option, place) => {
    const cells = [element("td", { class: "number" }, String(place + first)), element("td", {}, said(option, terms))];
    if (kind === "ranking") {
      const rank = order.indexOf(place + 1);
      cells.push(element("td", { class: "number" }, rank < 0 ? "" : String(rank + 1)));
      cells.push(element("td", { class: "number" }, Array.isArray(gold) ? String(gold[place]) : ""));
    } else if (MARKED.has(kind)) {
      cells.push(element("td", { class: "passed" }, right(place) ? "✓ right" : ""));
    }
    return element("tr", { class: right(place) ? "gold" : "" }, ...cells);
  });
  return grid(head, body, new Set(["number", "rank", "relevance"]));
}

function grid(head, body, numbers = new Set()) {
  return element(
    "div", { class: "scrolled" },
    element(
      "table", {},
      element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col", class: numbers.has(name) ? "number" : "" }, name)))),
      element("tbody", {}, ...body),
    ),
  );
}

/** Return scores, a row a criterion; what each model of a panel gave stands beside their mean. */
function scores(given) {
  const criteria = new Map();
  const models = new Set();
  for (const [name, value] of Object.entries(given)) {
    const [, criterion, model = ""] = name.match(/^([^.]*(?:\.[^.]*)?)(?:\.(.*))?$/s) ?? [null, name];
    if (!criteria.has(criterion)) criteria.set(criterion, new Map());
    criteria.get(criterion).set(model, value);
    if (model) models.add(model);
  }
  const columns = ["", ...(models.size > 1 ? models : [])];
  const number = (value) => element("td", { class: "number" }, value === undefined ? "" : String(value));
  const body = [...criteria].map(([criterion, values]) => element(
    "tr", {}, element("td", {}, said(criterion)),
    ...columns.map((model) => number(values.get(model) ?? (model ? undefined : [...values.values()][0]))),
  ));
  return grid(["what", ...columns.map((model) => (model ? said(model) : "score"))], body, new Set(["score"]));
}

function checks(verdicts) {
  const body = verdicts.map(({ filter, keep: kept, reason, detail: more, score }) => element(
    "tr", {},
    element("td", {}, said(filter)),
    element("td", { class: kept ? "passed" : "failed" }, kept ? "✓ passed" : "✗ dropped"),
    element("td", {}, said([reason, more].filter(Boolean).join(": "))),
    element("td", { class: "number" }, score === null ? "" : String(score)),
  ));
  return grid(["filter", "verdict", "why", "measured"], body, new Set(["measured"]));
}

function origin({ provenance, split_group: group, description, track }) {
  const { source_ids: ids, tokens, cost, judge_tokens: judged, ...rest } = provenance;
  const named = { description, track, ...rest, "split group": group };
  if (tokens) named.tokens = `${count(tokens)} (${dollars(cost)})`;
  if (judged) named["judges' tokens"] = count(judged);
  named["source rows"] = ids;
  named["with their content"] = `python -m factory show ${FACTS.folder} --why ID`;
  return values(Object.fromEntries(Object.entries(named).map(([name, value]) => [name.replaceAll("_", " "), value])));
}

/** Return fields and their values; what is empty is left out. */
function values(object) {
  if (object === null || typeof object !== "object") return block(String(object));
  const shown = element("dl", { class: "fields" });
  for (const [name, value] of Object.entries(object)) {
    const empty = value === null || value === undefined || value === "" || (typeof value === "object" && !Object.keys(value).length);
    if (!empty) shown.append(element("dt", {}, said(name)), element("dd", {}, valueOf(value)));
  }
  return shown;
}

function valueOf(value) {
  if (Array.isArray(value) && value.every((each) => each === null || typeof each !== "object")) {
    return element("ol", {}, ...value.map((each) => element("li", {}, said(each, terms))));
  }
  if (typeof value === "object") return element("pre", {}, said(JSON.stringify(value, null, 2), terms));
  return said(value, terms);
}

function count(value) {
  return (typeof value === "string" ? value.length : value).toLocaleString("en");
}

function dollars(cost = 0) {
  return cost && cost < 1 ? `$${cost.toFixed(4)}` : `$${cost.toFixed(2)}`;
}
