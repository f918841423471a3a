"""FSDA: its model, losses and declaration."""
