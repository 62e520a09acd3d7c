// The samples: unpacked part by part, so that the first can be read while the others arrive.

const FACTS = JSON.parse(document.getElementById("facts").textContent);

const samples = [];
const byId = new Map();

/** Unpack every part in turn; `arrived` is called after each. */
async function unpack(arrived) {
  for (const part of document.querySelectorAll("script.part")) {
    for (const sample of JSON.parse(await inflated(part.textContent))) {
      keep(sample);
    }
    part.remove();
    arrived();
    // Lets the page draw, and answer a key, between two parts.
    await new Promise((resume) => setTimeout(resume));
  }
}

async function inflated(packed) {
  const letters = atob(packed);
  const bytes = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place += 1) bytes[place] = letters.charCodeAt(place);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).text();
}

function keep(sample) {
  const common = FACTS.tasks[sample.task] ?? {};
  if (sample.row === undefined) {
    sample.lang ??= common.lang;
    sample.locale ??= common.locale;
  }
  sample.input_field ??= "";
  sample.output_field ??= "";
  sample.verdict = sample.dropped ? `${sample.dropped[0]}: ${sample.dropped[1]}` : "kept";
  sample.hay = fold(`${sample.id}\n${sample.row ?? sample.input_field}\n${sample.output_field}`);
  sample.place = samples.length;
  samples.push(sample);
  if (!byId.has(sample.id)) byId.set(sample.id, sample);
}

/** Return a sample as the run's files hold it, `gold` and `slots` typed. */
function whole(sample) {
  if (sample.row !== undefined) {
    const { id, task, split } = sample;
    return { id, task, split, dropped: dropped(sample), row: parsed(sample.row) };
  }
  const { provenance: shared = {}, ...common } = FACTS.tasks[sample.task] ?? {};
  const { hay, place, verdict, about, ...own } = sample;
  return {
    ...common,
    ...own,
    gold: parsed(sample.gold),
    slots: parsed(sample.slots),
    provenance: { ...shared, ...sample.provenance },
    verdicts: sample.verdicts.map(([filter, kept, reason, detail, score]) => (
      { filter, keep: kept, reason, detail, score }
    )),
    ...(sample.dropped ? { dropped: dropped(sample) } : {}),
  };
}

function dropped(sample) {
  const [filter, reason, detail] = sample.dropped;
  return { filter, reason, detail };
}

/** Return what JSON text holds; the text itself where it was cut off. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
