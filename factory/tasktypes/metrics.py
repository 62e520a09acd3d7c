"""ShopBench's metrics, as the official evaluator of KDD Cup 2024 computes them.

The packages behind ROUGE-L, BLEU and the embeddings are optional and slow to import, so each is
loaded by the first score that needs it and kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from math import fsum, log2, sqrt
from types import MappingProxyType
from typing import Any, Final

from factory.errors import MissingExtraError, RecipeError, SourceError
from factory.tasktypes.subsequence import common_length

#: The sentence encoders of the two cosine metrics, on the Hugging Face Hub.
ENCODERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sent-transformer": "all-MiniLM-L6-v2",
        "multilingual-sent-transformer": "paraphrase-multilingual-MiniLM-L12-v2",
    }
)


def unknown_metric(metric: str, task_type: str, known: Sequence[str]) -> RecipeError:
    """Return the error for a metric that a task type does not have."""
    return RecipeError(
        f"{task_type} has no metric {metric!r}: choose one of {', '.join(map(repr, known))}"
    )


def mean(scores: Sequence[float]) -> float:
    """Return the arithmetic mean; raises ValueError for no scores, which have none."""
    if not scores:
        raise ValueError("no answers to score")
    return fsum(scores) / len(scores)


def ndcg(ranked: Sequence[int], relevance: Sequence[float]) -> float:
    """Return the nDCG of 1-based item numbers, with gain 2**relevance - 1.

    Kept from the official scorer: a number beyond the items gains nothing, missing numbers gain
    nothing, and 0 counts as the last item (so that a perfect order counted from 0 scores as little
    as 0.387 on five items with ESCI's gains). Relevances without a gain score 0. Not kept: an
    answer that names the last item twice, as 0 and as itself, scores more than 1 there.
    """
    count = len(relevance)
    gained = 0.0
    for place, number in enumerate(ranked[:count], 2):
        if number <= count:
            gained += (2.0 ** relevance[number - 1] - 1.0) / log2(place)
    ideal = 0.0
    for place, value in enumerate(sorted(relevance, reverse=True), 2):
        ideal += (2.0**value - 1.0) / log2(place)
    return min(1.0, gained / ideal) if ideal else 0.0


def hit_rate_at_3(retrieved: Sequence[int], gold: Sequence[int]) -> float:
    """Return the share of ``gold`` that is among the first three retrieved."""
    return len(set(gold).intersection(retrieved[:3])) / len(gold)


def entity_counts(predicted: Sequence[str], gold: Sequence[str]) -> tuple[int, int, int]:
    """Return true positives, false positives and false negatives of one row.

    Case does not count. Outer spaces are stripped from what is predicted and not from the gold, and
    a repeated prediction is a false positive: both as in the official scorer.
    """
    found = [entity.lower().strip() for entity in predicted]
    hits = len(set(found).intersection([entity.lower() for entity in gold]))
    return hits, len(found) - hits, len(gold) - hits


def f1(hits: int, wrong: int, missed: int) -> float:
    """Return the F1 of true positives, false positives and false negatives; 0 without a hit."""
    return 2 * hits / (2 * hits + wrong + missed) if hits else 0.0


def rouge_l(text: str, reference: str) -> float:
    """Return the F-measure of ROUGE-L (Lin, 2004) over stemmed ASCII words.

    The words are those of the official scorer, and so is the score; what it looks up in a table of
    all pairs of words is counted otherwise.
    """
    tokenizer = _rouge_tokenizer()
    said, wanted = tokenizer.tokenize(text), tokenizer.tokenize(reference)
    common = common_length(wanted, said)
    if not common:
        return 0.0
    precision, recall = common / len(said), common / len(wanted)
    return 2 * precision * recall / (precision + recall)


def bleu(text: str, reference: str, *, japanese: bool = False) -> float:
    """Return sacreBLEU (Post, 2018) of the first line of ``text``, ignoring case.

    Computed over a corpus of this one row, without smoothing away missing 4-grams: fewer than four
    tokens score 0. Japanese is tokenized by MeCab with the IPA dictionary.
    """
    line = text.strip("\n").split("\n")[0]
    result = _bleu_scorer(japanese).corpus_score([line], [[reference.strip()]])
    # An exact match is 100.00000000000004 there.
    return min(1.0, float(result.score) / 100)


def japanese_tokens(line: str) -> int:
    """Return how many tokens Japanese BLEU counts in one line."""
    # Past the tokenizer's own cache, which would hold on to 65,536 of a run's texts.
    tagger = _bleu_scorer(japanese=True).tokenizer.tagger
    return len(tagger.parse(line.strip()).split())


def cosine(text: str, references: str | Sequence[str], encoder: str) -> float:
    """Return the cosine of two texts' embeddings, averaged over references and clipped at 0."""
    others = [references] if isinstance(references, str) else list(references)
    first, *rest = _encoder(encoder).encode([text, *others]).tolist()
    return mean_cosine(first, rest)


def mean_cosine(vector: Sequence[float], others: Sequence[Sequence[float]]) -> float:
    """Return the mean cosine of one vector with others of its length, held within [0, 1]."""
    return min(1.0, max(0.0, mean([_cosine(vector, other) for other in others])))


def _cosine(left: Sequence[float], right: Sequence[float]) -> float:
    product = fsum([a * b for a, b in zip(left, right, strict=True)])
    return product / sqrt(fsum([a * a for a in left]) * fsum([b * b for b in right]))


def _load(module: str, package: str, extra: str, purpose: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtraError(package, extra, purpose) from error


@cache
def _rouge_tokenizer() -> Any:
    module = _load("rouge_score.tokenizers", "rouge-score", "eval", "the metric rougel")
    return module.DefaultTokenizer(use_stemmer=True)


@cache
def _bleu_scorer(japanese: bool) -> Any:
    metric = "the metric jp-bleu" if japanese else "the metric bleu"
    module = _load("sacrebleu.metrics.bleu", "sacrebleu", "eval", metric)
    if not japanese:
        return module.BLEU(lowercase=True)
    # sacreBLEU itself reports a missing tokenizer only when it is built, as a RuntimeError.
    _load("MeCab", "mecab-python3", "eval", metric)
    _load("ipadic", "ipadic", "eval", metric)
    return module.BLEU(lowercase=True, tokenize="ja-mecab")


@cache
def _encoder(name: str) -> Any:
    purpose = f"the cosine metric with {name}"
    module = _load("sentence_transformers", "sentence-transformers", "embed", purpose)
    try:
        return module.SentenceTransformer(name)
    except OSError as error:
        cause = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SourceError(
            f"the sentence encoder {name!r} cannot be loaded ({cause}): download it once while "
            "connected, or point HF_HOME at a cache that has it"
        ) from error
