"""What the ledger asks of the apps above."""

from collections.abc import Collection

from clinic.ports import Contributors

asked_before: Contributors[[Collection[int]], set[int]] = Contributors("asked_before")
"""Which of these missed visits, by key, the patient had asked to change and got no answer."""
