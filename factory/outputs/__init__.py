"""What a run leaves on disk: JSONL records, whole files, and the folder that holds them."""
