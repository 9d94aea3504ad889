"""The hostile repository: every way to misbehave that was seen or can be thought of, each as a named scenario."""

from tests.repository.scenarios import lists, pages, records, tokens, transport
from tests.repository.scenarios.scenario import Held, Scenario, items, truth

SCENARIOS = (*transport.SCENARIOS, *pages.SCENARIOS, *tokens.SCENARIOS, *lists.SCENARIOS, *records.SCENARIOS)

__all__ = ["SCENARIOS", "Held", "Scenario", "items", "truth"]
