"""What speaks against treatment: reviewed rules, what on a chart matches them, and the decision."""
