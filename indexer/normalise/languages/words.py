"""The commonest words of each language, and what titles are made of: evidence beside the classifier's n-grams.

Each row has the articles, prepositions, conjunctions, pronouns and auxiliaries of a language, and after them some words
that stand in many titles of articles ("study", "effect"). A word stands in the row of every language that has it, so
what neighbours share decides nothing between them. Words without their marks ("nao", "mas") are there where people
often write so. Single letters count only in lower case: "i" is a word of Polish, "Type I" is not.
"""

from __future__ import annotations

LATIN: dict[str, str] = {
    "en": """the of and in to for with on from by an is are as at its that this these those between using based their
        which was were be been during via among through under towards toward into or not what how why when who after
        before within without against about over it has have had can do does our your we you he she they his her
        will than more new one study analysis effect effects role evaluation approach review case development
        application assessment important""",
    "es": """el la los las de del y en para con por un una que se su sus es son al como entre sobre desde hasta sin o no
        lo más mas fue ha han este esta estos estas también si pero ser está todos todo muy según ya cuando estudio
        análisis efecto efectos uso evaluación desarrollo caso relación salud educación enseñanza factores
        aplicación revisión""",
    "pt": """o a os as de do da dos das e em no na nos nas para com por um uma que se seu sua seus suas é são ao aos à
    às
        como entre sobre desde até sem ou não nao mais foi tem este esta também mas ser está pelo pela pelos pelas
        num numa estudo análise efeito efeitos uso avaliação desenvolvimento caso relação saúde educação ensino
        revisão fatores""",
    "fr": """le la les de du des et en pour avec par un une que qui se son sa ses est sont au aux dans sur entre sans ou
        ne pas plus ce cette ces comme mais être été vers chez selon leur leurs nous vous il elle on à d l qu étude
        analyse effet effets cas rôle évaluation développement approche enseignement santé propos après contre""",
    "de": """der die das des dem den und in im zu zur zum für mit von vom bei nach aus auf an am ein eine einer eines
        einem einen ist sind als wie über unter zwischen durch nicht oder auch sich es wird werden wurde war hat
        haben er sie wir ich gegen ohne bis um studie analyse untersuchung beitrag entwicklung bedeutung neue""",
    "it": """il lo la i gli le di del dello della dei degli delle e in nel nello nella nei nelle per con su sul sulla da
        dal dalla dalle un uno una che si è sono al alla alle come tra fra o non più ed ma anche suo sua questo
        questa essere ha studio analisi effetto effetti caso ruolo valutazione sviluppo ricerca approccio""",
    "id": """dan di yang pada untuk dengan dari dalam terhadap oleh sebagai ini itu adalah atau ke antara melalui
    tentang
        tidak akan karena bahwa secara serta telah dapat juga mereka ada bisa lebih para agar tetapi saat seperti
        kami kita bagi pengaruh analisis hubungan studi penelitian kajian penerapan peran upaya faktor tingkat
        masyarakat mahasiswa siswa hasil pengembangan perempuan kota bahasa indonesia efektivitas gambaran
        implementasi""",
    "ms": """dan di yang pada untuk dengan dari dalam terhadap oleh sebagai ini itu adalah atau ke antara melalui
    tentang
        tidak akan kerana bahawa secara serta telah dapat juga mereka ada boleh lebih para agar tetapi ialah iaitu
        kepada daripada kajian pelajar hubungan kesan penyelidikan tahap kalangan masyarakat analisis bahasa melayu
        malaysia""",
    "tr": """ve bir bu için ile de da olarak olan üzerine üzerinde göre gibi daha çok en ne mi ki ya veya hem kadar
    sonra
        önce arasında arasındaki değil var etkisi etkileri incelenmesi değerlendirilmesi ilişkisi analizi çalışması
        üzerindeki rolü örneği yönelik yeni sağlık eğitim öğrencilerinin türkiye""",
    "pl": """i w z na do o od po za ze dla przez oraz jest się nie to jak przy pod nad jako są lub ich jego jej ale
    który
        która które tym tego przypadku między czy już także był było wpływ analiza badania badanie ocena rozwój rola
        zastosowanie wykorzystanie studium""",
    "nl": """de het een van en in te op voor met bij door uit naar om over tot als aan is zijn dat die niet ook maar of
        er wordt worden werd was heeft hebben tussen onder zonder nog meer hun deze dit wij zij je ik onderzoek
        analyse studie effect invloed ontwikkeling rol""",
    "cs": """a v ve na z ze s se k do o od po za pro při je jsou jako i ale nebo že to není podle mezi jeho její jejich
        která který které by byl byla bylo také pod nad před bez u co si ti vliv analýza studie hodnocení vývoj
        vztah vyhodnocení využití možnosti""",
    "sk": """a v vo na z zo s sa k do o od po za pre pri je sú ako aj ale alebo že to nie podľa medzi jeho jej ich ktorá
        ktorý ktoré by bol bola bolo tiež pod nad pred bez u čo si vplyv analýza štúdia hodnotenie vývoj vzťah
        využitie možnosti""",
    "ro": """și si de la în in din pe cu pentru prin un o ale al a ai cel cea cele care este sunt sau nu mai ca că către
        despre asupra între după fără fi fost au se sa să lor unei unui acest această studiu analiza evaluarea
        dezvoltarea rolul efectele""",
    "hr": """i u na za od s sa iz do o po pri kao je su se ne ili te a ali da koji koja koje što kako prema između među
        kod nije biti bio bila ima uz bez nakon pod njegov njegovi utjecaj analiza istraživanje razvoj uloga
        primjena procjena povezanost""",
    "sv": """och i av på för med till en ett den det de som från om vid är att inte eller under mellan över efter hos
    mot
        utan har kan vi man ej var genom sig så men också han hon ska blir studie effekter betydelse utveckling""",
    "da": """og i af på for med til en et den det de som fra om ved er at ikke eller under mellem over efter hos mod
    uden
        har kan vi man blev være sig så men også han hun skal blive hvad hvor nogle selv andre mere undersøgelse
        betydning udvikling hvordan""",
    "nb": """og i av på for med til en et ei den det de som fra om ved er å at ikke eller under mellom over etter hos
    mot
        uten har kan vi man ble være seg så men også han hun skal bli hva hvor noen selv andre mer undersøkelse
        betydning utvikling hvordan""",
    "nn": """og i av på for med til ein eit ei den det dei som frå om ved er å at ikkje eller under mellom over etter
    hos
        mot utan har kan vi ho han vart vere seg så men også skal kva kvar korleis nokre meir eg""",
    "fi": """ja on ei että se oli ovat tai kuin joka mutta sekä myös niin jos kun ole sen hän tämä tämän jälkeen vuoden
        välillä mukaan kanssa vain jo ne olla voi tutkimus vaikutus merkitys käyttö kehittäminen""",
    "hu": """a az és egy hogy nem is van volt meg csak ez de ha vagy mint már még el ki kell után között szerint által
        való illetve valamint hatása vizsgálata elemzése szerepe kapcsolata lehetőségei magyar magyarországi""",
    "sl": """in v na za z s je so se ne ali pri od do iz po o pa kot ki da bi med ter tudi ni ga bil bila bilo kako
        zaradi pred brez vpliv analiza raziskava razvoj vloga uporaba""",
    "lt": """ir į iš su apie kaip yra ar kad bei dėl per nuo prie tai bet buvo jo jos jų po už pagal tarp tik ne taip
        būti tyrimas analizė įtaka vertinimas vaidmuo lietuvos""",
    "lv": """un ir no uz par ar kā ka pie pēc kas vai lai bet to tas tā kuru starp pret arī nav līdz gan tika pētījums
        analīze ietekme loma latvijas""",
    "et": """ja on ei et see oli kui ning või ka mis aga kes seda ta oma selle pärast järgi vahel kuid veel siis nii
        uuring mõju analüüs roll eesti""",
    "ca": """el la els les de del dels i en per amb un una uns unes que es se seu seva és són al als com entre sobre des
        fins sense o no més va han aquest aquesta aquests però ser està tot molt si ho ha dins cap pel pels ens l d
        estudi anàlisi efecte ús avaluació desenvolupament cas relació salut educació""",
    "gl": """o a os as de do da dos das e en no na nos nas para con por un unha unhas uns que se seu súa é son ao aos á
        ás como entre sobre desde ata sen ou non máis foi ten este esta tamén pero ser está polo pola estudo análise
        efecto galego galicia""",
    "eu": """eta da bat du ez ere dira den izan zen baina edo duen dute bere hau hori dela izango arteko bidez buruz
    egin
        azterketa eragina euskal""",
    "la": """et in de ad cum ex ab non est sunt quod qui quae ut sed per pro sive vel atque ac aut esse nec hoc eius
        inter contra apud""",
    "sq": """dhe në e të i për me nga një si është që më se por janë do ka nuk kjo ky ose mbi ndër midis sipas studim
        rasti""",
    "af": """die en van in vir met op te is nie dat om by uit na deur as aan wat het ’n n hierdie ook of tot hulle sy
    was
        ’n’ studie ondersoek""",
    "vi": """và của các những trong cho với một là được có không từ về đến trên tại này khi để người đã do theo nghiên
        cứu đánh giá ảnh hưởng phân tích thực trạng ở""",
    "is": """og í á að um er til með sem fyrir við af en ekki frá var eru það þess hann hún eftir eða því rannsókn
    áhrif""",
    "az": "və bir bu üçün ilə olan kimi daha çox da də ki olaraq görə haqqında ya onun etdi azərbaycan tədqiqi",
    "uz": "va bu bilan uchun bir da ham deb haqida boʻyicha bo'yicha oʻzbekiston o'zbekiston ning tahlili",
    "tl": "ang ng sa mga na at ay para ni kay si ito hindi may o isang nang kung mula pagsusuri pag",
}

CYRILLIC: dict[str, str] = {
    "ru": """и в на с по для от из к о об при как не что это или у за под над между до после его их её ее во со а но же
        бы был была было были является также исследование анализ влияние развитие особенности оценка вопросу системы""",
    "uk": """і й та в у на з із зі по для від до про при як не що це або за під над між після його їх її а але ж би був
        була було були є також через ось щоб так ще дослідження аналіз вплив розвиток особливості оцінка питання
        системи""",
    "bg": """и в на с по за от из до при как не че това или у под над между след му им а но се са е със във като който
        която което които изследване анализ влияние развитие особености оценка""",
    "sr": """и у на с са по за од из до при као не да што то или под над између после његов а али се су је код који која
        које истраживање анализа утицај развој улога примена""",
    "mk": """и во на со по за од до при како не дека тоа или под над меѓу потоа а но се е што кој која кое кои
        истражување анализа влијание развој улога примена""",
    "be": """і й у ў на з са па для ад да аб пры як не што гэта або за пад над паміж пасля яго іх яе а але ж бы быў была
        было таксама даследаванне аналіз уплыў развіццё асаблівасці""",
    "kk": """және мен бен пен үшін бойынша туралы бұл бір болып деп да де ретінде арқылы қазақстан зерттеу талдау""",
    "ky": "жана менен үчүн боюнча жөнүндө бул бир болуп деп да де катары аркылуу кыргыз кыргызстан изилдөө",
    "mn": "ба болон нь юм энэ тухай байна бол дээр монгол монголын судалгаа",
    "tg": "ва дар аз ба бо барои ки ин бораи тоҷикистон таҳқиқ",
}

ARABIC: dict[str, str] = {
    "ar": """في من على إلى الى عن مع هذا هذه التي الذي أن ان أو او لا ما بين بعد قبل كان كما ذلك عند ضوء دراسة أثر اثر
        دور تحليل تأثير لدى خلال""",
    "fa": """در از به که كه را با این اين برای براي است می مي های هاي ها و یا يا بر تا شود شده نیز نيز آن بین بين مورد
        روی بررسی بررسي تأثیر تاثیر تاثير مطالعه رابطه ارزیابی اثر نقش تحلیل تحليل ایران ايران دو خود هر کرد كرد""",
    "ur": "کا کی کے میں اور سے کو ہے ہیں پر نے ایک یہ کہ بھی تھا تحقیق جائزہ مطالعہ",
}

DEVANAGARI: dict[str, str] = {
    "hi": "का की के में और से को है हैं पर ने एक यह कि भी था थी लिए तथा एवं या नहीं इस अध्ययन",
    "mr": "चा ची चे च्या मध्ये आणि ने ला आहे आहेत हा ही हे एक व या साठी नाही होते अभ्यास",
    "ne": "को मा र ले लाई छ छन् हो भएको गरेको एक यो पनि लागि तथा छैन अध्ययन",
}

#: Letters beyond a–z that a language writes its own words with; others are foreign to it.
LATIN_LETTERS: dict[str, str] = {
    "en": "", "es": "áéíñóúü", "pt": "ãáâàçéêíóôõúü", "fr": "àâæçèéêëîïôœùûüÿ", "de": "äöüß", "it": "àèéìíòóùú",
    "id": "", "ms": "", "tr": "âçğıîöşû̇üýþð", "pl": "ąćęłńóśźż", "nl": "éëïóöüèê", "cs": "áčďéěíňóřšťúůýž",
    "sk": "áäčďéíĺľňóôŕšťúýž", "ro": "ăâîșșțşţ", "hr": "čćđšž", "sv": "åäöé", "da": "åæøé", "nb": "åæøéòôó", "nn":
    "åæøéòôó",
    "no": "åæøéòôó", "fi": "äöåšž", "hu": "áéíóöőúüű", "sl": "čšž", "lt": "ąčęėįšųūž", "lv": "āčēģīķļņōšūž", "et":
    "äõöüšž",
    "ca": "àçèéíïòóúü·", "gl": "áéíïñóúü", "eu": "ñü", "la": "æœ", "sq": "çë", "af": "áèéêëíîïóôöúû’",
    "vi": "àáâãèéêìíòóôõùúýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ", "is": "áðéíóöúýþæ", "az": "çəğıiöşü̇",
    "uz": "ʻ’", "tl": "ñ", "bs": "čćđšž", "sr": "čćđšž",
}  # fmt: skip
_RUSSIAN = "абвгдежзийклмнопрстуфхцчшщъыьэюяё"
CYRILLIC_LETTERS: dict[str, str] = {
    "ru": _RUSSIAN,
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "bg": "абвгдежзийклмнопрстуфхцчшщъьюя",
    "sr": "абвгдђежзијклљмнњопрстћуфхцчџш",
    "mk": "абвгдѓежзѕијклљмнњопрстќуфхцчџшѐѝ",
    "be": "абвгдеёжзійклмнопрстуўфхцчшыьэюя",
    "kk": _RUSSIAN + "әіңғүұқөһ",
    "ky": _RUSSIAN + "ңүө",
    "mn": _RUSSIAN + "үө",
    "tg": _RUSSIAN + "ғӣқӯҳҷ",
    "tt": _RUSSIAN + "әөүҗңһ",
    "ba": _RUSSIAN + "әөүғҡңҙҫһ",
}
ARABIC_LETTERS: dict[str, str] = {
    "ar": "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءأإآؤئ",
    "fa": "ابپتثجچحخدذرزژسشصضطظعغفقکكگلمنوهیيىةءأآؤئۀ",
    "ur": "ابپتٹثجچحخدڈذرڑزژسشصضطظعغفقکگلمنںوہھءیےئآأؤۂۓة",
    "ps": "ابپتټثجځچڅحخدډذرړزژږسشښصضطظعغفقکكګگلمنڼوهیيېۍئءآأؤ",
    "ug": "ئابپتجچخدرزژسشغفقكڭگلمنھوۇۆۈۋېىيە",
}
