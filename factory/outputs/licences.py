"""What the licences of the sources let others do with a run: what is said of it, who may have it.

A run holds text of its sources, so it can be published only as far as each of them allows. Where a
source states no licence, nobody was allowed anything: that is said, and publishing it is refused
until the source is named by whoever has the right to.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

#: Where a card tells of the licences.
_CARD: Final = "README.md#licence"
_LONGEST_NAME: Final = 60
#: What a source says that states no licence.
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Licence:
    """One licence, and what matters of it to who publishes samples or trains on them.

    Attributes:
        spdx: its SPDX identifier; a ``LicenseRef-`` where it has none.
        hub: its identifier on the Hugging Face Hub; ``other`` where that has none.
        title: how it is told to people.
        link: its text; empty where the source's homepage is all there is.
        adapted: whether adapted text, as samples are, may be passed on to anybody.
        commercial: whether it may be used commercially.
        attribution: whether its author must be named; alike: whether what derives from it must
            carry the same licence.
    """

    spdx: str
    hub: str
    title: str
    link: str
    adapted: bool = True
    commercial: bool = True
    attribution: bool = True
    alike: bool = False


def _creative_commons(code: str, version: str = "4.0") -> Licence:
    return Licence(
        f"CC-{code.upper()}-{version}",
        f"cc-{code}-{version}",
        f"Creative Commons {code.upper()} {version}",
        f"https://creativecommons.org/licenses/{code}/{version}/",
        adapted="nd" not in code,
        commercial="nc" not in code,
        alike="sa" in code,
    )


#: The licences whose terms are known here, by SPDX identifier in lower case.
LICENCES: Final[Mapping[str, Licence]] = MappingProxyType(
    {
        each.spdx.lower(): each
        for each in (
            Licence(
                *("Apache-2.0", "apache-2.0", "Apache License 2.0"),
                "https://www.apache.org/licenses/LICENSE-2.0",
            ),
            Licence("MIT", "mit", "MIT License", "https://opensource.org/license/mit"),
            Licence(
                *("BSD-3-Clause", "bsd-3-clause", "BSD 3-Clause License"),
                "https://opensource.org/license/bsd-3-clause",
            ),
            Licence(
                *("CC0-1.0", "cc0-1.0", "Creative Commons Zero 1.0"),
                "https://creativecommons.org/publicdomain/zero/1.0/",
                attribution=False,
            ),
            *(_creative_commons(code) for code in ("by", "by-sa", "by-nc", "by-nc-sa")),
            *(_creative_commons(code) for code in ("by-nd", "by-nc-nd")),
            _creative_commons("by", "3.0"),
            _creative_commons("by-sa", "3.0"),
            Licence(
                *("ODC-By-1.0", "odc-by", "Open Data Commons Attribution License"),
                "https://opendatacommons.org/licenses/by/1-0/",
            ),
            Licence(
                *("ODbL-1.0", "odbl", "Open Database License"),
                "https://opendatacommons.org/licenses/odbl/1-0/",
                alike=True,
            ),
            Licence(
                *("PDDL-1.0", "pddl", "Public Domain Dedication and License"),
                "https://opendatacommons.org/licenses/pddl/1-0/",
                attribution=False,
            ),
            Licence(
                *("LicenseRef-academic-research-only", "other", "academic research only", ""),
                adapted=False,
                commercial=False,
            ),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What one source says of the use of its data.

    Attributes:
        source: the name that the recipe gives it.
        licence: an SPDX identifier, or :data:`UNKNOWN`.
        homepage: where its terms can be read.
    """

    source: str
    licence: str
    homepage: str

    @property
    def known(self) -> Licence | None:
        """The licence, where its terms are known here."""
        return LICENCES.get(self.licence.lower())


@dataclass(frozen=True, slots=True)
class Overall:
    """The licence of a whole run, in the three keys that a dataset card has for it.

    ``name`` and ``link`` are empty unless ``hub`` is ``other``.
    """

    hub: str
    name: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Objection:
    """Why samples of one source may not be published.

    Attributes:
        source: the name to allow it by.
        told: why; where: the address at which the terms can be read, empty where there is none.
    """

    source: str
    told: str
    where: str = ""

    @property
    def reason(self) -> str:
        """Why, with the address."""
        return f"{self.told} ({self.where})" if self.where else self.told


def overall_licence(terms: Iterable[Terms]) -> Overall:
    """Return the licence of samples made from these sources.

    One licence stays what it is. Several stay several, since none of them covers another's text:
    the Hub then gets ``other``, and every sample has its own under ``provenance.licence``. One
    source without a known licence makes the whole ``unknown``.
    """
    by_licence = {each.licence.lower(): each for each in terms}
    if not by_licence or any(each.licence.lower() == UNKNOWN for each in by_licence.values()):
        return Overall(UNKNOWN)
    if len(by_licence) > 1:
        return Overall("other", "several-licences", _CARD)
    (only,) = by_licence.values()
    licence = only.known
    if licence is None:
        return Overall("other", _hub_name(only.licence), _hub_link(only.homepage))
    if licence.hub == "other":
        return Overall("other", _hub_name(licence.spdx), _hub_link(licence.link or only.homepage))
    return Overall(licence.hub)


def forbids_publication(
    terms: Iterable[Terms], allowed: Collection[str] = ()
) -> tuple[Objection, ...]:
    """Return why samples of these sources may not be shown to everybody, a reason a source.

    ``allowed`` names sources whose publication somebody with the right to it has settled. Nothing
    is returned where publication is free; conditions such as naming the author are no objection.
    """
    objections = {
        each.source: objection
        for each in terms
        if each.source not in allowed and (objection := _objection(each)) is not None
    }
    return tuple(objections[source] for source in sorted(objections))


def terms_of(manifests: Iterable[Mapping[str, Any]]) -> tuple[Terms, ...]:
    """Return the terms of every source behind the runs of some tasks, ordered by name."""
    sources = [manifest["source"] for manifest in manifests]
    found = {Terms(each["name"], each["licence"] or UNKNOWN, each["homepage"]) for each in sources}
    return tuple(sorted(found, key=lambda each: (each.source, each.licence)))


def _objection(terms: Terms) -> Objection | None:
    licence = terms.known
    if terms.licence.lower() == UNKNOWN:
        told = "it states no licence"
    elif licence is None:
        told = f"the terms of its licence, {terms.licence}, are not known here"
    elif not licence.adapted:
        told = f"its licence, {licence.title}, does not let text made from it be passed on"
    else:
        return None
    return Objection(terms.source, told, (licence.link if licence else "") or terms.homepage)


def _hub_name(spdx: str) -> str:
    """Return a licence's name as the Hub takes it: lower case, words parted by hyphens."""
    words = re.findall("[a-z0-9]+", spdx.lower().removeprefix("licenseref-"))
    return "-".join(words)[:_LONGEST_NAME] or "unnamed"


def _hub_link(address: str) -> str:
    return address if re.fullmatch(r"https?://\S+", address) else _CARD
