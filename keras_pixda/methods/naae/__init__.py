"""NAAE: its model and declaration."""
