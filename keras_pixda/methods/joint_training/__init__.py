"""Joint Training: its model, which FDA trains as well, and declaration."""
