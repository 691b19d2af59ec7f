"""The text that `finding` looks in, written by the database.

So a bulk import is found like a typed patient. A change of this SQL needs a migration.
"""

from patients.finding import LEFT_OUT, SPELLED_OUT


def _spelled_out(text: str) -> str:
    for letter, letters in SPELLED_OUT.items():
        text = f"replace({text}, '{letter}', '{letters}')"
    return text


def _in_one_piece(text: str) -> str:
    quoted = LEFT_OUT.replace("'", "''")
    return f"translate({text}, '{quoted}', '')"


SEARCH_TEXT = f"""
    NEW.search_text := ' ' || concat_ws(' ',
        clinic_fold(concat_ws(' ',
            NEW.given_name, NEW.family_name, NEW.other_names, NEW.record_number)),
        to_char(NEW.birth_date, 'YYYY-MM-DD DD.MM.YYYY MM/DD/YYYY'),
        (SELECT string_agg(DISTINCT way, ' ')
         FROM unnest(ARRAY[
             NEW.given_name, NEW.family_name, NEW.other_names, NEW.record_number]) AS written,
         LATERAL (VALUES (clinic_fold(written)),
             (clinic_fold({_spelled_out("lower(written)")}))) AS spelled(folded),
         LATERAL (VALUES (folded), ({_in_one_piece("folded")})) AS ways(way)
         WHERE way <> clinic_fold(written)),
        '#' || nullif(regexp_replace(NEW.phone, '[^0-9]', '', 'g'), ''));
    RETURN NEW;
"""
