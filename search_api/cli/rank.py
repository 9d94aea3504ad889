"""``kaijuan rank``: hide sources, journals and works from searches, or let them stand higher or lower."""

from __future__ import annotations

import click

from indexer.search.rules import LEAST_WEIGHT, MOST_WEIGHT, USUAL_WEIGHT
from indexer.storage.ranking_rules import Effect, RankingRule, TargetKind
from search_api.cli.edits import JSON, WHO, WHY, desk, signed
from search_api.cli.output import print_json, print_table
from search_api.desk_edits import rule_body

_KIND = click.argument("kind", type=click.Choice(["source", "container", "work"]))
_WEIGHT = click.option(
    "--weight",
    type=click.FloatRange(LEAST_WEIGHT, MOST_WEIGHT),
    default=USUAL_WEIGHT,
    show_default=True,
    help="How much; 1 counts about as one word of the query.",
)
_MOST_LISTED = 1_000


@click.group()
def rank() -> None:
    """Hide, boost or bury a source, container (journal) or work in searches, see docs/subjects.md.

    \b
    Example: kaijuan rank hide container 1234-5679 --why "Hijacked journal."
             kaijuan rank list
    """


@rank.command()
@_KIND
@click.argument("target")
@WHY
@WHO
@JSON
def hide(*, kind: TargetKind, target: str, reason: str, who: str | None, as_json: bool) -> None:
    """Hide TARGET from searches: a source's id, a container's id or ISSN, a work's id or doi:….

    Works stay where their addresses lead; of a source, those are hidden that no other source has.

    \b
    Example: kaijuan rank hide work doi:10.1000/182 --why "Fabricated."
    """
    _add(kind, target, "hide", reason, who, USUAL_WEIGHT, as_json=as_json)


@rank.command()
@_KIND
@click.argument("target")
@_WEIGHT
@WHY
@WHO
@JSON
def boost(*, kind: TargetKind, target: str, weight: float, reason: str, who: str | None, as_json: bool) -> None:
    """Let TARGET stand higher where words were searched for and relevance orders.

    \b
    Example: kaijuan rank boost source repository --why "Our own."
    """
    _add(kind, target, "boost", reason, who, weight, as_json=as_json)


@rank.command()
@_KIND
@click.argument("target")
@_WEIGHT
@WHY
@WHO
@JSON
def bury(*, kind: TargetKind, target: str, weight: float, reason: str, who: str | None, as_json: bool) -> None:
    """Let TARGET stand lower where words were searched for and relevance orders.

    \b
    Example: kaijuan rank bury container 1234-5679 --weight 2 --why "No peer review."
    """
    _add(kind, target, "bury", reason, who, weight, as_json=as_json)


@rank.command("list")
@click.option("--all", "is_all", is_flag=True, help="Undone and overruled rules too.")
@JSON
def list_rules(*, is_all: bool, as_json: bool) -> None:
    """List the rules with their reasons, the newest first.

    \b
    Example: kaijuan rank list --all
    """
    with desk() as library:
        rules, _ = library.store.ranking_rules.page(in_force=None if is_all else True, limit=_MOST_LISTED)
    if as_json:
        for one in rules:
            print_json(rule_body(one))
        return
    rows = [
        (one.id, one.effect, one.kind, f"{one.name or 'gone'}\n{one.target}", _shown(one), one.state, one.note, one.who)
        for one in rules
    ]
    print_table("Rules of ranking", ("id", "effect", "kind", "what", "weight", "state", "reason", "who"), rows)


@rank.command()
@click.argument("rule")
@WHY
@WHO
@JSON
def undo(*, rule: str, reason: str, who: str | None, as_json: bool) -> None:
    """Take RULE back (its id from `kaijuan rank list`).

    \b
    Example: kaijuan rank undo r3k9q0x7m2a1bc --why "The journal mended its ways."
    """
    by = signed(who, reason)
    with desk() as library:
        undone = library.store.ranking_rules.undo(rule, by)
    if as_json:
        print_json(rule_body(undone))
    else:
        click.echo(f"Rule {undone.id} is undone.")


def _add(
    kind: TargetKind, target: str, effect: Effect, reason: str, who: str | None, weight: float, *, as_json: bool
) -> None:
    by = signed(who, reason)
    with desk() as library:
        rule, created = library.store.ranking_rules.add(kind, target, effect, by, weight=weight)
    if as_json:
        print_json({"created": created, "rule": rule_body(rule)})
        return
    held = "" if created else " It held already."
    click.echo(f"Rule {rule.id}: {rule.effect} {rule.kind} {rule.name or rule.target}.{held}")


def _shown(rule: RankingRule) -> str:
    return "" if rule.effect == "hide" else f"{rule.weight:g}"
