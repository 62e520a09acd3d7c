"""Where shards of work run. An engine is one method; every engine runs the same function.

The fold decides in draw order whatever order shards finish in, so engines need keep none.
:class:`~factory.engines.ray.RayEngine` stands in a module of its own: who does not ask for it never
imports Ray.
"""

from factory.engines.base import Engine
from factory.engines.local import LocalEngine, rarely_look_for_cycles, spare_workers

__all__ = ["Engine", "LocalEngine", "rarely_look_for_cycles", "spare_workers"]
