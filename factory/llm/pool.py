"""The models of one run: opened when they are first asked, closed together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from factory.errors import BudgetExceededError
from factory.llm.asker import Asker, Usage
from factory.llm.budget import Budget
from factory.llm.ledger import Ledger
from factory.llm.local import LocalServer, identity_of, weights_of
from factory.llm.models import Endpoint, ModelSpec, endpoint_of
from factory.llm.names import LEDGER_FILE, model_spec
from factory.llm.prices import price_of
from factory.llm.scripted import IDENTITY
from factory.llm.transport import HttpTransport, ScriptedTransport, Transport


class ModelPool:
    """Opens the models that a run asks.

    Args:
        models: the recipe's ``models:`` block.
        cache: the folder with the ledger and the weights.
        budget: in US dollars, for this run; None for none.
        fresh: ask again for what the ledger knows.

    Attributes:
        ledger: the answers of all runs.
        budget: what may be spent, and what was.
        bill: what was asked in this run, by task and model.
        tables: the folders of label tables that this run has made: none is made twice.
        fresh: whether answers are asked for again.
    """

    def __init__(
        self,
        models: Mapping[str, ModelSpec],
        cache: Path,
        *,
        budget: float | None = None,
        fresh: bool = False,
    ) -> None:
        self._models = models
        self._cache = cache
        self.budget = Budget(budget)
        self.fresh = fresh
        self._servers: dict[str, LocalServer] = {}
        self._renewed: set[bytes] = set()
        self.tables: set[Path] = set()
        self.bill: dict[tuple[str, str], Usage] = {}
        self.ledger = Ledger(cache / LEDGER_FILE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop local models, and let the ledger go."""
        self._servers.clear()
        self.ledger.close()

    def spec(self, name: str) -> ModelSpec:
        """Return what ``name`` means here."""
        return model_spec(self._models, name)

    def identities(self, names: Iterable[str]) -> dict[str, Any]:
        """Return what answers under each name: another model, or other parameters, is another run.

        Without opening it: a local model is known by the checksum of its weights.
        """
        said: dict[str, Any] = {}
        for name in names:
            spec = self.spec(name)
            said[name] = {
                "endpoint": self._identity(spec),
                "model": Path(spec.model).name,
                "parameters": spec.parameters,
                "structured": spec.structured,
                "max_tokens": spec.max_tokens,
            }
        return said

    def _identity(self, spec: ModelSpec) -> str:
        if spec.engine == "scripted":
            return IDENTITY
        if spec.engine == "local":
            return identity_of(weights_of(spec, self._cache))
        return endpoint_of(spec).identity

    def asker(self, name: str, task: str) -> Asker:
        """Return what asks the model ``name`` for ``task``; use it within one event loop.

        Raises:
            UsageError: there is no such model.
            ModelError: no key, no weights, or a server that does not start.
            BudgetExceededError: there is a budget, and nobody knows what this model costs.
        """
        spec = self.spec(name)
        quoted = price_of(spec)
        if quoted.price is None and self.budget.limit is not None:
            raise BudgetExceededError(
                f"models.{name}: nobody knows what {spec.model} costs, so a budget cannot hold: "
                f"write its price into the recipe (models: {{{name}: {{price: {{prompt: ..., "
                "completion: ...}}}})"
            )
        spec, endpoint, transport = self._open(spec)
        usage = self.bill.setdefault((task, spec.model), Usage())
        return Asker(
            spec,
            usage,
            endpoint,
            transport,
            self.ledger,
            quoted.price,
            self.budget,
            task,
            renewed=self._renewed if self.fresh else None,
        )

    def _open(self, spec: ModelSpec) -> tuple[ModelSpec, Endpoint, Transport]:
        if spec.engine == "scripted":
            spec = spec.model_copy(update={"model": "scripted"})
            return spec, Endpoint("scripted", IDENTITY), ScriptedTransport()
        if spec.engine == "local":
            weights = weights_of(spec, self._cache)
            server = self._servers.get(str(weights))
            if server is None:
                server = self._servers[str(weights)] = LocalServer(spec, weights)
            # Its identity is the weights' checksum: where the file lies says nothing.
            spec = spec.model_copy(update={"model": weights.stem, "concurrency": server.slots})
            return spec, server.endpoint, HttpTransport(server.endpoint, spec.timeout)
        endpoint = endpoint_of(spec)
        return spec, endpoint, HttpTransport(endpoint, spec.timeout)
