"""Instructions as their author wrote them: line breaks, lists and indented code kept.

The line cleans every text of a view's facts as product text, in which white space says nothing. In
an instruction it does: a poem, a table, a function. A view gives such a text as bytes
(``encode(output)``), which the line hands on unread, and its row mapper calls :func:`as_written`.
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import normalize

_ILLEGAL: Final = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
_ODD_SPACES: Final = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_LINE_ENDS: Final = re.compile("\r\n?|\u2028|\u2029|\x85|\x0b|\x0c")
_TRAILING: Final = re.compile(" +(?=\n)")
_TAB: Final = "    "
_PLAIN_ASCII: Final = bytes([0x0A, *range(0x20, 0x7F)])


def as_written(text: bytes | None) -> str:
    """Return ``text`` (UTF-8) with plain line feeds and spaces, and without invisible characters.

    Empty lines at its ends and blanks at the ends of its lines go; within a line nothing does. A
    tab is four spaces.
    """
    if not text:
        return ""
    plain = text.decode(errors="replace")
    if not plain.isascii() or text.translate(None, _PLAIN_ASCII):
        plain = _ILLEGAL.sub("", _LINE_ENDS.sub("\n", plain).replace("\t", _TAB))
        if not plain.isascii():
            plain = normalize("NFC", _ODD_SPACES.sub(" ", plain))
    if " \n" in plain:
        plain = _TRAILING.sub("", plain)
    return plain.strip()
