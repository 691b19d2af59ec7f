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
        "no | not | without | denies | denied | denying | deny | negative for | never | ruled out",
        "excluded | free of | free from | absence of | absent | nil | neither | nor | unlikely",
        "none of",
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
        r"to prevent | education | educated about | counsel\w+ (?:on|about|for|regarding)",
        r"vaccin\w+ | immuni[sz]\w+ | tests? for | tested for | testing for | exposure to",
        "fear of | fears | afraid of | worried about | phobia of | anxious about | donor",
        "carer of | caring for | caregiver | information about | questionnaire",
    )
)
PRE_RISK = re.compile(either("at risk | risk of | risk for | risk factors? | high risk"))
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
PEOPLE_END = re.compile(
    either("reports? | says | states | told | own | patient | himself | herself")
)

UNDECIDED_BEFORE = re.compile(_UNDECIDED)
POST_UNDECIDED = re.compile(rf"^(?:[ ,]+\w+){{0,3}}?[ ,]+{_UNDECIDED}")
POST_NO = re.compile(
    r"^(?: \w+){0,3}? "
    + either(
        "ruled out | excluded | unlikely | absent | negative",
        "not (?:found|seen|present|demonstrated|identified|detected)",
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
POST_GONE = re.compile(
    either(
        "in (?:full |sustained |partial |early |complete |stable )*remission | remission",
        "resolved | recovered | cured | sober | abstinent | abstinence",
    )
)
POST_AGO = re.compile(
    either(
        "in the past | years? ago | months? ago | as a child | in childhood | history | previously"
    )
)
