"""What a program can check of a task that a model wrote, and of an instance of it.

The rules of Self-Instruct (Wang et al., arXiv:2212.10560, and their code) in the shops' languages,
and some that small models need: no placeholders, no excuses, no number from nowhere, no task about
a text without the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from factory.filters import LOCALE_LANGUAGES, identify, tokens
from factory.generators.grounding import numbers, plain, run_from, stands_in
from factory.sources.view import RowRejectedError
from factory.text import CJK, clean, similarity

#: Words of an instruction, by the paper; of an instance, what a shop's text may have.
_WORDS_OF_A_TASK: Final = range(4, 151)
_MOST_WORDS: Final = 200
_MOST_WORDS_OF_A_LABEL: Final = 5
#: From so many different words on, an input that shares more than this with the prompt is from it.
_FEW_WORDS: Final = 4
_MOST_SHARED: Final = 0.7
#: What a model that reads and writes cannot see or make: the paper's list, in other languages too.
_BEYOND_TEXT: Final = re.compile(
    r"\b(?:images?|graphs?|pictures?|photos?|files?|maps?|draw|plot|go to|videos?|audio|music|"
    r"flowcharts?|diagrams?|screenshots?|links?|websites?|imagen(?:es)?|gráficos?|fotos?|archivos?|"
    r"vídeos?|bild(?:er|es)?|grafik(?:en)?|datei(?:en)?|diagramme?|bilder|graphiques?|fichiers?|"
    r"images|photographies?)\b|画像|写真|グラフ|動画|ファイル|图片|图像|照片|图表|文件|视频",
    re.IGNORECASE,
)
_PLACEHOLDER: Final = re.compile(
    r"[\[{<][^\]}>\n]{0,60}[\]}>]|\.\.\.|…|__|\bx{2,}\b|\b[A-Z]+_[A-Z]+\b|\blorem\b|"
    r"\b(?:insert|placeholder)\b",
    re.IGNORECASE,
)
_EXCUSE: Final = re.compile(
    r"\bas an ai\b|\blanguage model\b|\bI (?:cannot|can't|am unable)\b|\bno input\b|\bN/A\b",
    re.IGNORECASE,
)
#: Words that point to a text that must then be there.
_POINTS: Final = re.compile(
    r"\b(?:following|below|given|this|these|siguientes?|est[eao]s?|folgende[nrs]?|dies(?:e[nmrs]?)?|"
    r"unten|suivante?s?|ci-dessous|cet(?:te)?|ces)\b|次の|以下|この|下面|这",
    re.IGNORECASE,
)
#: Words that point to what only the model was shown.
_POINTS_BACK: Final = re.compile(
    r"\b(?:in|of|from|to|like) the examples?\b|\bexamples? (?:above|below|provided|given)\b",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"(?<=[.!?。！？])\s*")
#: So many words in a row that the prompt says of tasks are handed back.
_RUN: Final = 5
_MOST_ALIKE: Final = 0.8
_NUMBERED: Final = re.compile(r"^\s*(?:task\s*)?\d{1,2}\s*[.:)]\s+", re.IGNORECASE | re.MULTILINE)
_OPENS: Final = "\"'«“‘「『¿¡"
_COLONS: Final = (":", "\N{FULLWIDTH COLON}")


def checked_task(written: str, locale: str) -> str:
    """Return an instruction as one line; raises :class:`RowRejectedError` where it is none."""
    text = _NUMBERED.sub("", " ".join(clean(written).split())).strip()
    if not text:
        raise RowRejectedError("instruction-empty")
    words = len(tokens(text))
    if words not in _WORDS_OF_A_TASK:
        raise RowRejectedError("instruction-length", f"{words} words: {text[:200]}")
    if not (text[0].isalnum() or text[0] in _OPENS):
        raise RowRejectedError("instruction-begins-with-a-mark", text)
    if found := _BEYOND_TEXT.search(text):
        raise RowRejectedError("beyond-text", f"{found[0]} in: {text}")
    if text.endswith(_COLONS):
        raise RowRejectedError("ends-with-a-colon", text)
    if found := _POINTS_BACK.search(text):
        raise RowRejectedError("points-to-examples", f"{found[0]} in: {text}")
    _check_text(text, locale)
    return text


def checked_instance(instruction: str, given: str, output: str, locale: str) -> tuple[str, str]:
    """Return input and output of an instance, a line each line; the input may be empty.

    Raises :class:`RowRejectedError` with what is wrong with them.
    """
    given, output = _lines(given), _lines(output)
    if not output:
        raise RowRejectedError("output-empty", instruction)
    if plain(given) == plain(output):
        raise RowRejectedError("output-is-input", output)
    if output.endswith(_COLONS) or given.endswith(_COLONS):
        raise RowRejectedError("ends-with-a-colon", output)
    if stands_in(instruction, output) or stands_in(instruction, given):
        raise RowRejectedError("repeats-the-instruction", output or given)
    if given and similarity(tokens(instruction), tokens(given)) > _MOST_ALIKE:
        raise RowRejectedError("repeats-the-instruction", given)
    if not given and _POINTS.search(instruction):
        raise RowRejectedError("input-missing", instruction)
    for text in (given, output):
        words = len(tokens(text)) if text else 0
        if words > _MOST_WORDS:
            raise RowRejectedError("instance-length", f"{words} words: {text[:200]}")
        _check_text(text, locale)
    if made_up := numbers(_NUMBERED.sub("", output)) - numbers(f"{instruction}\n{given}"):
        raise RowRejectedError("number-unfounded", f"{min(made_up)} in: {output}")
    return given, output


def checked_labels(instruction: str, written: Sequence[str]) -> list[str]:
    """Return the labels of a classification, as the instruction names them.

    Raises :class:`RowRejectedError` where there are not at least two, or a reader of the
    instruction could not know one.
    """
    labels = list(dict.fromkeys(" ".join(clean(label).split()) for label in written))
    if len({plain(label) for label in labels}) < max(len(written), 2):
        raise RowRejectedError("labels-repeat", " | ".join(labels))
    for label in labels:
        if len(tokens(label)) > _MOST_WORDS_OF_A_LABEL or not stands_in(label, instruction):
            raise RowRejectedError("label-unknown", f"{label} of: {instruction}")
    return labels


def check_own_words(given: str, prompt: str) -> None:
    """Raise :class:`RowRejectedError` where an input is made of the words of the prompt.

    Small models hand back the example, or the prompt's description of an input.
    """
    words = set(tokens(given)) if given.strip() else set()
    if len(words) >= _FEW_WORDS and len(words & set(tokens(prompt))) > _MOST_SHARED * len(words):
        raise RowRejectedError("copies-the-prompt", given[:200])


def check_handed_back(instruction: str, prompt: str) -> None:
    """Raise :class:`RowRejectedError` where an instruction says what the prompt says of tasks."""
    if run := run_from(instruction, prompt, "", _RUN):
        raise RowRejectedError("copies-the-prompt", f"{run!r} in: {instruction}")


def _lines(text: str) -> str:
    lines = (" ".join(clean(line).split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _check_text(text: str, locale: str) -> None:
    """Raise where a text has holes or excuses, or is not in the language of the shop."""
    if found := _PLACEHOLDER.search(text):
        raise RowRejectedError("placeholder", f"{found[0]} in: {text[:200]}")
    if found := _EXCUSE.search(text):
        raise RowRejectedError("excuse", f"{found[0]} in: {text[:200]}")
    said = [plain(each) for each in _SENTENCE.split(text) if len(tokens(each)) > _FEW_WORDS]
    if len(set(said)) < len(said):
        raise RowRejectedError("repeats-itself", text[:200])
    language = LOCALE_LANGUAGES.get(locale)
    if not text or language is None:
        return
    guess = identify(text, language, "langdetect")
    east_asian = language in ("ja", "zh") and not (CJK.search(text) or not _has_letters(text))
    if east_asian or guess.contradicts(language):
        raise RowRejectedError("language-mismatch", f"{guess}, not {language}: {text[:200]}")


def _has_letters(text: str) -> bool:
    return any(map(str.isalpha, text))
