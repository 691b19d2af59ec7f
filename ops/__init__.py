"""Starting, watching and stopping what Taper runs on: one machine, no containers."""
