"""Whether a text is in the language of its shop, whichever of the shops that is."""

import pytest

from factory.sources.base import LOCALES
from factory.sources.translated import in_language, surely_in_language

TITLES = {
    "us": "Desk lamp with a clamp for the office",
    "uk": "Desk lamp with a clamp for the office",
    "de": "Schreibtischlampe mit Klemme für das Büro",
    "fr": "Lampe de bureau avec pince pour le salon",
    "it": "Lampada da tavolo con morsetto per la casa",
    "es": "Lámpara de mesa con pinza para el salón",
    "jp": "デスクライト クランプ式 オフィス用",
    "cn": "办公室夹式台灯 护眼",
}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_shop_has_a_language(locale: str) -> None:
    assert in_language(TITLES[locale], locale)
    assert surely_in_language(TITLES[locale], locale)
    for other in {*LOCALES} - {locale, "us", "uk", "jp", "cn"}:
        assert not in_language(TITLES[locale], other)
    if locale not in ("jp", "cn"):
        assert not any(in_language(TITLES[locale], other) for other in ("jp", "cn"))
    if locale not in ("us", "uk"):
        assert not any(in_language(TITLES[locale], other) for other in ("us", "uk"))
