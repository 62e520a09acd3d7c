"""A checkpoint as one GGUF file, which llama.cpp serves: weights in blocks of 4 or 8 bits."""
