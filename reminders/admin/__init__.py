from reminders.admin import ledger, rules, texts  # noqa: F401  registers them
