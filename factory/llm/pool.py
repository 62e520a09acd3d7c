"""The models of one run: opened when they are first asked, closed together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias, TypeVar

from factory.errors import BudgetExceededError
from factory.llm.asker import Asker, DirectAsker, Means, Usage
from factory.llm.batch import Awaited, BatchAsker
from factory.llm.budget import Budget
from factory.llm.driving import Addressed, answered
from factory.llm.ledger import Ledger
from factory.llm.local import LocalServer, identity_of, weights_of
from factory.llm.models import FREE, Endpoint, ModelSpec, endpoint_of
from factory.llm.names import LEDGER_FILE, SCRIPTED, model_spec
from factory.llm.prices import price_of
from factory.llm.quiet import Quiet
from factory.llm.scripted import IDENTITY
from factory.llm.transport import HttpTransport, ScriptedTransport, Transport

T = TypeVar("T")
Lane: TypeAlias = Literal["direct", "batch"]


class ModelPool:
    """Opens the models that a run asks.

    Args:
        models: the recipe's ``models:`` block.
        cache: the folder with the ledger and the weights.
        budget: in US dollars, for this run; None for none.
        fresh: ask again for what the ledger knows.
        ledger: another file for the answers than the cache's.

    Attributes:
        ledger: the answers of all runs.
        budget: what may be spent, and what was.
        bill: what was asked in this run, by task and model.
        tables: the folders of label tables that this run has made: none is made twice.
        fresh: whether answers are asked for again.
        quiet: told how many rows are under way; a batch is sent when all of them wait.
        awaited: says which batches are being waited for.
    """

    def __init__(
        self,
        models: Mapping[str, ModelSpec],
        cache: Path,
        *,
        budget: float | None = None,
        fresh: bool = False,
        ledger: Path | None = None,
    ) -> None:
        self._models = models
        self._cache = cache
        self.quiet = Quiet()
        self.awaited = Awaited()
        self.budget = Budget(budget, self.quiet)
        self.fresh = fresh
        self._servers: dict[str, LocalServer] = {}
        self._renewed: set[bytes] = set()
        self.tables: set[Path] = set()
        self.bill: dict[tuple[str, str], Usage] = {}
        self.ledger = Ledger(ledger or cache / LEDGER_FILE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop local models, and let the ledger go."""
        self._servers.clear()
        self.ledger.close()

    def spec(self, name: str, lane: Lane | None = None) -> ModelSpec:
        """Return what ``name`` means here, in another lane than the recipe's where one is given."""
        spec = model_spec(self._models, name)
        return spec if lane is None else spec.model_copy(update={"lane": lane})

    def identities(self, names: Iterable[str]) -> dict[str, Any]:
        """Return what answers under each name: another model, or other parameters, is another run.

        Without opening it: a local model is known by the checksum of its weights.
        """
        said: dict[str, Any] = {}
        for name in names:
            spec = self.spec(name)
            said[name] = {
                "endpoint": self._identity(spec),
                "model": Path(self._known_as(spec)).name,
                "parameters": spec.parameters,
                "structured": spec.structured,
                "max_tokens": spec.max_tokens,
            }
        return said

    def _known_as(self, spec: ModelSpec) -> str:
        """Return the model's name in answers and samples."""
        if spec.engine == "scripted":
            return SCRIPTED
        return weights_of(spec, self._cache).stem if spec.engine == "local" else spec.model

    def _identity(self, spec: ModelSpec) -> str:
        if spec.engine == "scripted":
            return IDENTITY
        if spec.engine == "local":
            return identity_of(weights_of(spec, self._cache))
        return endpoint_of(spec).identity

    def asker(self, name: str, task: str, lane: Lane | None = None) -> Asker:
        """Return what asks the model ``name`` for ``task``; use it within one event loop.

        ``lane`` goes before the recipe's: few questions, one after another, should not take a day
        each.

        Raises:
            UsageError: there is no such model.
            ModelError: no key, no weights, or a server that does not start.
            BudgetExceededError: there is a budget, and nobody knows what this model costs.
        """
        spec = self.spec(name, lane)
        quoted = price_of(spec)
        if quoted.price is None and self.budget.limit is not None:
            raise BudgetExceededError(
                f"models.{name}: nobody knows what {spec.model} costs, so a budget cannot hold: "
                f"write its price into the recipe (models: {{{name}: {{price: {{prompt: ..., "
                "completion: ...}}}})"
            )
        if spec.lane == "batch":
            return BatchAsker(self._means(spec, endpoint_of(spec), task), self.awaited)
        spec, endpoint, transport = self._open(spec)
        return DirectAsker(self._means(spec, endpoint, task), transport)

    async def row(
        self,
        task: str,  # noqa: ARG002  (a dry pool notes it)
        asking: Addressed[T],
        askers: Mapping[str, Asker],
        samples: Callable[[T], int],  # noqa: ARG002  (and this)
    ) -> T:
        """Have what one row of ``task`` asks answered; return what came of it.

        ``samples`` says how many samples that is, to who wants to know. Raises what
        :meth:`~factory.llm.asker.Asker.ask` raises, but for a refusal.
        """
        made = await answered(asking, askers)
        for asker in askers.values():
            asker.finish_row()
        return made

    async def once(
        self,
        task: str,  # noqa: ARG002  (a dry pool notes it)
        asking: Addressed[T],
        askers: Mapping[str, Asker],
    ) -> T:
        """Have what is asked once for the whole of ``task`` answered; see :meth:`row`."""
        return await answered(asking, askers)

    def _means(self, spec: ModelSpec, endpoint: Endpoint, task: str) -> Means:
        return Means(
            *(spec, endpoint, task, self.ledger),
            price=price_of(spec).price or FREE,
            budget=self.budget,
            usage=self.bill.setdefault((task, spec.model), Usage()),
            renewed=self._renewed if self.fresh else None,
            quiet=self.quiet,
        )

    def _open(self, spec: ModelSpec) -> tuple[ModelSpec, Endpoint, Transport]:
        if spec.engine == "scripted":
            spec = spec.model_copy(update={"model": self._known_as(spec)})
            return spec, Endpoint(SCRIPTED, IDENTITY), ScriptedTransport()
        if spec.engine == "local":
            weights = weights_of(spec, self._cache)
            server = self._servers.get(str(weights))
            if server is None:
                server = self._servers[str(weights)] = LocalServer(spec, weights)
            # Its identity is the weights' checksum: where the file lies says nothing.
            spec = spec.model_copy(
                update={"model": self._known_as(spec), "concurrency": server.slots}
            )
            return spec, server.endpoint, HttpTransport(server.endpoint, spec.timeout)
        endpoint = endpoint_of(spec)
        return spec, endpoint, HttpTransport(endpoint, spec.timeout)
