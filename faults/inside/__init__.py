"""What runs where Django is set up: it fills, it changes things, it measures; it never judges."""
