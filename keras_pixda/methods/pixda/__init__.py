"""PixDA: its model, distillation and declaration."""
