"""The alerts written a second time, as plain conditions, to compare answers.

It shares no code and no rule with the evaluator: written from the clinical reference.
"""

DEPRESSANTS = {
    "opioid",
    "serotonergic_opioid",
    "benzodiazepine",
    "z_drug",
    "sedative_hypnotic_other",
    "gabapentinoid",
    "barbiturate",
    "alcohol",
    "sedating_antihistamine",
    "muscle_relaxant",
    "antipsychotic",
    "sedating_antidepressant",
}
WITH_OPIOID = {
    "benzodiazepine",
    "z_drug",
    "barbiturate",
    "gabapentinoid",
    "sedative_hypnotic_other",
    "alcohol",
}
INHIBITS_MAO = {"maoi", "linezolid", "methylene_blue", "mao_inhibiting_other"}
SEROTONIN = {
    "ssri",
    "snri",
    "tca",
    "serotonergic_antidepressant_other",
    "triptan",
    "serotonergic_opioid",
    "lithium",
    "buspirone",
    "st_johns_wort",
    "serotonin_precursor",
    "serotonin_releaser",
    "dextromethorphan",
    "mdma",
}

SIMPLE = [
    ("mao_inhibitor", "high", {"maoi"}, set()),
    ("mao_inhibiting_medicine", "high", INHIBITS_MAO - {"maoi"}, set()),
    ("recreational_drug", "high", {"mdma", "psychedelic", "street_stimulant"}, set()),
    ("alcohol", "high", {"alcohol"}, set()),
    ("oxybate", "high", {"oxybate"}, set()),
    ("cns_depressant", "moderate", DEPRESSANTS, set()),
    ("cannabis", "moderate", {"cannabis"}, set()),
    ("psychostimulant", "moderate", {"psychostimulant"}, set()),
    (
        "other_pressor",
        "moderate",
        {"sympathomimetic", "norepinephrine_agent"},
        {"snri", "bupropion"},
    ),
    ("triptan", "moderate", {"triptan", "ergot_vasoconstrictor"}, set()),
    ("dextromethorphan", "moderate", {"dextromethorphan"}, set()),
    ("ketamine_elsewhere", "moderate", {"ketamine"}, set()),
    (
        "other_antidepressant",
        "information",
        {"tca", "serotonergic_antidepressant_other", "antidepressant_other"},
        set(),
    ),
    ("bupropion", "information", {"bupropion"}, set()),
    (
        "serotonergic_other",
        "information",
        {"lithium", "buspirone", "st_johns_wort", "serotonin_precursor", "serotonin_releaser"},
        set(),
    ),
    ("weak_mao_inhibitor", "information", {"mao_inhibiting_weak"}, set()),
    ("lamotrigine", "information", {"lamotrigine"}, set()),
    ("opioid_antagonist", "information", {"opioid_antagonist"}, set()),
    ("nmda_antagonist", "information", {"nmda_antagonist"}, {"dextromethorphan", "psychedelic"}),
    ("cyp_inhibitor", "information", {"cyp3a4_inhibitor", "cyp2b6_inhibitor"}, set()),
    ("cyp_inducer", "information", {"cyp_inducer"}, set()),
    ("thyroid_hormone", "information", {"thyroid_hormone"}, set()),
    ("alpha2_agonist", "information", {"alpha2_agonist"}, set()),
    ("antihypertensive", "information", {"antihypertensive"}, set()),
]


def alerts_of(medicines: dict[str, set[str]], drug: str, route: str) -> set[tuple]:
    """Return (rule, ingredients, severity, interrupts) for ingredients with their classes."""
    found: dict[str, tuple[str, list[str]]] = {}
    for rule, severity, wanted, but in SIMPLE:
        found[rule] = (
            severity,
            [m for m, has in medicines.items() if has & wanted and not has & but],
        )

    mao = [m for m, has in medicines.items() if has & INHIBITS_MAO]
    serotonin = [m for m, has in medicines.items() if has & SEROTONIN and m not in mao]
    if mao and len(mao) + len(serotonin) > 1:
        found["mao_serotonergic"] = "high", mao + serotonin
    if len(serotonin) > 1:
        found["serotonergic_combination"] = "moderate", serotonin
    if len(mao + serotonin) == 1 and medicines[(mao + serotonin)[0]] & {"ssri", "snri"}:
        found["single_serotonergic_antidepressant"] = "information", serotonin

    depressants = [m for m, has in medicines.items() if has & DEPRESSANTS]
    if len(depressants) > 1:
        found["cns_depressants_stacked"] = "moderate", depressants
    opioids = {m for m, has in medicines.items() if has & {"opioid", "serotonergic_opioid"}}
    others = {m for m, has in medicines.items() if has & WITH_OPIOID}
    if opioids and others and len(opioids | others) > 1:
        found["opioid_with_sedative"] = "high", [*(opioids | others)]

    xanthines = [m for m, has in medicines.items() if "methylxanthine" in has]
    if (drug, route) == ("ketamine", "iv"):
        found["methylxanthine_iv"] = "high", xanthines
    else:
        found["methylxanthine"] = "moderate", xanthines
    if (drug, route) == ("esketamine", "nasal"):
        timed = {"nasal_decongestant", "nasal_corticosteroid"}
        found["nasal_timing"] = "moderate", [m for m, has in medicines.items() if has & timed]
        other = [m for m, has in medicines.items() if "nasal_other" in has]
        found["nasal_other"] = "information", other
    return {
        (rule, tuple(sorted(causes)), severity, severity == "high")
        for rule, (severity, causes) in found.items()
        if causes
    }
