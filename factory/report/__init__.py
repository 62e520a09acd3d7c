"""The page of a run: one file that opens without a network, for people who look at samples."""
