"""A model behind an OpenAI-compatible address, with the papers' inference recipe before it."""
