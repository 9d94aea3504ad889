"""Which language a text is in, by what is declared and what it shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.formats.description import LanguageScope
from indexer.models import LanguageTag
from indexer.normalise.languages import choose_detector, detect, known_codes, tag
from indexer.normalise.languages.classifier import classify
from indexer.normalise.languages.second_opinion import weigh

LONG_FRENCH = (
    "Le dépistage du VIH chez les enfants a rarement été au centre des préoccupations des chercheurs. "
    "Quand le dépistage pédiatrique a retenu l'attention, cela a été pour éclairer "
    "seulement sur les performances diagnostiques."
)


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ("eng", "en"), ("en_US", "en"), ("EN", "en"), ("English", "en"), ("por", "pt"), ("pt-BR", "pt"), ("dut", "nl"),
        ("ger", "de"), ("fre", "fr"), ("chi", "zh"), ("zh-Hans", "zh"), ("Português", "pt"), ("русский", "ru"),
        ("nor", "nb"), ("scr", "hr"), ("und", None), ("mul", None), ("xx", None), ("", None),
        ("not a language at all", None),
    ],
)  # fmt: skip
def test_codes_and_names_become_two_letters(declared: str, code: str | None) -> None:
    assert known_codes((declared,)) == ((code,) if code else ())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("基于DNA的正则表达式匹配算法", "zh"),
        ("機械学習による画像の分類", "ja"),
        ("기계 학습을 이용한 영상 분류", "ko"),
        ("دراسة تحليلية للنصوص العربية القديمة", "ar"),
        ("بررسی تأثیر گیاهان دارویی بر دیابت", "fa"),
        ("Исследование рынка труда в современной экономике", "ru"),
        ("Дослідження ринку праці в сучасній економіці", "uk"),
        ("Изследване на пазара на труда в съвременната икономика", "bg"),
        ("Μελέτη της αγοράς εργασίας", "el"),
        ("Wnt signaling through β-catenin requires both receptors", "en"),
        ("Acceptabilité du test VIH proposé aux nourrissons", "fr"),
        ("Renovação de plataformas ferroviárias: estudos relativos à capacidade", "pt"),
        ("La inexactitud de la relación de dependencia demográfica", "es"),
        ("Pengaruh influencer marketing terhadap minat beli mahasiswa", "id"),
        ("Hubungan antara tahap kesihatan mental dan prestasi pelajar universiti", "ms"),
        ("日本経済史研究", "ja"),  # no kana, but characters that only Japanese writes so
        ("現代漢語語法研究", "zh"),
        ("叙事学研究的思考", "zh"),
        ("حديث نيز به دو دسته متواتر و آحاد تقسيم مي شود", "fa"),  # with Arabic letters, as old systems write Persian
        ("اردو ادب میں جدید نظم کا ارتقا", "ur"),
        ("А це, погодьтеся, важливо!", "uk"),  # without a letter that Russian has not
        ("Қазақстан экономикасының дамуы", "kk"),
        ("Даследаванне рынку працы ў сучаснай эканоміцы", "be"),
        ("कृषि विकास का अध्ययन", "hi"),
        ("महाराष्ट्रातील शेती आणि पाणी", "mr"),
        ("நவீன தமிழ் இலக்கியம்", "ta"),
        ("THE EFFECT OF pH ON GROWTH", "en"),  # upper case but for one letter
        ("EFECTO DEL pH SOBRE EL CRECIMIENTO", "es"),
        ("EIGENSCHAFTEN NEUER WERKSTOFFE pH", "de"),
        ("RELIGIOSIDADE POPULAR BRASILEIRA mRNA", "pt"),
        ("ОЦЕНКА ВЛИЯНИЯ НАЛОГОВ НА РАЗВИТИЕ", "ru"),
        ("𝐀 𝐬𝐭𝐮𝐝𝐲 𝐨𝐟 𝐜𝐞𝐥𝐥𝐬 𝐚𝐧𝐝 𝐨𝐟 𝐥𝐢𝐠𝐡𝐭", "en"),  # letters of mathematics
        ("Ｔｈｅ cells of the brain", "en"),
        ("Poincare\u0301 et le proble\u0300me des trois corps dans l'histoire", "fr"),  # marks after their letters
        ("<p>El desarrollo</p> de la <i>economía</i> &nbsp;\\textbf{rural}", "es"),
        ("\x00\x01The cells\x0b of the brain and the eye", "en"),
        ("\ud800 los efectos de la luz en las plantas", "es"),
        ("On Poincaré's and Gödel's letters to the editors", "en"),  # names bring foreign letters
    ],
)
def test_a_title_shows_its_language(text: str, code: str) -> None:
    found = detect(text)
    assert found is not None
    assert found[0] == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("基于 deep learning 的图像分类", "zh"),
        ("Study of 黄帝内经 (Huangdi Neijing) in the history of Chinese medicine", "en"),
        ("对抗FTP BounceAttack攻击", "zh"),  # more Latin letters than Chinese characters, and no words
        ("制作了结构为ITO/2T-NATA/NPB/Zn(BTZ)/Ir(DBQ)(acac)/Alq的器件", "zh"),
        ("专利数据库USPTO、esp@cenet、DII的比较分析", "zh"),  # the @ is no mail address that ends at a space
        ("Рынок труда (labour market): оценка и прогноз", "ru"),
        ("Labour market and employment in the Far East (Дальний Восток)", "en"),
    ],
)
def test_a_text_in_two_scripts_is_in_the_language_of_its_main_part(text: str, code: str) -> None:
    found = detect(text)
    assert found is not None
    assert found[0] == code


def test_words_alone_decide_where_there_are_enough() -> None:
    assert detect("The role of light in the growth of plants and animals") == ("en", 0.99)
    few = detect("Light and growth: plants")
    assert few is not None
    assert few[1] < 0.99


def test_a_long_text_is_read_only_at_its_beginning() -> None:
    english, russian = "the cells of the brain and of the eye " * 20, "исследование рынка труда " * 40_000
    assert detect(english + russian) == detect(english)


def test_what_stands_before_the_first_word_is_passed_over() -> None:
    found = detect("12.5 ± 0.3; " * 100 + "Les effets de la lumière sur la croissance des plantes et des animaux")
    assert found is not None
    assert found[0] == "fr"
    assert detect("1 2 3 " * 200_000 + "the cells of the brain") is None, "but not without end"


@pytest.mark.parametrize(
    ("text", "hints", "code"),
    [
        ("経世済民", ("zh",), "ja"),
        ("大学教育", ("ja",), "ja"),  # written the same in both languages: the journal decides
        ("大学教育", ("ja", "zh"), "zh"),
        ("大学教育", (), "zh"),
        ("们的大学教育", ("ja",), "zh"),
        ("Niños", ("en",), "es"),  # one letter that English has not outweighs a repository's blanket "en"
        ("Șoareci", ("en",), "ro"),
    ],
)
def test_a_hint_decides_only_where_the_text_leaves_it_open(text: str, hints: tuple[str, ...], code: str) -> None:
    found = detect(text, hints)
    assert found is not None
    assert found[0] == code


def test_a_text_in_doubt_gets_a_second_opinion() -> None:
    first = classify("kontrola materiala", "latin")
    found = detect("kontrola materiala")
    assert first[0][1] < 0.8
    assert found is not None
    assert found[0] in {code for code, _ in first}
    assert found[1] != pytest.approx(first[0][1])


def test_a_second_opinion_leaves_languages_without_a_profile_alone() -> None:
    assert weigh("zelai berdea", (("eu", 0.6), ("gl", 0.4))) == ("eu", 0.6)
    code, chance = weigh("det er ikke noe å si om det", (("da", 0.4), ("nb", 0.35), ("eu", 0.1)))
    assert code == "nb"
    assert 0.35 < chance < 0.85
    assert weigh("", (("da", 0.4), ("nb", 0.35))) == ("da", 0.4)


@pytest.fixture
def lingua() -> Iterator[None]:
    pytest.importorskip("lingua", reason="lingua is an extra that is not installed")
    choose_detector("lingua")
    yield
    choose_detector("light")


@pytest.mark.usefixtures("lingua")
def test_lingua_judges_texts_in_doubt_where_it_is_chosen() -> None:
    chosen = detect("kontrola materiala")
    choose_detector("light")
    assert chosen is not None
    assert chosen != detect("kontrola materiala")


@pytest.mark.parametrize(
    "text", ["", "123", "10.1000/x", "...", "abc", "C6H12O6 + 6 O2", "E = mc²", "α", "N. N.", "\ud800"]
)
def test_too_little_text_has_no_language(text: str) -> None:
    assert detect(text) is None


@pytest.mark.parametrize(
    ("text", "declared", "scope", "code", "origin"),
    [
        (LONG_FRENCH, ["en"], "unknown", "fr", "detected"),  # PMC says "en" for everything
        (LONG_FRENCH, ["EN", "ES", "PT"], "container", "fr", "detected"),  # DOAJ names the journal's languages
        (LONG_FRENCH, ["en"], "article", "fr", "detected"),
        (LONG_FRENCH, ["fr", "en"], "article", "fr", "declared"),
        ("Editorial", ["pt"], "article", "pt", "declared"),
        ("Pain", ["fr"], "article", "fr", "declared"),
        ("Editorial", ["pt"], "container", "pt", "detected"),  # the hint decides for a short text
        ("42", ["pt"], "container", "pt", "declared"),
    ],
)  # fmt: skip
def test_a_declaration_counts_for_what_it_speaks_of(
    text: str, declared: list[str], scope: LanguageScope, code: str, origin: str
) -> None:
    found = tag(text, declared, scope)
    assert found is not None
    assert (found.code, found.origin) == (code, origin)


SPANISH = "El desarrollo de la economía rural en los países de América Latina durante la crisis"


@pytest.mark.parametrize(
    ("text", "declared", "scope", "expected"),
    [
        # sure and long enough: the text wins, the declaration is kept
        (SPANISH, ["en"], "article", LanguageTag(code="es", origin="detected", confidence=0.99, declared=("en",))),
        # too short to overrule the article's own declaration: it wins, what the text shows is kept
        ("Los efectos de la luz", ["en"], "article", LanguageTag(code="en", origin="declared", detected="es")),
        # in doubt: not a contradiction
        ("Editorial", ["pt"], "article", LanguageTag(code="pt", origin="declared")),
        # a repository's blanket "en"
        (SPANISH, ["en"], "unknown", LanguageTag(code="es", origin="detected", confidence=0.99, declared=("en",))),
        # what is said of the journal is never said of the article
        (SPANISH, ["EN", "PT"], "container", LanguageTag(code="es", origin="detected", confidence=0.99)),
        # agreement needs no second entry
        (SPANISH, ["es", "en"], "unknown", LanguageTag(code="es", origin="detected", confidence=0.99)),
        # a language that is not among those told apart is never contradicted
        (SPANISH, ["eo"], "article", LanguageTag(code="eo", origin="declared")),
    ],
)
def test_declared_and_detected_are_kept_apart(
    text: str, declared: list[str], scope: LanguageScope, expected: LanguageTag
) -> None:
    assert tag(text, declared, scope) == expected


def test_nothing_known_gives_no_tag() -> None:
    assert tag("42") is None


@settings(deadline=None)
@given(st.text(), st.lists(st.text(max_size=12), max_size=3), st.sampled_from(["article", "container", "unknown"]))
def test_no_text_and_no_declaration_breaks_it(text: str, declared: list[str], scope: LanguageScope) -> None:
    tag(text, declared, scope)


@pytest.mark.parametrize("text", ["https://example.org/the-cells-of-the-brain", "the.brain.cells@university.example"])
def test_an_address_says_nothing_of_the_language(text: str) -> None:
    assert detect(text) is None
