"""How much of a template is printed, and in how many wordings: EcomGPT's ablations of prompts.

The paper (Li et al., 2023, Table 11) takes from its prompts the task's description, the constraint
on the answer, or all wordings but one. ShopBench's form has no description: there it is added.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from factory.sample import PARTS


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

    def printed(self, parts: tuple[int, ...]) -> tuple[int, ...]:
        """Return which parts are printed where a template prints ``parts``, in order."""
        description, constraint = PARTS.index("description"), PARTS.index("constraint")
        kept = tuple(part for part in parts if self.constraint or part != constraint)
        added = self.description and description not in kept
        return (description, *kept) if added else kept

    def over(self, other: PromptOptions) -> PromptOptions:
        """Return ``other`` with what is set here in its place."""
        return other.model_copy(update=self.model_dump(include=self.model_fields_set))
