"""Source text before it meets a template: cleaning (rule G7), the marks of unclean text, tokens.

Catalogues carry HTML in descriptions, entities escaped twice, invisible and direction-changing
characters, and, in hostile rows, text hidden in Unicode tag characters. :func:`clean` takes all of
that out and changes nothing that a reader sees: it normalises to NFC, not to NFKC, so that ``½``,
``㎡`` and full-width letters stay as the shop wrote them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from html import unescape
from html.entities import html5
from itertools import chain
from operator import add
from typing import Final
from unicodedata import is_normalized, normalize

# Only names that HTML has: `<Blu-ray>` and `<初回限定版>` in a title are words, not tags.
_INLINE: Final = (
    "a|abbr|b|big|body|cite|code|del|em|font|form|head|html|i|iframe|img|ins|link|meta|noscript|"
    "object|s|script|small|span|strike|strong|style|sub|sup|svg|tt|u|video|(?:o|v|w|st1):[a-z]+"
)
_BLOCK: Final = (
    "blockquote|br|center|dd|div|dl|dt|h[1-6]|hr|li|ol|p|pre|table|tbody|td|tfoot|th|thead|tr|ul"
)

#: An HTML tag. ``<`` and ``>`` cannot stand inside, so that a match never scans past the next tag.
TAG: Final = re.compile(rf"</?(?:({_BLOCK})|{_INLINE})(?:\s[^<>]*|/)?>|<!--", re.IGNORECASE)

#: A character reference. Without its semicolon only the five commonest count, and only at a word's
#: end: browsers also read ``Black&notebook`` as ``Black¬ebook``, which would damage titles.
ENTITY: Final = re.compile(
    r"&(?:#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|([a-zA-Z][a-zA-Z0-9]{1,31});"
    r"|(amp|nbsp|quot|lt|gt)(?![a-zA-Z0-9;]))"
)

_LABEL_END: Final = re.compile(": |\uff1a")
_RAW_TEXT: Final = re.compile(r"<(/?)(script|style)(?:\s[^<>]*)?>", re.IGNORECASE)

_EMOJI: Final = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
# Joiners and variation selectors are kept where they hold an emoji together, and only there.
_INVISIBLE: Final = re.compile(
    "[\\x00-\\x08\\x0e-\\x1b\\x7f-\\x84\\x86-\\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e"
    "\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]"
    f"|(?<![{_EMOJI}\ufe0f])\u200d|\u200d(?![{_EMOJI}])"
    f"|(?<![{_EMOJI}0-9#*])[\ufe0e\ufe0f]|(?<=[0-9#*])[\ufe0e\ufe0f](?!\u20e3)"
)
# Tag characters spell flags (England, Scotland, Wales) after a black flag; anywhere else they are
# text that a model reads and a person cannot see.
_TAG_CHARACTERS: Final = re.compile(
    "(\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f)|[\U000e0000-\U000e007f]"
)
#: What a page obeys or hides: controls but tab and line feed, marks, embeddings, overrides and
#: isolates of direction, separators and letters without a shape, what XML cannot hold, halves of a
#: character. Joiners stay: emoji and several scripts need them.
UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
# Blank, but neither white space nor unprintable by Python's tables.
_BLANK: Final = str.maketrans({"\u2800": " ", "\u3164": " ", "\uffa0": " "})
# Printable characters that the slow path may still remove or replace.
_PRINTABLE_SUSPECTS: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe0e\ufe0f]"
)


#: Chinese and Japanese characters, kana and Hangul included: text that is written without spaces
#: between words, or that tokenizers cut into single characters.
CJK: Final = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f]"
)
_SCRIPT_RUNS: Final = re.compile(f"{CJK.pattern}+|{CJK.pattern.replace('[', '[^', 1)}+")

# Parts of one word: letters, numbers with their sign and separators (1.5 is not 15, -5 is not 5),
# and signs that change a meaning (C is not C++, 50% is not 50, > 5 is not < 5). Punctuation is in
# none of these, so it falls away.
_PUNCTUATION: Final = re.escape(
    ".,:;!?'\"“”‘’‚„«»‹›()[]{}<>…、。・「」『』【】〈〉《》~〜|\\/‐‑–—-"
)
_TOKEN: Final = re.compile(
    r"(?:(?<!\w)[-+])?\d+(?:[.,:/]\d+)*|[^\W\d_]+|[<>](?=[-+]?\d|\Z)"
    rf"|[^\w\s{_PUNCTUATION}]"
)

# White space other than the space is not printable.
_PRINTABLE_ASCII: Final = bytes(range(0x20, 0x7F))
#: Not printable to Python, and obeyed by no terminal: spaces and joiners of scripts and emoji.
_HARMLESS: Final = "\n\u3000\u00a0\u200c\u200d"
_MAX_PASSES: Final = 8
_MARKUP: Final = str.maketrans("", "", "&<>")


def clean(text: str) -> str:
    """Return ``text`` as a reader sees it: no markup, nothing invisible, single spaces.

    Character references are resolved (twice and deeper: to a fixed point, so that cleaning a clean
    text changes nothing), tags and HTML comments removed with the contents of ``script`` and
    ``style``, block tags replaced by a space, control, zero-width, tag and bidirectional-override
    characters removed (emoji sequences keep their joiners), the text normalised to NFC, and every
    run of white space, U+00A0 and U+3000 included, made one space. A lone surrogate becomes U+FFFD,
    which the ``characters`` filter then rejects: it cannot be written to a file, and hiding that a
    character is lost would be worse.

    Rule G7 of this project's catalogue of tasks. A clean ASCII title costs less than half a
    microsecond; time is linear in the length for any text, hostile ones included.
    """
    if (
        text.isprintable()
        and "<" not in text
        and "  " not in text
        and text[:1] != " "
        and text[-1:] != " "
        and ("&" not in text or ENTITY.search(text) is None)
        and (
            text.isascii()
            or (is_normalized("NFC", text) and _PRINTABLE_SUSPECTS.search(text) is None)
        )
    ):
        return text
    for _ in range(_MAX_PASSES):
        cleaned = _pass(text)
        if cleaned == text:
            return text
        text = cleaned
    # Still nested this deep is an attack, not a title: without these three nothing can nest.
    text = text.translate(_MARKUP)
    while (cleaned := _pass(text)) != text:
        text = cleaned
    return text


def are_clean(texts: Sequence[str]) -> bool:
    """Return whether all ``texts`` plainly are clean already: :func:`clean` changes none of them.

    False says nothing: some text may be unclean. One look at all of a row costs a quarter of a look
    at each, since a space at an end, beside the one that joins two texts, makes two.
    """
    joined = " ".join(filter(None, texts))
    return (
        "<" not in joined
        and "  " not in joined
        and joined[:1] != " "
        and joined[-1:] != " "
        and is_printable(joined)
        and ("&" not in joined or ENTITY.search(joined) is None)
        and (
            joined.isascii()
            or (is_normalized("NFC", joined) and _PRINTABLE_SUSPECTS.search(joined) is None)
        )
    )


def is_printable(text: str) -> bool:
    """Return ``text.isprintable()``, in a fifth of the time where it is ASCII."""
    if text.isascii():
        return not text.encode().translate(None, _PRINTABLE_ASCII)
    return text.isprintable()


def visible(text: str) -> str:
    """Return ``text`` with control and direction-changing characters written out.

    A terminal obeys them: an escape sequence of a hostile title could rewrite the screen. What
    joins letters and emoji (and parts Persian words) is left: it moves nothing.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in _HARMLESS else _written_out(character)
        for character in text
    )


def _written_out(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


#: What tokenizers read as the end of a message or the begin of another, whatever message it stands
#: in: a server that is sent text looks for it in all of it.
_CONTROL_TOKEN: Final = re.compile(
    r"<(?=[|｜][^<>\s]{1,60}[|｜]>)"
    r"|<(?=/?s>|/?\|?(?:im_start|im_end|endoftext)\b|</?SYS>>|(?:start|end)_of_turn>"
    r"|(?:bos|eos|pad|unk)>|/?(?:tool_call|tool_response|think)>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])"
)


def without_control_tokens(text: str) -> str:
    """Return ``text`` in which no tokenizer of a chat model reads the end of a message.

    A control token, such as ``<|im_end|>``, gets a space after its bracket: it stays readable.
    """
    if "<" not in text and "[" not in text:
        return text
    return _CONTROL_TOKEN.sub(r"\g<0> ", text)


def markup_left(text: str) -> str:
    """Return the first HTML tag or character reference in ``text``, or ``""`` without one."""
    if "<" in text and (tag := TAG.search(text)):
        return tag[0]
    if "&" in text:
        for entity in ENTITY.finditer(text):
            if _character(entity) != entity[0]:
                return entity[0]
    return ""


def tokens(text: str) -> tuple[str, ...]:
    """Return the tokens by which two texts are compared, in order: equal texts have equal ones.

    Words, numbers and meaningful signs after NFKC and case folding, without punctuation; pairs of
    neighbouring characters where Chinese, Japanese or Korean is written. A text without any, such
    as ``???``, is its own token.
    """
    words = folded_case(text).split()
    found = tuple(chain.from_iterable(map(_TOKENS_OF.__getitem__, words)))
    return found or (" ".join(words),)


def after_label(text: str) -> str:
    """Return what stands after the label of a prompt's field, ``Query: `` or ``検索語：``; else "".

    The label ends with a colon and a space, or with the full-width colon of Chinese and Japanese.
    """
    found = _LABEL_END.search(text)
    return text[found.end() :] if found else ""


def written(text: str) -> int:
    """Return how many letters and figures ``text`` has."""
    return sum(character.isalnum() for character in text)


def folded_case(text: str) -> str:
    """Return ``text`` after NFKC and case folding: what spellings of one text have in common."""
    if text.isascii():
        return text.lower()
    # Most text is in NFKC already, and to ask costs a fraction of doing it.
    return (text if is_normalized("NFKC", text) else normalize("NFKC", text)).casefold()


def similarity(left: Collection[str], right: Collection[str]) -> float:
    """Return the Jaccard similarity of two collections of tokens, in [0, 1]; of nothing, 0."""
    ones, others = frozenset(left), frozenset(right)
    shared = len(ones & others)
    return shared / (len(ones) + len(others) - shared) if shared else 0.0


def _pass(text: str) -> str:
    if _SURROGATE.search(text):
        # Halves that stand together are a character that was cut in two: UTF-16 joins them again.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if "&" in text:
        text = ENTITY.sub(_character, text)
    if "<" in text:
        text = TAG.sub(_space_for_block, _without_comments(_without_raw_text(text)))
    if not text.isascii():
        text = _TAG_CHARACTERS.sub(r"\1", text.translate(_BLANK))
    text = normalize("NFC", _INVISIBLE.sub("", text))
    return " ".join(text.split())


def _character(match: re.Match[str]) -> str:
    name = match[1] or match[2]
    if name is None:
        return unescape(match[0])
    return html5.get(f"{name};", match[0])


def _space_for_block(match: re.Match[str]) -> str:
    if match[1]:
        return " "
    return match[0] if match[0] == "<!--" else ""


def _without_raw_text(text: str) -> str:
    """Cut ``<script>…</script>`` and ``<style>…</style>`` out in one walk over their tags.

    One lazy regular expression would scan to the end of the text once for every tag left open.
    """
    kept: list[str] = []
    start = 0
    opened: str | None = None
    for match in _RAW_TEXT.finditer(text):
        name = match[2].lower()
        if opened is None and not match[1]:
            kept.append(text[start : match.start()])
            start, opened = match.start(), name
        elif opened == name and match[1]:
            start, opened = match.end(), None
    kept.append(text[start:])
    return "".join(kept)


def _without_comments(text: str) -> str:
    kept: list[str] = []
    start = 0
    while (opened := text.find("<!--", start)) >= 0:
        closed = text.find("-->", opened + 4)
        if closed < 0:
            break
        kept.append(text[start:opened])
        start = closed + 3
    kept.append(text[start:])
    return " ".join(kept)


def _word_tokens(word: str) -> tuple[str, ...]:
    found: list[str] = _TOKEN.findall(word)
    if word.isascii() or CJK.search(word) is None:
        return tuple(found)
    parts: list[str] = []
    for token in found:
        if token.isascii():
            parts.append(token)
            continue
        # A Latin word that stands against Japanese (TPE製) is a word of its own.
        for run in _SCRIPT_RUNS.findall(token):
            if len(run) > 2 and CJK.match(run):
                parts.extend(map(add, run, run[1:]))
            else:
                parts.append(run)
    return tuple(parts)


class PartsOf(dict[str, tuple[str, ...]]):
    """What ``read`` makes of each word that was read lately.

    Titles share most of their words, and looking one up takes a twentieth of the time of reading
    it; a dictionary that fills itself is looked up without a call of Python's.
    """

    _MOST: Final = 1 << 17
    # A Japanese title is one long word that never comes again: it would only push others out.
    _LONGEST: Final = 24

    def __init__(self, read: Callable[[str], tuple[str, ...]]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, word: str) -> tuple[str, ...]:
        found = self._read(word)
        if len(word) <= self._LONGEST:
            if len(self) >= self._MOST:
                self.clear()
            self[word] = found
        return found


_TOKENS_OF: Final = PartsOf(_word_tokens)
