def say(text: str) -> None:
    """Print one line of progress, at once also where the output is a file."""
    print(f"taper  {text}", flush=True)
