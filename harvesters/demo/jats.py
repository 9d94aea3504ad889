"""Write an article's front matter in JATS, in the dialects that PMC sends: namespaces, id types and dates vary."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from harvesters.demo.articles import DemoArticle
from harvesters.demo.draws import Draws

_NAMESPACES = (
    "https://jats.nlm.nih.gov/ns/archiving/1.3/",
    "https://jats.nlm.nih.gov/ns/archiving/1.2/",
    "https://dtd.nlm.nih.gov/ns/archiving/2.3/",
)
_INLINE = tuple(
    (f"&lt;{slash}{tag}&gt;", f"<{slash}{element}>")
    for tag, element in (("i", "italic"), ("sub", "sub"), ("sup", "sup"))
    for slash in ("", "/")
)
_HEADINGS = {
    "research-article": "Research Article",
    "review-article": "Review",
    "editorial": "Editorial",
    "correction": "Correction",
}


def inline(text: str) -> str:
    """Escape a text, and turn its simple HTML tags into JATS elements."""
    escaped = escape(text)
    if "&lt;" in escaped:
        for tag, element in _INLINE:
            escaped = escaped.replace(tag, element)
    return escaped


def front_matter(article: DemoArticle, draws: Draws) -> str:
    """Write ``article`` with its ``front`` only, as the format ``pmc_fm`` has it."""
    old = draws.chance(0.3)
    namespace = _NAMESPACES[2] if old else draws.pick(_NAMESPACES[:2])
    language = f" xml:lang={quoteattr(article.language)}" if draws.chance(0.6) else ""
    return (
        f'<article xmlns="{namespace}" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'xmlns:mml="http://www.w3.org/1998/Math/MathML" '
        'xmlns:ali="http://www.niso.org/schemas/ali/1.0/" '
        f'article-type="{article.article_type}"{language}>\n'
        f"<front>{_journal_meta(article)}{_article_meta(article, draws, old=old)}</front>\n"
        "</article>"
    )


def _journal_meta(article: DemoArticle) -> str:
    journal = article.journal
    return (
        f'<journal-meta><journal-id journal-id-type="nlm-ta">{escape(journal.abbreviation)}</journal-id>'
        f'<journal-id journal-id-type="pmc-domain">{journal.domain}</journal-id>'
        f"<journal-title-group><journal-title>{escape(journal.title)}</journal-title></journal-title-group>"
        f'<issn pub-type="ppub">{journal.issn}</issn><issn pub-type="epub">{journal.eissn}</issn>'
        f"<publisher><publisher-name>{escape(journal.publisher)}</publisher-name></publisher></journal-meta>"
    )


def _article_meta(article: DemoArticle, draws: Draws, *, old: bool) -> str:
    return "".join(
        (
            "<article-meta>",
            _identifiers(article, old=old),
            '<article-categories><subj-group subj-group-type="heading"><subject>',
            _HEADINGS[article.article_type],
            "</subject></subj-group></article-categories>",
            _titles(article, draws),
            _contributors(article),
            _dates(article, draws),
            f"<volume>{article.volume}</volume><issue>{article.issue}</issue>{_pages(article)}",
            _permissions(article, old=old),
            _related(article),
            _abstracts(article),
            _keywords(article),
            "</article-meta>",
        )
    )


def _identifiers(article: DemoArticle, *, old: bool) -> str:
    """Write the ids: newer files say ``pmcid`` PMC123, older ones ``pmc`` 123."""
    found = [("pmc", str(article.pmcid)) if old else ("pmcid", f"PMC{article.pmcid}")]
    found += [] if old else [("pmcaid", str(article.pmcid))]
    found += [("pmid", str(article.pmid))] if article.pmid else []
    found += [("publisher-id", f"{article.journal.domain}-{article.number}")]
    found += [("doi", article.doi)] if article.doi else []
    return "".join(f'<article-id pub-id-type="{kind}">{value}</article-id>' for kind, value in found)


def _titles(article: DemoArticle, draws: Draws) -> str:
    title = inline(article.title)
    if draws.chance(0.06):
        title = f"\n{title}".replace(" ", "\n        ", 1)
    others = "".join(
        f'<trans-title-group xml:lang="{other.language}"><trans-title>{inline(other.value)}</trans-title>'
        "</trans-title-group>"
        for other in article.other_titles
    )
    return f"<title-group><article-title>{title}</article-title>{others}</title-group>"


def _contributors(article: DemoArticle) -> str:
    houses = list(dict.fromkeys(author.affiliation for author in article.authors))
    places = {house: place for place, house in enumerate(houses, 1)}
    people = "".join(
        '<contrib contrib-type="author"><name>'
        f"<surname>{escape(author.family)}</surname><given-names>{escape(author.given)}</given-names></name>"
        f'<xref ref-type="aff" rid="aff{places[author.affiliation]}">{places[author.affiliation]}</xref></contrib>'
        for author in article.authors
    )
    listed = "".join(
        f'<aff id="aff{place}"><label>{place}</label>{escape(house)}</aff>' for house, place in places.items()
    )
    return f"<contrib-group>{people}</contrib-group>{listed}"


def _dates(article: DemoArticle, draws: Draws) -> str:
    year, month, day = article.published
    parts = "".join(
        f"<{name}>{value}</{name}>" for name, value in (("day", day), ("month", month), ("year", year)) if value
    )
    if draws.chance(0.5):
        collected = f'<pub-date pub-type="collection"><year>{year}</year></pub-date>'
        return f'<pub-date pub-type="epub">{parts}</pub-date>{collected}'
    return f'<pub-date date-type="pub" publication-format="electronic">{parts}</pub-date>'


def _pages(article: DemoArticle) -> str:
    if not article.last_page:
        return f"<elocation-id>{article.first_page}</elocation-id>"
    return f"<fpage>{article.first_page}</fpage><lpage>{article.last_page}</lpage>"


def _permissions(article: DemoArticle, *, old: bool) -> str:
    licence = article.journal.licence
    reference = "" if old else f"<ali:license_ref>{licence}</ali:license_ref>"
    return (
        f"<permissions><copyright-statement>© {article.published[0]} The Authors</copyright-statement>"
        f'<license license-type="open-access" xlink:href="{licence}">{reference}'
        "<license-p>This is an open access article of a demonstration.</license-p></license></permissions>"
    )


def _related(article: DemoArticle) -> str:
    if article.corrects is None:
        return ""
    return (
        '<related-article related-article-type="corrected-article" ext-link-type="doi" id="d1" '
        f'xlink:href="{article.corrects}"/>'
    )


def _abstracts(article: DemoArticle) -> str:
    own = f"<abstract><p>{inline(article.abstract)}</p></abstract>" if article.abstract else ""
    return own + "".join(
        f'<trans-abstract xml:lang="{other.language}"><p>{inline(other.value)}</p></trans-abstract>'
        for other in article.other_abstracts
    )


def _keywords(article: DemoArticle) -> str:
    words = "".join(f"<kwd>{escape(word)}</kwd>" for word in article.keywords)
    return f'<kwd-group kwd-group-type="author">{words}</kwd-group>' if words else ""
