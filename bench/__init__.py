"""How fast Taper is, beside a bare Django application measured in the same run."""
