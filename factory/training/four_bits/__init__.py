"""A model in four bits by llm-compressor, calibrated on this project's own samples."""
