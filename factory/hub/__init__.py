"""A finished run to the Hugging Face Hub: what goes, what is there already, how it is sent."""
