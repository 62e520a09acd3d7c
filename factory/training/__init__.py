"""From samples to a model: fine-tuning with the papers' settings, by one's own tools or here."""
