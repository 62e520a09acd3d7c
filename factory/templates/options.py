"""How much of a template is printed, in how many wordings and in which language.

These are EcomGPT's ablations of prompts (Li et al., 2023, Table 11): it takes from them the task's
description, the constraint on the answer, or all wordings but one, and writes them in one language
or in that of each input. ShopBench's form has no description: there it is added.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from factory.sample import PARTS

#: The languages of the shops, and that of each sample's own text.
PromptLanguage: TypeAlias = Literal["input", "en", "es", "ja", "zh", "de", "fr", "it"]
ENGLISH: Final = "en"


class PromptOptions(BaseModel):
    """The key ``prompt`` of a task or a mixture."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: bool = Field(
        default=False, description="print the task's description first, as EcomInstruct does"
    )
    constraint: bool = Field(default=True, description="print what an answer has to look like")
    wordings: int | None = Field(
        default=None,
        strict=True,
        gt=0,
        description="at most so many wordings of a task: the first by name",
    )
    language: PromptLanguage = Field(
        default=ENGLISH,
        description="the language of the prompts, where their template is translated into it; "
        "'input': that of each sample's text",
    )

    @model_serializer(mode="wrap")
    def _english_unless_said(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the language where it is English, as before there were others."""
        said: dict[str, Any] = dump(self)
        if self.language == ENGLISH:
            said.pop("language", None)
        return said

    def of(self, language: str) -> str:
        """Return the language of the prompt of a sample whose text is in ``language``."""
        return language if self.language == "input" else self.language

    def printed(self, parts: tuple[int, ...]) -> tuple[int, ...]:
        """Return which parts are printed where a template prints ``parts``, in order."""
        description, constraint = PARTS.index("description"), PARTS.index("constraint")
        kept = tuple(part for part in parts if self.constraint or part != constraint)
        added = self.description and description not in kept
        return (description, *kept) if added else kept

    def over(self, other: PromptOptions) -> PromptOptions:
        """Return ``other`` with what is set here in its place."""
        return other.model_copy(
            update={name: getattr(self, name) for name in self.model_fields_set}
        )
