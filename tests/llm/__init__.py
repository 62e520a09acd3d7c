"""Tests of factory.llm: against a real server on this machine, its faults included."""
