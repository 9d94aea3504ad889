"""Real dirt and what it becomes: the one table of normalising. docs/normalising.md shows it.

``origin`` is the recorded file (below ``data/recorded``) that has the text, which a test checks; or what tells of it.
An empty result means that nothing is left.
"""

from __future__ import annotations

import sys
from typing import NamedTuple


class Case(NamedTuple):
    """One real example: which part of a record it is, as it was written, as it comes out, and where it is from."""

    part: str
    written: str
    clean: str
    origin: str


PMC = "pmc/scrapi_pubmedcentral_oai_dc_*.xml"
DOAJ = "doaj/vufindharvest_oai_doaj_ListRecords.xml"
DOAJ_API = "doaj/*.json"
SPAN = "doaj/span_doaj.ldj"
FATCAT = "doaj/fatcat_example_doaj_articles.jsonl"
ARXIV = "oai-misc/scrapi_arxiv_oai_00.xml"
CITESEERX = "oai-misc/scrapi_citeseerx_00.xml"
COGPRINTS = "oai-misc/scrapi_cogprints_00.xml"
CYBERLENINKA = "oai-misc/scrapi_cyberleninka_00.xml"
RCAAP = "oai-misc/scrapi_rcaap_00.xml"
LSHTM = "oai-misc/scrapi_lshtm_00.xml"
GHENT = "oai-misc/scrapi_ghent_00.xml"
PUC_RIO = "oai-misc/scrapi_pcurio_00.xml"
ZENODO = "oai-misc/scythe_zenodo_list_records_*.xml"
DUTCH = "oai-misc/pyoai_fake2_00002.xml"
CALHOUN = "oai-misc/scrapi_calhoun_00.xml"
DATACITE = "oai-misc/scrapi_datacite_00.xml"
OALIB = "oalib/known_papers.csv"
DOAJ_SEEN = "DOAJ's API, seen"
OAI_DC = "DOAJ's oai_dc"
PMC_SEEN = "PMC, seen"
ISSUE_775 = "DOAJ, issue 775"
SHORTENED = "DOAJ, PMC, Zenodo, arXiv or PUC-Rio, shortened"

_ABSTRACTS = [
    (
        "<h4>Purpose</h4>The Covid-19 pandemic<h4>Methods</h4>We used",
        "Purpose: The Covid-19 pandemic\n\nMethods: We used",
    ),
    ("<h4>Background:</h4><p>Oral</p>", "Background: Oral"),
    ("\n <h4>Abstract</h4>\n <p>This study</p>", "This study"),
    ("Abstract Background We", "Background We"),
    ("Abstract algebra is hard", "Abstract algebra is hard"),
    ("ABSTRACT: Rice", "Rice"),
    ("RESUMO O objetivo do artigo", "O objetivo do artigo"),
    ("【摘要】目的 探讨", "目的 探讨"),
    ("摘 要：本文", "本文"),
    ("No abstract available.", ""),
    ("p &lt; 0.01 and p<0.05, a<b, c>d", "p < 0.01 and p<0.05, a<b, c>d"),
    (
        "&amp;lt;h3&amp;gt;Abstract&amp;lt;/h3&amp;gt;&amp;lt;p&amp;gt;Hemo&amp;nbsp;philia",
        "Hemo philia",
    ),
    ("&lt;p&gt;A&lt;/p&gt;", "A"),
    ("R&ast;D &ndash; x", "R*D – x"),
    ("effective radius R e $R_{e}$ of", "effective radius R e of"),
    (r"measure of $\zeta(s) = \pi^2/6$", "measure of ζ(s) = π²/6"),
    ("bound\nof order $x/\\log x$.", "bound of order x/log x."),
    ("it costs $5 and not $10", "it costs $5 and not $10"),
    ("US$ 5 million, A$ 3", "US$ 5 million, A$ 3"),
    (r"G\"odel, Erd\H{o}s, Poincar\'e, \'{e}t\'e", "Gödel, Erdős, Poincaré, été"),
    (r"50\% of $\alpha$", "50% of α"),
    ("First.\r\n\r\nSecond\r\nline", "First.\n\nSecond line"),
    ("H<sub>2</sub>O at 10<sup>-5</sup>, x<sup>a</sup>", "H₂O at 10⁻⁵, xa"),
    ("<jats:p>Text <jats:italic>in vitro</jats:italic></jats:p>", "Text in vitro"),
    ("a<script>alert(1)</script>b<!-- c -->d", "a b d"),
    ('<p class="x" style="color: red">A</p><br/>B', "A\n\nB"),
    ("SociÃ©tÃ© gÃ©nÃ©rale", "Société générale"),
    ("Ca\u0301fe\u0301 zero\u200bwidth so\u00adft\x0b", "Cáfé zerowidth soft"),
    ("<![CDATA[text]]>", "text"),
]

_TITLES = [
    ("CAROTID CHEMORECEPTOR ABLATION IMPROVES SURVIVAL", "Carotid chemoreceptor ablation improves survival"),
    ("USE OF HPLC-MS (ABCD) IN COVID-19 PATIENTS. PART II", "Use of HPLC-MS (ABCD) in COVID-19 patients. Part II"),
    ("İSTANBUL ILIK SULARI ÜZERİNE", "Istanbul ılık suları üzerine"),
    ("PCR of HIV", "PCR of HIV"),
    ("基于DNA的分析", "基于DNA的分析"),
    ("\n\n Structural\n  basis of <i>E. coli</i> ", "Structural basis of E. coli"),
    ("A study of rats*", "A study of rats"),
    ("Effects of X (a review)†‡", "Effects of X (a review)"),
    ("Path search with A*", "Path search with A*"),
    ("***", "***"),
    ("Preoperative <sup>18</sup>F-FDG PET/CT", "Preoperative ¹⁸F-FDG PET/CT"),
    ("On <i>p</i> &amp; <i>q</i>", "On p & q"),
]  # fmt: skip

CASES: tuple[Case, ...] = (
    # --- titles -----------------------------------------------------------------------------------------------------
    Case("title", "Social connection, relationships and older lesbian and gay people1\n",
         "Social connection, relationships and older lesbian and gay people", PMC),
    Case("title", "a pooled analysis of 3 U.S. cohorts1234", "a pooled analysis of 3 U.S. cohorts", PMC),
    Case("title", "Regulation of cell proliferation and migration by p62 through stabilization of Twist1",
         "Regulation of cell proliferation and migration by p62 through stabilization of Twist1", PMC),
    Case("title", "Vision Screening for Children 36 to <72 Months: Recommended Practices",
         "Vision Screening for Children 36 to <72 Months: Recommended Practices", PMC),
    Case("title", "CAROTID CHEMORECEPTOR ABLATION IMPROVES SURVIVAL IN HEART FAILURE: RESCUING AUTONOMIC CONTROL OF"
         " CARDIORESPIRATORY FUNCTION", "Carotid chemoreceptor ablation improves survival in heart failure: rescuing"
         " autonomic control of cardiorespiratory function", PMC),
    Case("title", "ERRATUM", "ERRATUM", PMC),
    Case("title", "VULNERÁVEIS", "VULNERÁVEIS", DOAJ_SEEN),
    Case("title", "Lights and shadows in prostate cancer screening.", "Lights and shadows in prostate cancer screening",
         DOAJ),
    Case("title", "Combining column generation and . . .", "Combining column generation and . . .", CITESEERX),
    Case("title", "De vrouwenbeweging online. Een onderzoek naar het gebruik van Internet door vrouwenorganisaties in"
         " Nederland .", "De vrouwenbeweging online. Een onderzoek naar het gebruik van Internet door"
         " vrouwenorganisaties in Nederland", "oai-misc/pyoai_fake1_00005.xml"),
    Case("title", 'Organizations; "Gui\xada de Dirigentes de Organizaciones de Base";',
         'Organizations; "Guia de Dirigentes de Organizaciones de Base"', LSHTM),
    Case("title", "Polyphenolic Profiling of Forestry Waste by UPLC-HDMS<sup>E</sup>",
         "Polyphenolic Profiling of Forestry Waste by UPLC-HDMSE", DOAJ_API),
    Case("title", "Survival of <i>Pinus contorta</i> Invasion in Patagonia",
         "Survival of Pinus contorta Invasion in Patagonia", DOAJ_API),
    Case("title", "THE FREQUENT SKIN DISEASES DIAGNOSED AT UNIVERSITY STUDENTS",
         "The frequent skin diseases diagnosed at university students", SPAN),
    Case("title", "ИССЛЕДОВАНИЕ РЫНКА ТРУДА В РФ И США: МЕТОДЫ", "Исследование рынка труда в РФ и США: методы",
         DOAJ_SEEN),
    Case("title", "On $3$-uniform hypergraphs without linear cycles", "On 3-uniform hypergraphs without linear cycles",
         ARXIV),
    Case("title", r"NLO QCD and electroweak corrections to W+\gamma\ production with",
         "NLO QCD and electroweak corrections to W+γ production with", ARXIV),
    Case("title", "splittings due to Coulomb interactions in single-layer MoS_{2}",
         "splittings due to Coulomb interactions in single-layer MoS₂", ARXIV),
    Case("title", "A study of the &#13; end", "A study of the end", OAI_DC),
    # --- titles in two languages ------------------------------------------------------------------------------------
    Case("titles", "Tomás Eloy Martínez e as (des)memórias de Juan Domingo Perón = Tomás Eloy Martínez and the"
         " (des)memories of Juan Domingo Perón", "Tomás Eloy Martínez e as (des)memórias de Juan Domingo Perón | Tomás"
         " Eloy Martínez and the (des)memories of Juan Domingo Perón", DOAJ_API),
    Case("titles", "Importância da vitamina B12 na avaliação clínica do paciente idoso =Importance of vitamin B12"
         " screening in clinical evaluation of elderly patient", "Importância da vitamina B12 na avaliação clínica do"
         " paciente idoso | Importance of vitamin B12 screening in clinical evaluation of elderly patient", SPAN),
    Case("titles", "Efficient Regular Expression Matching Algorithm Based on DoLFA 基于DoLFA的高效正则表达式匹配算法",
         "Efficient Regular Expression Matching Algorithm Based on DoLFA | 基于DoLFA的高效正则表达式匹配算法", OALIB),
    Case("titles", "部分线性模型的AdaptiveLasso特征选择", "部分线性模型的AdaptiveLasso特征选择", OALIB),
    Case("titles", "[pt] APERFEIÇOAMENTO DE TACÔMETRO MAGNÉTICO PARA COLUNAS DE PERFURAÇÃO",
         "Aperfeiçoamento de tacômetro magnético para colunas de perfuração", PUC_RIO),
    Case("titles", "Dirac spectrum of one-flavor QCD at theta=0 and continuity",
         "Dirac spectrum of one-flavor QCD at theta=0 and continuity", "arXiv, shortened"),
    # --- abstracts --------------------------------------------------------------------------------------------------
    Case("abstract", "<h4>Purpose</h4>The Covid-19 pandemic has brought unprecedented stress",
         "Purpose: The Covid-19 pandemic has brought unprecedented stress", "doaj/pairs*.json"),
    Case("abstract", "Abstract Background Biomass maps are valuable", "Background Biomass maps are valuable",
         DOAJ_API),
    Case("abstract", "Abstract Understanding drivers", "Understanding drivers", DOAJ_API),
    Case("abstract", "<p>Oral</p> R&ast;D, x<sup>2</sup>, <i>in vitro</i>", "Oral\n\nR*D, x², in vitro", DOAJ_SEEN),
    Case("abstract", "effective radius R e $R_{e}$ of", "effective radius R e of", DOAJ_SEEN),
    Case("abstract", "of gas&ndash;liquid&ndash;solid interfaces", "of gas–liquid–solid interfaces", DOAJ_SEEN),
    Case("abstract", "the paper's relevance is p &lt; 0.01", "the paper's relevance is p < 0.01", PMC_SEEN),
    Case("abstract", "Approved for public release; distribution is unlimited", "", CALHOUN),
    Case("abstract", "SeriesInformation", "", DATACITE),
    Case("abstract", "Not applicable.", "", "oai-misc/scrapi_rcaap_00.xml"),
    Case("abstract", "Since 2001 hat, $1.5$ to $20$ GeV in {\\em Gorenstein module} and \\cite{Shi}",
         "Since 2001 hat, 1.5 to 20 GeV in Gorenstein module and", "arXiv, put together"),
    Case("abstract", "costs at least $40 million per year", "costs at least $40 million per year", CALHOUN),
    Case("abstract", "by $731 million to $1.03 billion", "by $731 million to $1.03 billion", CITESEERX),
    # --- people: family name | given name | as shown ----------------------------------------------------------------
    Case("names", "Fruehwirth, Jane Cooley", "Fruehwirth|Jane Cooley|Jane Cooley Fruehwirth", PMC_SEEN),
    Case("names", "Jane Cooley Fruehwirth", "Fruehwirth|Jane Cooley|Jane Cooley Fruehwirth", "doaj/pairs*.json"),
    Case("names", "Bansal S", "Bansal|S|S Bansal", FATCAT),
    Case("names", "AnneFocke", "Focke|Anne|Anne Focke", SPAN),
    Case("names", "Roman Soták, et al.", "Soták|Roman|Roman Soták", CITESEERX),
    Case("names", "Mark H. Overmars, A. Frank van der Stappen, et al.",
         "Overmars|Mark H.|Mark H. Overmars; van der Stappen|A. Frank|A. Frank van der Stappen", CITESEERX),
    Case("names", "张伟等", "张|伟|张伟", "Chinese citations"),
    Case("names", "n.n.", "", CITESEERX),
    Case("names", "Nenhuma", "", RCAAP),
    Case("names", "Tan, Prof. Dr. Uner", "Tan|Uner|Uner Tan", COGPRINTS),
    Case("names", "Sacco, Ph.D Katiuscia", "Sacco|Katiuscia|Katiuscia Sacco", COGPRINTS),
    Case("names", "A., Auricchio", "Auricchio|A.|A. Auricchio", COGPRINTS),
    Case("names", "R., Bhanu Prakash", "Bhanu Prakash|R.|R. Bhanu Prakash", ARXIV),
    Case("names", "team, the CALIFA", "||the CALIFA team", ARXIV),
    Case("names", "Perfect, JR", "Perfect|JR|JR Perfect", LSHTM),
    Case("names", "Durand, MA", "Durand|MA|MA Durand", LSHTM),
    Case("names", "КАЦ Б.А.", "КАЦ|Б.А.|Б.А. КАЦ", CYBERLENINKA),
    Case("names", "Coordenação de Aperfeiçoamento de Pessoal de Nível Superior (CAPES)",
         "||Coordenação de Aperfeiçoamento de Pessoal de Nível Superior (CAPES)", RCAAP),
    Case("names", "Wei Zhang (张伟)", "Zhang|Wei|Wei Zhang (张伟)", "Chinese journals with English names beside"),
    Case("names", "Douglas B. West and Daniel W. Cranston",
         "West|Douglas B.|Douglas B. West; Cranston|Daniel W.|Daniel W. Cranston", "CiteSeerX, with and"),
    Case("names", "Electrical and Computer Engineering", "Engineering|Electrical and Computer|Electrical and Computer"
         " Engineering", CALHOUN),
    Case("names", "http://lpl-aix.fr", "", "oai-misc/scrapi_sldr_00.xml"),
    Case("names", "Henager Jr., Charles H.", "Henager Jr.|Charles H.|Charles H. Henager Jr.", ARXIV),
    # --- affiliations -------------------------------------------------------------------------------------------------
    Case("affiliation", "Ignacio Agramonte Loynaz University of Camaguey , Cuba",
         "Ignacio Agramonte Loynaz University of Camaguey, Cuba", DOAJ),
    Case("affiliation", "Xi'an Jiaotong University, Xi'an 710049, China; Corresponding author.",
         "Xi'an Jiaotong University, Xi'an 710049, China", FATCAT),
    Case("affiliation", "67033 Strasbourg, France;, (S.A.); or, (A.K.);, (F.H.)", "67033 Strasbourg, France",
         "MDPI in PMC, its e-mail addresses taken out"),
    # --- dates --------------------------------------------------------------------------------------------------------
    Case("doaj_date", "2017-04-01", "2017-04", DOAJ),
    Case("doaj_date", "2015-01-01", "2015", DOAJ),
    Case("doaj_month", "0", "2019", DOAJ_SEEN),
    Case("doaj_month", "02", "2019-02", DOAJ_SEEN),
    Case("doaj_month", "2", "2019-02", DOAJ_SEEN),
    Case("doaj_month", "August", "2019-08", DOAJ_SEEN),
    Case("doaj_month", "", "2019", DOAJ_SEEN),
    Case("date", "info:eu-repo/date/embargoEnd/", "", GHENT),
    Case("date", "2014-12", "2014-12", PMC_SEEN),
    Case("dates", "2014-12-24; 2014; 2014-11", "2014-12-24", PMC_SEEN),
    # --- volume, issue, pages -----------------------------------------------------------------------------------------
    Case("number", "Volume 14", "14", "doaj/*.json*"),
    Case("number", "Volume 16", "16", DOAJ_SEEN),
    Case("number", "", "", DOAJ_SEEN),
    Case("number", "suppl1", "suppl1", DOAJ),
    Case("number", "12/1", "12/1", DOAJ),
    Case("citation", "Journal, Vol 1, Iss 2, Pp 3-4 (2020)", "Journal | 1 | 2 | 3-4 | 2020", OAI_DC),
    Case("citation", "Steunpunt Welzijn, Volksgezondheid en Gezin", "", GHENT),
    Case("citation", "International Symposium on Integrated Network Management, Proceedings", "", GHENT),
    # --- identifiers --------------------------------------------------------------------------------------------------
    Case("identifier", "https://doi.org/10.1371/journal.pone.0247999", "doi:10.1371/journal.pone.0247999", DOAJ_SEEN),
    Case("identifier", "doi:10.1016/J.Commatsci.2010.05.010", "doi:10.1016/j.commatsci.2010.05.010", "oai-misc/*.xml"),
    Case("identifier", "http://www.ncbi.nlm.nih.gov/pmc/articles/PMC4270424", "pmcid:PMC4270424", PMC_SEEN),
    Case("identifier", "http://dx.doi.org/10.1107/S1744309112047562", "doi:10.1107/s1744309112047562", PMC_SEEN),
    Case("identifier", "oai:pubmedcentral.nih.gov:4270424", "pmcid:PMC4270424", PMC),
    Case("pmc", "123", "pmcid:PMC123", "JATS before 2023"),
    Case("pmcid", "PMC123", "pmcid:PMC123", "JATS since 2023"),
    Case("issns", "2529-850X; 2529-850X", "2529-850X", ISSUE_775),
    # --- subjects and keywords ----------------------------------------------------------------------------------------
    Case("keyword", "; Blogs", "Blogs", DOAJ),
    Case("keyword", "Internet;", "Internet", DOAJ),
    Case("keyword", "[pt] PERFURACAO", "PERFURACAO", PUC_RIO),
    # --- types --------------------------------------------------------------------------------------------------------
    Case("type", "Text", "article", PMC),
    Case("type", "conferenceObject", "conference-paper", RCAAP),
)  # fmt: skip
CASES += tuple(
    Case(part, written, clean, SHORTENED)
    for part, rows in (("title", _TITLES), ("abstract", _ABSTRACTS))
    for written, clean in rows
)


def as_markdown() -> str:
    """Write the table as docs/normalising.md has it."""
    lines: list[str] = []
    for part in dict.fromkeys(case.part for case in CASES):
        lines += [f"### {part}", "", "| as written | as it comes out | from |", "|---|---|---|"]
        lines += [
            f"| {_shown(case.written)} | {_shown(case.clean)} | {case.origin.rpartition('/')[2]} |"
            for case in CASES
            if case.part == part
        ]
        lines.append("")
    return "\n".join(lines)


#: A cell of a table cannot hold a bar.
BAR = "\N{FULLWIDTH VERTICAL LINE}"


def _shown(text: str) -> str:
    """Write a text as code in a table's cell: line breaks and what is not seen as escapes, no bar."""
    if not text:
        return "(nothing)"
    seen = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
    fence = "``" if "`" in seen else "`"
    return f"{fence}{seen.replace('|', BAR)}{fence}"


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
