class ServiceError(Exception):
    """Something the person at the terminal has to settle; the text says how."""
