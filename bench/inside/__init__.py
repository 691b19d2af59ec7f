"""What has to run inside Django, each in a process of its own: `python -m bench.inside MODULE`."""
