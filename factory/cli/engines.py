"""Where the shards of a run are worked on: the options, and the engine that they name."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from factory.errors import UsageError

if TYPE_CHECKING:
    from factory.engines import Engine

#: The group of these options in a verb's help.
MACHINES: Final = "Many machines"

EngineOption = Annotated[
    Literal["local", "ray"],
    typer.Option(
        metavar="[local|ray]",
        help="What works: processes of this machine, or a Ray cluster. The bytes are the same.",
        rich_help_panel=MACHINES,
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        metavar="auto|HOST:PORT",
        help="The Ray cluster that this machine is a node of; without it one is started here.",
        rich_help_panel=MACHINES,
    ),
]
StorageOption = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Where the machines of a cluster hand over shards: a path that all of them see, "
        "s3://..., gs://... or hf://...; the folder of the run if not given.",
        rich_help_panel=MACHINES,
    ),
]


@dataclass(frozen=True, slots=True)
class Machines:
    """Where to work, as the command line says it.

    Raises:
        UsageError: an address or a storage is given and nothing of it is asked for.
    """

    engine: Literal["local", "ray"] = "local"
    address: str | None = None
    storage: str | None = None

    def __post_init__(self) -> None:
        for option, given in (("--address", self.address), ("--storage", self.storage)):
            if given is not None and self.engine != "ray":
                raise UsageError(f"{option} is of a cluster: give --engine ray too")

    def opened(self, samples: int) -> AbstractContextManager[Engine]:
        """Return the engine, with as many processes of this machine as so many samples are worth.

        Raises what :class:`~factory.engines.ray.RayEngine` raises.
        """
        from factory.engines import LocalEngine, rarely_look_for_cycles, spare_workers

        rarely_look_for_cycles()
        if self.engine == "ray":
            from factory.engines.ray import RayEngine

            return RayEngine(self.address or "local", self.storage or "")
        return LocalEngine(spare_workers(samples), preload="factory.line.build")
