"""Text to tokens, in documents and in queries."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.search.analysis import (
    MAX_TOKEN_LENGTH,
    Located,
    QueryRun,
    QueryWord,
    _words,
    analyse,
    index_values,
    locate,
    prefix_forms,
    query_phrases,
    query_words,
)


def tokens_of(text: str, language: str | None) -> set[str]:
    """Every token of a text."""
    analysed = analyse(text, language)
    return {*analysed.stream, *analysed.extra}


def is_found(query: str, text: str, language: str | None) -> bool:
    """Whether every word of a query stands in a text, as an engine would see it."""
    stream = f" {' '.join(analyse(text, language).stream)} "
    tokens = tokens_of(text, language)
    for word in query_words(query).words:
        match word:
            case QueryRun():
                found = set(word.pairs) <= tokens if word.pairs else any(one.startswith(word.text) for one in tokens)
            case QueryWord():
                rows = any(f" {' '.join(row)} " in stream for row in word.rows)
                found = rows or not tokens.isdisjoint(word.alternatives)
        if not found:
            return False
    return True


@pytest.mark.parametrize(
    ("text", "language", "stream"),
    [
        ("Methods of computation", "en", ["method", "of", "comput"]),
        ("Methods of computation", None, ["methods", "of", "computation"]),
        ("La evaluación de las políticas", "es", ["la", "evalu", "de", "las", "polit"]),
        ("avaliações sustentáveis", "pt", ["avali", "sustent"]),
        ("Les qualités de l'éducation", "fr", ["le", "qualit", "de", "educ"]),
        ("Häuser und Möglichkeiten", "de", ["haus", "und", "moglich"]),
        ("ricerche sull'educazione", "it", ["ricerc", "educ"]),
        ("onderzoeken", "nl", ["onderzoek"]),
        ("kitapları İstanbul", "tr", ["kitap", "istanbul"]),
        ("Исследования новых методов", "ru", ["исследован", "нов", "метод"]),
        ("المدرسة الجامعات", "ar", ["مدرس", "جامع"]),
        ("Pandemia de COVID-19 em CO₂", "xx", ["pandemia", "de", "covid", "19", "em", "co", "2"]),
        ("深度学习", "zh", ["深度", "度学", "学习"]),
        ("深度學習", "zh", ["深度", "度学", "学习"]),
        ("维生素C networks", "zh", ["维生", "生素", "c", "network"]),
        ("データベース検索", "ja", ["デー", "ータ", "タベ", "ベー", "ース", "検索"]),
        ("인공 지능학", "ko", ["인공", "지능", "능학"]),
        ("ภาษา", "th", ["ภา", "าษ", "ษา"]),
        ("हिन्दी में", "hi", ["हिन्दी", "में"]),
        ("癌 3.14 1,000 p<0.05", "zh", ["癌", "3.14", "1", "000", "p", "0.05"]),
        ("O'Brien's d'Alembert", "en", ["o", "brien", "alembert"]),
        ("β-catenin TGF-β1", "en", ["beta", "catenin", "tgf", "beta", "1"]),
        ("— … ?!", "en", []),
    ],
)
def test_a_text_streams_as_folded_stems_and_pairs(text: str, language: str | None, stream: list[str]) -> None:
    assert analyse(text, language).stream == stream


def test_extras_hold_joined_forms_written_forms_words_and_last_characters() -> None:
    assert analyse("micro-organisms of computation methods", "en").extra == [
        "microorgan",
        "=microorganisms",
        "=computation",
    ]
    assert analyse("人工智能学院", "zh").extra == ["院", "人工智能", "学院"]


def test_numbers_and_long_chains_are_not_joined() -> None:
    assert analyse("2019-2024 a-b-c-d-e-f", None).extra == []


def test_index_values_keep_extras_out_of_reach_of_phrases() -> None:
    assert index_values("COVID-19 methods", "en") == ("covid 19 method", "covid19")
    assert index_values("…", "en") == ()


def test_a_token_is_never_longer_than_elasticsearch_keeps() -> None:
    assert [len(token) for token in analyse("x" * 1_000, "en").stream] == [MAX_TOKEN_LENGTH]


@pytest.mark.parametrize(
    ("query", "text", "language"),
    [
        *(
            (query, text, "en")
            for query in ("COVID-19", "covid19", "covid 19")
            for text in ("COVID-19", "covid19", "Covid 19")
        ),
        ("micro-biome", "microbiome", "en"),
        ("microbiome", "micro-biome", "en"),
        ("CO2", "CO₂ emissions", "en"),
        ("IL6", "IL-6", "en"),
        ("Muller", "Müller", "de"),
        ("Müller", "Muller", None),
        ("educacao", "Educação", "pt"),
        ("educações", "educação", "pt"),
        ("qualite", "Les qualités", "fr"),
        ("networks", "a neural network", "en"),
        ("Alzheimer disease", "Alzheimer’s diseases", "en"),
        ("l'eau", "de l’eau", "fr"),
        ("OBrien", "O'Brien", None),
        ("исследование", "исследований", "ru"),
        ("مدرسه", "المدرسة", "ar"),
        ("üniversite", "universiteler", "tr"),
        ("深度學習", "基于深度学习的方法", "zh"),
        ("深度学习", "深度學習", "zh"),
        ("图像分割方法", "图像的分割方法", "zh"),
        ("癌", "肺癌", "zh"),
        ("癌", "癌症", "zh"),
        ("王", "王小明", None),
    ],
)
def test_a_query_finds_the_same_word_in_another_form(query: str, text: str, language: str | None) -> None:
    assert is_found(query, text, language)


@pytest.mark.parametrize(
    ("query", "text"), [("covid19", "covid 20"), ("王小明", "王小红"), ("癌", "肺炎"), ("microbiome", "micro biology")]
)
def test_a_query_does_not_find_another_word(query: str, text: str) -> None:
    assert not is_found(query, text, "zh" if query > "z" else "en")


@pytest.mark.parametrize(
    ("query", "text", "language"),
    [
        ("Mueller", "Müller", None),
        ("Muller", "Müller", "de"),
        ("Müller", "Mueller", None),
        ("Muenchen", "München", "de"),
        ("Koeln", "Köln", "de"),
        ("Goethe", "Göthe", "de"),
        ("strasse", "Straße", "de"),
        ("Straße", "Strasse", "de"),
        ("Haeuser", "Häuser", "de"),
        ("Jorgensen", "Jørgensen", None),
        ("Joergensen", "Jørgensen", None),
        ("alpha-synuclein", "α-synuclein", "en"),
        ("α-synuclein", "alpha-synuclein", "en"),
        ("alpha synuclein", "α-synuclein", "en"),
        ("β-catenin", "beta-catenin", "en"),
        ("beta catenin", "β-catenin", "en"),
        ("TGF-beta", "TGF-β", "en"),
        ("TGF-β", "TGF-beta", "en"),
        ("TGFβ", "TGF-β", "en"),
        ("TGF-β1", "TGF-beta1", "en"),
        ("TGF-beta 1", "TGF-β1", "en"),
        ("NF-κB", "NF-kappaB", "en"),
        ("NF-kappa B", "NF-κB", "en"),
        ("μm", "µm", "en"),
        ("TNF-α", "TNFα", "en"),
        ("TNF alpha", "TNF-α", "en"),
        ("TNFalpha", "TNF-α", "en"),
        ("TNF-alpha", "TNFα", "en"),
        ("γδ T cells", "gamma delta T cells", "en"),
        ("gamma-delta", "γδ", "en"),
        ("H2O", "H₂O", "en"),
        ("H₂O", "H2O", "en"),
        ("CO2", "CO₂", "en"),
        ("CO₂", "CO2", "en"),
        ("Fe3O4", "Fe₃O₄", "en"),
        ("NaV6O15", "NaV₆O₁₅", "en"),
        ("NaV6O15", "NaV 6 O 15", "en"),
        ("Fe3O4", "Fe 3 O 4", "en"),
        ("CO2", "CO 2", "en"),
        ("Ca2+", "Ca²⁺", "en"),
        ("Ca2+", "Ca(2+)", "en"),
        ("Ca2", "Ca2+", "en"),
        ("2,4-D", "2,4-D", "en"),
        ("2,4-D", "2,4 D herbicide", "en"),
        ("Fe3O4@SiO2", "Fe3O4@SiO2", "en"),
        ("g-C3N4", "g-C₃N₄", "en"),
        ("V2O5", "V_2O_5", "en"),
        ("IL6", "IL-6", "en"),
        ("IL-6", "IL6", "en"),
        ("IL 6", "IL-6", "en"),
        ("interleukin-6", "interleukin 6", "en"),
        ("p53", "p53", "en"),
        ("p53", "p-53", "en"),
        ("CD4+", "CD4", "en"),
        ("5-HT2A", "5HT2A", "en"),
        ("BRCA1", "BRCA-1", "en"),
        ("C++", "programming in C++", "en"),
        ("C#", "C# language", "en"),
        (".NET", ".NET framework", "en"),
        ("F#", "F# code", "en"),
        ("ISTANBUL", "İstanbul", "tr"),
        ("istanbul", "İSTANBUL", "tr"),
        ("ısı", "ISI", "tr"),
        ("diyarbakir", "Diyarbakır", "tr"),
        ("kitap", "kitapları", "tr"),
        ("egitim", "eğitimi", "tr"),
        ("كتاب", "الكتاب", "ar"),
        ("والكتاب", "كتاب", "ar"),
        ("جامعة", "الجامعات", "ar"),
        ("ايران", "إيران", "ar"),
        ("مستشفى", "مستشفي", "ar"),
        ("еще", "ещё", "ru"),
        ("елка", "ёлки", "ru"),
        ("исследования", "исследование", "ru"),
        ("Viet Nam", "Việt Nam", "vi"),
        ("dai hoc", "đại học", "vi"),
        ("Nguyen", "Nguyễn", None),
        ("col·lecció", "col.lecció", "ca"),
        ("col·lecció", "collecció", "ca"),
        ("paral·lel", "paral•lel", "ca"),
        ("Lodz", "Łódź", "pl"),
        ("zolw", "żółw", "pl"),
        ("badania", "badania naukowe", "pl"),
        ("комп'ютер", "комп’ютер", "uk"),
        ("компютер", "комп'ютер", "uk"),
        ("комп`ютер", "комп'ютер", "uk"),
        ("компʼютер", "комп'ютер", "uk"),
        ("हिन्दी", "हिन्दी भाषा", "hi"),
        ("ज़रूरत", "ज़रूरत", "hi"),
        ("ภาษาไทย", "การศึกษาภาษาไทย", "th"),
        ("データ", "データベース", "ja"),
        ("ﾃﾞｰﾀ", "データ", "ja"),
        ("한국", "한국어", "ko"),
        ("Xiao-Ming", "Xiaoming", None),
        ("Xiaoming", "Xiao-Ming", None),
        ("covid19", "COVID-19", "en"),
        ("COVID 19", "covid19", "en"),
        ("SARS-CoV-2", "SARS CoV 2", "en"),
        ("SARSCoV2", "SARS-CoV-2", "en"),
        ("SARS-CoV2", "SARS-CoV-2", "en"),
        ("e-learning", "elearning", "en"),
        ("E-Learning", "e learning", "en"),
        ("T-cell", "T cell", "en"),
        ("non-linear", "nonlinear", "en"),
        ("nonlinear", "non-linear", "en"),
        ("on-line", "online", "en"),
        ("behaviour", "behaviours", "en"),
        ("naïve Bayes", "naive Bayes", "en"),
        ("façade", "facade", "fr"),
        ("cœur", "coeur", "fr"),
        ("coeurs", "cœur", "fr"),
        ("ﬁnite", "finite", "en"),
        ("niños", "niño", "es"),
        ("educacion", "educación", "es"),
        ("políticas públicas", "política pública", "es"),
        ("ação", "ações", "pt"),
        ("acao", "ação", "pt"),
        ("informação", "informações", "pt"),
        ("études", "étude", "fr"),
        ("l'étude", "études", "fr"),
        ("sviluppo", "sviluppi", "it"),
        ("università", "universita", "it"),
        ("Untersuchung", "Untersuchungen", "de"),
        ("Bücher", "Buch", "de"),
        ("buecher", "Bücher", "de"),
        ("onderzoek", "onderzoeken", "nl"),
        ("P<0.05", "p<0.05", "en"),
        ("N,N-dimethylformamide", "N,N-dimethylformamide", "en"),
        ("(2S)-2-amino", "(2S)-2-amino", "en"),
        ("图书馆", "圖書館", "zh"),
        ("乾燥", "干燥", "zh"),
        ("後現代", "后现代", "zh"),
        ("臺灣", "台湾", "zh"),
        ("台灣", "臺灣", "zh"),
        ("裏", "里", "zh"),
        ("ＰＭ２．５", "PM2.5", "zh"),
        ("PM2.5", "PM 2.5", "en"),
    ],
)
def test_a_real_word_finds_how_others_write_it(query: str, text: str, language: str | None) -> None:
    assert is_found(query, text, language)


@pytest.mark.parametrize(
    ("query", "text", "language"),
    [
        ("NFkB", "NF-κB", "en"),
        ("C++", "vitamin C", "en"),
        ("C#", "vitamin C", "en"),
        ("coleccio", "col·lecció", "ca"),
        ("हिंदी", "हिन्दी", "hi"),
        ("Xiao Ming", "Xiaoming", None),
        ("heart rate", "heart of a rat", "en"),
        ("care", "car", "en"),
        ("code", "cod", "en"),
        ("sites", "sit", "en"),
        ("colour", "color", "en"),
        ("analyse", "analysis", "en"),
        ("PM2.5", "PM2·5", "en"),
    ],
)
def test_a_real_word_does_not_find_what_only_looks_like_it(query: str, text: str, language: str | None) -> None:
    assert not is_found(query, text, language)


def test_names_are_spelled_out_in_extras_where_no_german_stemmer_knows_them() -> None:
    assert analyse("Jürgen Mu\u0308ller, Bjørk", None).extra == ["juergen", "mueller", "bjoerk"]
    assert analyse("Müller", "de").extra == ["=muller"]


def test_a_query_word_has_its_surface_first_and_then_its_stems() -> None:
    assert query_words("methods").words == (QueryWord(text="methods", alternatives=("methods", "method")),)
    assert query_words("methods", stemmed=False).words == (QueryWord(text="methods", alternatives=("methods",)),)
    assert query_words("методов").words == (QueryWord(text="методов", alternatives=("методов", "метод")),)


def test_a_long_chinese_run_asks_for_its_words_and_rewards_its_pairs() -> None:
    found = query_words("深度学习的方法")
    assert [word.text for word in found.words] == ["深度", "学习", "方法"]
    assert found.bonus == ("度学", "习的", "的方", "深度", "学习", "方法")


def test_a_short_chinese_run_is_asked_for_as_a_whole() -> None:
    assert query_words("王小明").words == (QueryRun(text="王小明", pairs=("王小", "小明")),)
    assert query_words("癌").words == (QueryRun(text="癌", pairs=()),)


def test_a_phrase_is_given_as_each_language_would_stream_it() -> None:
    phrases = query_phrases("deep learning methods")
    assert phrases[0] == ("deep", "learning", "methods")
    assert ("deep", "learn", "method") in phrases
    assert len(phrases) == len(set(phrases))
    assert query_phrases("deep learning", stemmed=False) == (("deep", "learning"),)
    assert query_phrases("深度 学习") == (("深度", "学习"),)
    assert query_phrases("?") == ()


def test_a_prefix_is_looked_for_among_stems_and_written_forms() -> None:
    assert prefix_forms("COVID-1") == ("covid1", "=covid1")
    assert prefix_forms("-") == ()


def test_pieces_are_located_in_the_original_text() -> None:
    assert list(locate("Müller’s CO₂ 學習的", "en")) == [
        Located(start=0, end=8, tokens=("muller",), stream=("muller",)),
        Located(start=9, end=12, tokens=("co", "2", "co2"), stream=("co", "2")),
        Located(start=13, end=15, tokens=("学习", "学"), stream=("学习",)),
        Located(start=14, end=16, tokens=("习的", "习"), stream=("习的",)),
        Located(start=15, end=16, tokens=("的",), stream=()),
    ]


@given(st.text(), st.sampled_from([None, "en", "zh", "ru", "ar", "pt", "xx"]))
def test_tokens_hold_no_blank_and_are_never_empty(text: str, language: str | None) -> None:
    for token in tokens_of(text, language):
        assert token
        assert token.split() == [token]
        assert len(token) <= MAX_TOKEN_LENGTH + 1


@given(st.text())
def test_every_text_is_found_by_itself(text: str) -> None:
    for language in (None, "en", "ru"):
        assert is_found(text, text, language)


@given(st.text(alphabet="ab s3.'-+#(,_\n", max_size=24), st.sampled_from([None, "en", "fr"]))
@example("c++. c#, a.b 1.5 3.c 's s's -a- a. b", "en")
def test_plain_text_is_cut_as_text_with_other_signs_is(text: str, language: str | None) -> None:
    assert analyse(text, language) == analyse(f"{text} \N{RIGHTWARDS ARROW}", language)


def test_a_word_without_end_is_not_remembered() -> None:
    before = sum(map(len, _words.values()))
    assert analyse("x" * 100_000, "en").stream == ["x" * MAX_TOKEN_LENGTH]
    assert sum(map(len, _words.values())) == before
