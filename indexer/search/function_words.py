"""Function words: articles, prepositions, pronouns, auxiliaries and question words, which say nothing of a subject.

In records they are everywhere; in a question they can be rarer than what it is about (“what”, “how”), so BM25 would
reward them. Negations are not among them. A word that is one in one language is often none in another (“die”, “son”,
“van”), so a query is held against one language at a time.
"""

from __future__ import annotations

from collections.abc import Sequence

from indexer.search.folding import fold

_LISTS = {
    "en": """a about above across after against all along although am among an and another any are around as at
        be because been before behind being below beside besides between beyond both but by can cannot could did
        do does doing done during each either every few for from had has have having he her here hers him his
        how however i if in inside into is it its itself least less many may me might more most much must my
        near of off on onto or other our ours over own per same several shall she should since so some such than
        that the their theirs them themselves then there these they this those through throughout thus till to
        toward towards under until up upon us very via was we were what when where whether which while who whom
        whose why will with within would yet you your""",
    "es": """a al ante aquel aquella aquellos como con cual cuales cuando cuya cuyo de del desde donde durante e
        el ella ellas ellos en entre era es esa ese esos esta estas este esto estos fue fueron ha han hacia
        hasta la las le les lo los mas mediante mi muy o para pero por porque que quien quienes se segun ser si
        sido sobre son su sus tambien tras u un una unas uno unos y ya""",
    "pt": """a ao aos aquela aquele as ate com como cuja cujo da das de dela dele desde do dos durante e ela
        elas ele eles em entre era essa esse esta estas este estes eu foi foram ha isso isto ja mais mas
        mediante muito na nas no nos num numa o os ou para pela pelas pelo pelos perante por porque qual quais
        quando que quem se segundo seu seus sido sob sobre sua suas tambem um uma umas uns""",
    "fr": """a afin ainsi alors au aussi aux avec ce ceci cela celle celles celui ces cet cette ceux chez comme
        comment dans de depuis des donc dont du elle elles en entre est et etaient etait ete etre eux il ils la
        laquelle le lequel les lesquels leur leurs lors mais ni nos notre nous on ont ou par parmi pendant peut
        plus pour pourquoi qu quand que quel quelle quelles quels qui quoi sa se selon ses si son sont sous sur
        tous tout toute toutes tres un une vers vos votre vous""",
    "de": """aber als am an auch auf aus bei beim bis da damit dann das dass dem den denn der deren des dessen
        die dies diese diesem diesen dieser dieses durch ein eine einem einen einer eines er es fur gegen hat
        hatte hatten im in ins ist ihr ihre ihrer man mit nach neben noch nur ob oder ohne sein seine seiner
        seit sich sie sind so sowie uber um und unter vom von vor wann war waren warum was wegen welche welcher
        welches wenn wer werden wie wird wo worden wurde wurden zu zum zur zwischen""",
    "it": """a ad agli ai al alla alle allo anche che chi ci come con cui da dagli dai dal dalla dalle dallo
        degli dei del della delle dello di dove durante e ed era erano essere fra gli ha hanno i il in la le lo
        ma mediante nei nel nella nelle nello negli o per perche piu quale quali quando quella quelle quelli
        quello questa queste questi questo se si sia sono stata stati stato su sui sul sulla sulle sullo tra
        tramite un una uno verso""",
    "nl": """aan al als bij dan dat de der deze die dit door een en er haar had heb hebben heeft het hij hoe hun
        ik in is kan kunnen maar met na naar nog of om onder ook op over te tegen tijdens tot tussen uit van
        vanuit veel via voor waar waarom waren was wat wel welk welke werd werden wie wordt worden zich zij zijn
        zo zou""",
    "tr": """acisindan ama ancak arasinda arasindaki bir bu bunlar cok da daha de dolayi en gibi gore hangi hem
        her ic icin ile ilgili ise kadar karsi ki mi nasil ne neden nedir olan olarak olup oldugu sonra su
        tarafindan uzerinde uzerindeki uzerine ve veya ya yonelik""",
    "ru": """а без более бы был была были было быть в во все всех где для до его ее если еще же за и из или им
        их к как какие каким какой когда которая которого которой которые который которых ли между мы на над не
        него нее них но о об один он она они от перед по под при про с со так также такой там то того тоже
        только том у уже чем через что чтобы эта эти это этого этой этот""",
    "ar": """او ان الى التي الذي الذين اي بعد بين تلك ثم حتى حول حين خلال ذلك عبر علي عن عند عندما في فيها قبل
        قد كان كانت كل كما كيف لا لم لماذا له لها ما متي مع من منذ هذا هذه هل هم هو هي و""",
    "zh": """以及 对于 关于 由于 因此 因为 所以 但是 而且 或者 如果 通过 如何 怎样 怎么 什么 为什么 哪些 哪个 是否
        之间 其中 我们 他们 它们 这些 那些 这个 那个 一种 一个 一些 有关 及其""",
}
FUNCTION_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(fold(word) for word in words.split()) for language, words in _LISTS.items()
}
#: Of a language other than English, one such word may be a word of English.
_ENOUGH_EVIDENCE = 2


def function_words_in(words: Sequence[str]) -> frozenset[str]:
    """Return which of a query's words, as written, are function words of the language that it is in.

    The language is the one most of whose function words stand there; the words say more than a guess at so few letters.
    What is written in capitals among other words (``WHO``, ``IT``, vitamin ``A``) is a name.
    """
    shouted = not any(letter.islower() for word in words for letter in word)
    candidates = {word: fold(word) for word in words if shouted or not word.isupper()}
    best: frozenset[str] = frozenset()
    for language, known in FUNCTION_WORDS.items():
        found = frozenset(word for word, folded in candidates.items() if folded in known)
        if len(found) > len(best) and (language in {"en", "zh"} or len(found) >= _ENOUGH_EVIDENCE):
            best = found
    return best
