"""What hypothesis draws for the tests of the task types."""

from __future__ import annotations

from hypothesis import strategies as st

from factory.draw import Draw

#: Characters on which tokenizers, parsers and case foldings disagree.
TRAPS = (
    "ab1Z .,-&<>;\n\r\t\x00'\"\\[]{}()０３，、。\u3000"
    "日本語カタカナひらがなéüßİK²½三😀\u200b\u2028\x85"
)

keys = st.text(max_size=12)
draws = st.builds(Draw, st.integers(0, 2**31), st.just("task"), keys)

words = st.sampled_from(
    [
        "usb",
        "Red",
        "500ml",
        "x",
        "3.5",
        "can't",
        "co-op",
        "&amp;",
        "<skipped>",
        "-",
        "…",
        "保温",
        "é",
    ]
)
sentences = st.lists(words, max_size=8).map(" ".join)
texts = st.one_of(st.text(max_size=30), st.text(alphabet=TRAPS, max_size=30), sentences)

#: Longer than the parser reads, in few tokens: ROUGE-L is quadratic in them.
long_texts = st.builds(
    lambda letter, tail, length: letter * length + tail,
    st.sampled_from("aé日 "),
    sentences,
    st.integers(4970, 5010),
)

titles = st.text(alphabet="abc XYZ12", min_size=1, max_size=12)
gains = st.sampled_from([1.0, 0.1, 0.01, 0.0])
relevances = st.one_of(
    st.lists(gains, min_size=2, max_size=5),
    st.lists(st.floats(0, 64).filter(lambda x: x == 0 or x > 1e-6), min_size=2, max_size=5),
).filter(lambda values: len(set(values)) > 1)
