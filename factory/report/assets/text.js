// Source text is hostile. It reaches the page as text nodes only, each in an element of its own
// direction, with every character that is obeyed or not seen written out.

// The same characters as factory.text.UNSEEN, but halves of one, which no page holds.
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\u{e0000}-\u{e007f}]/gu;

/** Return a new element; `children` are nodes or plain text of the page's own. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") made.className = value;
    else if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Return source text in one line for a place where no element can stand, such as an option. */
function plain(text) {
  return String(text).replace(UNSEEN, codePoint);
}

/** Return source text as an element; `terms` are found words, folded as `fold` does. */
function said(text, terms = []) {
  const shown = element("bdi");
  for (const [piece, found] of pieces(String(text), terms)) {
    (found ? shown.appendChild(element("mark")) : shown).append(...visible(piece));
  }
  return shown;
}

/** Return text as search compares it: case and widths aside. Its length may differ. */
function fold(text) {
  const lower = text.toLowerCase();
  return /^[\u0000-\u007f]*$/.test(lower) ? lower : lower.normalize("NFKC");
}

/** Return text folded with every place kept; null where that cannot be. */
function folding(text) {
  for (const folded of [fold(text), text.toLowerCase()]) {
    if (folded.length === text.length) return folded;
  }
  return null;
}

function codePoint(character) {
  return `⟨U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

function* visible(text) {
  let start = 0;
  for (const found of text.matchAll(UNSEEN)) {
    if (found.index > start) yield text.slice(start, found.index);
    yield element("span", { class: "control" }, codePoint(found[0]));
    start = found.index + found[0].length;
  }
  if (start < text.length) yield text.slice(start);
}

/** Yield the pieces of a text, and whether each is one of the terms. */
function* pieces(text, terms) {
  const folded = terms.length ? folding(text) : null;
  if (folded === null) {
    yield [text, false];
    return;
  }
  let start = 0;
  for (;;) {
    let next = -1;
    let length = 0;
    for (const term of terms) {
      const place = folded.indexOf(term, start);
      if (place >= 0 && (next < 0 || place < next || (place === next && term.length > length))) {
        next = place;
        length = term.length;
      }
    }
    if (next < 0) break;
    if (next > start) yield [text.slice(start, next), false];
    yield [text.slice(next, next + length), true];
    start = next + length;
  }
  if (start < text.length) yield [text.slice(start), false];
}
