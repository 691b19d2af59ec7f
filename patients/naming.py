"""How a person is named in lists and, where others look on, by initials."""


def list_name(given_name: str, family_name: str) -> str:
    return f"{family_name}, {given_name}" if given_name else family_name


def initials(given_name: str, family_name: str) -> str:
    return f"{given_name[:1]}{family_name[:1]}".upper()
