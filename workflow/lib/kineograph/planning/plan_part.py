"""What the answers on one matter stand on: the plan of the configuration, and functions whose signatures are kept."""

from __future__ import annotations

from kineograph.planning.plan import Plan
from kineograph.planning.signatures import keep_signatures


class PlanPart:
    """Answers on one matter, for one configuration.

    Parameters
    ----------
    plan : Plan
        The plan of the configuration.
    """

    def __init_subclass__(cls) -> None:
        keep_signatures(cls)

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
