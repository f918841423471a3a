"""Self-training: its model, what a step mixes and changes, and declaration."""
