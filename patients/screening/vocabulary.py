"""The words around a finding that say whether it is there: denied, doubted, past, or another's.

All are compared with `wording.plain` text: small letters, no accents, no apostrophes, and commas
for brackets and slashes.
"""

import re


def either(*lines: str) -> str:
    """Return a pattern for any of the ways that these lines list, divided by bars."""
    ways = [way.strip() for line in lines for way in line.split("|")]
    return rf"\b(?:{'|'.join(ways)})\b"


KIND = re.compile(
    r"\((?:disorder|finding|situation|event|procedure|person|diagnosis|morphologic abnormality)\)"
)
SHORT = {
    r"\bh/o\b": "history of",
    r"\bhx/o\b": "history of",
    r"\bhx\b": "history",
    r"\bf/?hx?\b(?: of)?": "family history of",
    r"\br/o\b": "rule out",
    r"\bs/p\b": "status post",
    r"\bw/o\b": "without",
    r"\bw/": "with ",
    r"\bc/o\b": "complains of",
    r"\?": " query ",
}
DOTTED = re.compile(r"\b(?:[a-z]\.){2,}")
BREAK = re.compile(r"[.;\n]+|\b(?:but|however|although|whereas)\b")

_UNDECIDED = either(
    "(?:not|cannot be|can not be|could not be) (?:yet )?(?:been )?excluded",
    "(?:not|cannot be|can not be|could not be) (?:yet )?(?:been )?ruled out",
    "cannot exclude | can not exclude | unable to exclude",
)
_PEOPLE = either(
    "family history | family | mother | father | brother | sister | siblings? | parents? | son",
    r"daughter | maternal | paternal | grand\w+ | aunt | uncle | cousin | wife | husband | spouse",
    "relatives? | mum | mom | dad",
)
PRE_NO = re.compile(
    either(
        "no | not | without | denies | denied | denying | deny | negative for | neg for | never",
        "ruled out",
        "excluded | free of | free from | absence of | absent | nil | neither | nor | unlikely",
        "none of",
        r"(?:negative|normal|clear|unremarkable) (?:\w+ )?(?:mri|mra|cta?|scan|ultrasound|imaging"
        r"|angiogra\w+|duplex|echo\w*|screen\w*|work ?up|tests?|testing|studies|study) for",
    )
)
# "No acute haemorrhage" is how a scan without one is reported; an older one is named beside it.
BLEED = re.compile(r"h(?:a|e)*morrhag\w*|\b(?:bleed\w*|h(?:a|e)*matoma\w*|ich|sah|sdh)\b")
NO_ACUTE = re.compile(r"\b(no|without)((?: evidence of| signs? of)?) acute (?=\w*\W*$)")
EARLIER = re.compile(
    either(
        "old | older | prior | previous | previously | chronic | subacute | sub acute | known",
        r"evolving | residual | recurr\w+ | history | status post | past | remote | resolv\w+",
        r"re ?bleed\w* | stable | unchanged | existing | interval | since | after | worsening | on",
    )
)
# "No change in aneurysm" says that there is one.
NOT_A_NO = re.compile(
    r"\b(?:no|not|without) "
    + either(
        "change | improvement | increase | decrease | growth | enlargement | progression",
        "rupture | repair | surgery | treatment | longer | doubt | complications? | residual",
        "only | controlled | well controlled | adequately controlled | compliant | adherent",
        "treated",
    )
)
# "No symptoms from AVM" and "no further bleed" say that there was one. Clear are only these heads
# before the preposition: "no evidence of", "no history of".
NO_OF_SOMETHING = re.compile(
    r"(?:^|(?<=[ ,]))(?!(?:evidence|history|signs?|presence|diagnosis|diagnosed|suggestion|hint"
    r"|suggestive|indications?|indicative|features?|findings?|picture|thoughts?|ideas?|intent"
    r"|intention|plans?|ideation|kind|type|form|any)\b)\w+ (?:of|from|for|about|in|by|on|regarding"
    r"|concerning|around|over|within|near)\b"
    r"|"
    + either(
        r"further | recurren\w+ | recurring | new | another | additional | other | more | second",
        r"current | currently | now | active | actively | acute | residual | recent | recently",
        r"re ?bleed\w* | repeat\w*",
        r"sympto\w+ | asymptomatic | ruptured | enlarging | growing | leaking | follow up",
        "aware | sure | certain",
    )
)
MORE_OF_IT = re.compile(
    r"(?:(?<!ic) sympto\w+\b)|(?: (?!or\b|and\b|nor\b)\w+){0,6}? "
    + either(
        r"recurr\w+ | rupture\w* | re ?bleed\w* | bleed\w* | growth | regrowth | enlarg\w+",
        r"expan\w+ | progress\w+ | change\w* | leak\w* | thromb\w+ | precautions | follow up",
        r"surgery | repair\w* | treatment | clip\w* | coil\w* | emboli\w+ | resect\w+ | stent\w*",
        r"graft\w* | evar | tevar | complications? | sequel\w+ | deficits? | since | after | post",
        "any ?more | any longer | at present | at this time | presently | currently | today | now",
    )
)
# "Mother of two", "family doctor", "lives with her wife": no relative who has it.
NOT_A_RELATIVE = re.compile(
    r"\b(?:single|new|young|expectant|working|nursing) (?:mother|father|mum|mom|dad|parent)\b"
    r"|\b(?:mother|father|mum|mom|dad|parent|grandmother|grandfather) of"
    r" (?!(?:the )?(?:patient|pt|client|him|her|his)\b)"
    r"|\b(?:lives|living|live|lived|attends|attended|accompanied|came|comes|seen|here) (?:with|by)"
    rf" (?:(?:his|her|their|the) )?{_PEOPLE}"
)
MEETING = either(
    "meeting | conference | therapy | therapist | planning | doctor | physician | practice | gp",
    "practitioner | medicine | support | session | discussion | counselling | counseling",
)
WITH_RELATIVES = re.compile(
    MEETING
    + "|"
    + either(
        r"about | regarding | concerning | aware | informed | discuss\w* | spoke | spoken",
        r"talk\w* | educat\w* | concern\w* | worried | afraid | asks | asked | request\w*",
        "present | because | updated | explained",
    )
)
PRE_MAYBE = re.compile(
    either(
        r"suspect\w* | suspicion of | possible | possibly | probable | probably | query",
        r"questionable | rule out | evaluat\w+ for | investigat\w+ for | concern for | likely",
        "differential | presumed | maybe | unconfirmed | provisional | surveillance",
        "working diagnosis",
    )
    + "|"
    + _UNDECIDED
)
PRE_PEOPLE = re.compile(_PEOPLE)
PRE_ABOUT = re.compile(
    either(
        r"screen\w* for | screening | screened for | prevention of | prophyla\w+ | preventive",
        r"to prevent | education | educated (?:on|about) | counsel\w+ (?:on|about|for|regarding)",
        r"vaccin\w+ | immuni[sz]\w+ | tests? for | tested for | testing for | exposure to",
        "fear of | fears | afraid of | worried about | phobia of | anxious about | donor",
        "anxiety about | anxiety over | nervous about | scared of | frightened of | terrified of",
        "carer of | caring for | caregiver | information about | questionnaire",
    )
)
PRE_RISK = re.compile(either("at risk (?:of|for) | risk of | risk for | risk factors? (?:of|for)"))
# What somebody is taught or told about is often what he has, and a test may have found it.
TAUGHT = re.compile(r"^(?:educat|counsel|information)")
HIS_OWN = re.compile(
    either(
        r"his | her | their | the | this | known | existing | own | recurr\w+ | further | another",
        r"second | secondary | mra | mri | cta? | us | ultrasound | scan | echo\w* | imaging",
        r"angiogra\w+ | x ?ray",
    )
)
# Who is kept from another one has had one.
ANOTHER = re.compile(r"\bsecondary\b")
FOUND_IT = re.compile(
    either(
        r"show\w* | detect\w* | reveal\w* | positive | identif\w+ | demonstrat\w+ | confirm\w+",
        r"found | finds | finding | picked up | diagnos\w+ | discovered | abnormal | seen",
        r"incidental\w* | measur\w+ | given",
    )
    + r"|\b[0-9p]+ ?(?:cm|mm)\b"
)
PRE_WAS = re.compile(
    either(
        "history of | history | past | previous | previously | prior | former | formerly",
        "remote | status post | post | resolved | healed | ex | recovered from | recovering | old",
    )
)
# "A long history of" says that it goes on.
LONG = re.compile(r"\b(?:long|longstanding|long standing|extensive|years?|known|current) history\b")
# Where a denial ends: "no pain, with known aneurysm".
ENDS = re.compile(
    either(
        "with | has | had | having | now | currently | since | due to | because | secondary to",
        "other than | apart from | except | despite | reports | says | states | presents",
        "followed by | complicated by | and known | own | after",
    )
)
# "Never had a stroke", "not currently psychotic": here they belong to the denial.
STILL_NO = re.compile(r"^ (?:had|has|having|currently|now)\b")
PEOPLE_END = re.compile(
    either(
        r"report\w* | says | said | states | stated | told | own | himself | herself",
        "(?<!of )(?<!of the )patient",
        "noticed | noted | describes | described | mentions | mentioned | saw | witnessed",
        "found | thinks | believes | called | brought",
    )
)

UNDECIDED_BEFORE = re.compile(_UNDECIDED)
POST_UNDECIDED = re.compile(rf"^(?:[ ,]+\w+){{0,3}}?[ ,]+{_UNDECIDED}")
POST_NO = re.compile(
    r"^(?: \w+){0,3}? "
    + either(
        "ruled out | excluded(?! (?:from|by coil|by clip|by stent|by graft|by endo)) | unlikely",
        "absent | negative(?! for) | neg(?! for) | denied",
        "not (?:found|seen|present|demonstrated|identified|detected|reported|endorsed)(?! to)",
    )
    + r"|^[ ,]*(?:none|no|nil|negative|denied|never|ruled out|excluded)[ ,]*$"
)
POST_MAYBE = re.compile(
    r"^[ ,]+(?:\w+ ){0,2}?"
    + either(
        r"suspect\w* | possible | query | unconfirmed | probable | to be confirmed | uncertain"
    )
)
POST_PEOPLE = re.compile(
    rf"^(?:[ ,]+\w+){{0,2}}? (?:in|of) (?:(?:his|her|their|the|a|patient) )*{_PEOPLE}"
    rf"(?! {MEETING}| of (?!(?:the )?(?:patient|pt|client|him|her|his)\b))"
    rf"|^[ ,]+(?:family history|{_PEOPLE})[ ,]*$"
)
POST_ABOUT = re.compile(
    r"^(?: \w+)? "
    + either(
        r"screen\w* | prophylaxis | prevention | tests? | testing | education | counsel\w+",
        r"vaccin\w+ | questionnaire",
    )
)
POST_RISK = re.compile(r"^ risk\b")
TAUGHT_AFTER = re.compile(r"^(?: \w+)? (?:education|counsel\w+)\b")
POST_GONE = re.compile(
    either(
        "in (?:full |sustained |partial |early |complete |stable )*remission | remission",
        "resolved | recovered | cured | sober | abstinent | abstinence",
    )
    + r"|^(?: nos)?[ ,]+(?:is )?(?:not (?:currently |presently |now )?|no longer )active\b"
    r"(?! (?:in|on|at|with)\b)"
)
POST_AGO = re.compile(
    either(
        "in the past | years? ago | months? ago | as a child | in childhood | history | previously"
    )
)
# "First episode psychosis 2010": an episode of a year is over, unless the words say otherwise.
EPISODE = re.compile(r"\bepisodes?\b")
POST_YEAR = re.compile(r"^(?:[ ,]+episode)?(?:[ ,]+in)?[ ,]+(?:19|20)\d\d$")
PRESSURE = re.compile(
    r"\b(?:bp|blood pressure)(?:[ ,]+[a-z]+){0,3}[ ,]+([1-9]\d{1,2})(?:,| over) ([1-9]\d{1,2})\b"
)
